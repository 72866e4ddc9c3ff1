package import FoundationEssentials
package import KubeAPI

/// A pod as it was admitted: enough to run it again after a reboot without asking anyone.
package struct PodEntry: LedgerEntry, Hashable {
    package static let table = LedgerTable("pod", keyColumns: 1, CodingKeys.self)
    enum CodingKeys: String, CodingKey, CaseIterable {
        case uid, namespace, name, source, resourceVersion = "resource_version", object, state, bootID = "boot_id", status, record,
            admittedAt = "admitted_at", startedAt = "started_at", finishedAt = "finished_at"
    }

    package enum State: String, Codable, Sendable {
        case admitted
        /// A deletion was seen; the grace period runs or has run.
        case deleting
        /// Succeeded or Failed; never goes back.
        case terminal
    }

    package enum Source: String, Codable, Sendable { case api, file }

    package var uid: String
    package var namespace: String
    package var name: String
    package var source: Source
    package var resourceVersion: String
    /// The whole object as JSON, as the source gave it.
    package var object: Data
    package var state: State
    /// The boot in which it was last running.
    package var bootID: String
    /// The newest `PodStatus` as JSON; nil before the first.
    package var status: Data?
    /// What the agent decides from, as JSON: container runs, sandbox attempt, probes; nil before the first start.
    package var record: Data?
    package var admittedAt: Date
    package var startedAt: Date?
    package var finishedAt: Date?

    package init(
        uid: String, namespace: String, name: String, source: Source = .api, resourceVersion: String = "", object: Data,
        state: State = .admitted, bootID: String, status: Data? = nil, admittedAt: Date, startedAt: Date? = nil, finishedAt: Date? = nil
    ) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        self.source = source
        self.resourceVersion = resourceVersion
        self.object = object
        self.state = state
        self.bootID = bootID
        self.status = status
        self.admittedAt = admittedAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }

    /// Encodes `pod` whole.
    package init(_ pod: Pod, source: Source = .api, state: State = .admitted, bootID: String, admittedAt: Date) throws(LedgerError) {
        let object: Data
        do {
            object = try JSONEncoder().encode(pod)
        } catch {
            throw .unreadable(what: "pod \(pod.metadata.namespace)/\(pod.metadata.name)", reason: "\(error)")
        }
        self.init(
            uid: pod.metadata.uid, namespace: pod.metadata.namespace, name: pod.metadata.name, source: source,
            resourceVersion: pod.metadata.resourceVersion, object: object, state: state, bootID: bootID, admittedAt: admittedAt)
    }

    /// - Throws: `LedgerError.unreadable` when the bytes are not a Pod.
    package func pod() throws(LedgerError) -> Pod {
        do {
            return try JSONDecoder().decode(Pod.self, from: object)
        } catch {
            throw .unreadable(what: "pod \(namespace)/\(name)", reason: "\(error)")
        }
    }
}
