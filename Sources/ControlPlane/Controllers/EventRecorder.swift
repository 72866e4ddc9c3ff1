import FoundationEssentials
import KubeAPI
import Logging

/// Writes Events. Equal occurrences share one Event, whose count and last time move on; its name says what is equal, so
/// nothing needs to be remembered here.
struct EventRecorder: Sendable {
    private let api: APIService
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let occurrences: AsyncStream<Occurrence>
    private let sender: AsyncStream<Occurrence>.Continuation

    init(api: APIService, logger: Logger, now: @escaping @Sendable () -> Date) {
        self.api = api
        self.logger = logger
        self.now = now
        (occurrences, sender) = AsyncStream.makeStream(of: Occurrence.self, bufferingPolicy: .bufferingNewest(4096))
    }

    /// Hands the occurrence over: what it tells of does not wait for it to be written.
    func record(_ occurrence: Occurrence) { sender.yield(occurrence) }

    /// Writes what is recorded, until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await occurrence in occurrences { group.addTask { await write(occurrence) } }
        }
    }

    /// An Event that cannot be written is logged and lost.
    private func write(_ occurrence: Occurrence) async {
        let event = Self.event(for: occurrence, at: now())
        let target = event.target
        do throws(APIError) {
            if api.store.one(target) == nil {
                do throws(APIError) {
                    _ = try await api.create(target.resource, namespace: target.namespace, event)
                    return
                } catch {
                    guard error.isAlreadyExists else { throw error }
                }
            }
            _ = try await api.modify(target.resource, namespace: target.namespace, name: target.name) { (old: JSONValue) throws(APIError) in
                var new = old
                new["count"] = .int((old.number("count") ?? 1) + 1)
                new["lastTimestamp"] = event["lastTimestamp"]
                return new
            }
        } catch {
            // What happens in a namespace that is going away need not be told there.
            if error.isNamespaceTerminating { return }
            logger.warning("event not recorded", metadata: ["event.reason": "\(occurrence.reason)", "error": "\(error)"])
        }
    }

    static func event(for occurrence: Occurrence, at time: Date) -> JSONValue {
        let subject = occurrence.subject
        let namespace = subject.text("namespace").isEmpty ? "default" : subject.text("namespace")
        let stamp = JSONValue.string(Timestamp(time).description)
        var hash: UInt64 = 14_695_981_039_346_656_037
        let identity = [subject.text("kind"), subject.text("uid"), occurrence.reason, occurrence.message, occurrence.component]
        for byte in identity.joined(separator: "\u{0}").utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        return [
            "apiVersion": "v1", "kind": "Event",
            "metadata": ["name": .string("\(subject.text("name")).\(String(hash, radix: 16))"), "namespace": .string(namespace)],
            "involvedObject": subject, "reason": .string(occurrence.reason), "message": .string(occurrence.message),
            "type": .string(occurrence.severity.rawValue), "source": ["component": .string(occurrence.component)],
            "reportingComponent": .string(occurrence.component), "reportingInstance": "", "firstTimestamp": stamp, "lastTimestamp": stamp,
            "count": 1,
        ]
    }
}
