import KubeAPI
import KubeClient
import Logging

/// Keeps a mirror pod at the API server for every static pod, and no other.
actor MirrorKeeper {
    private let client: KubeClient
    private let node: NodeMirror
    private let logger: Logger
    /// Nil until known.
    private var wanted: [Pod]?
    private var present: [String: Pod]?
    private let wakeups: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    init(client: KubeClient, node: NodeMirror, logger: Logger) {
        self.client = client
        self.node = node
        self.logger = logger
        (wakeups, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func want(_ pods: [Pod]) {
        wanted = pods
        waker.yield()
    }

    /// The API server's mirror pods of this node.
    func take(_ change: InformerChange<Pod>) {
        switch change {
        case .replaced(let mirrors, _): present = Dictionary(mirrors.map { ($0.fullName, $0) }, uniquingKeysWith: { _, last in last })
        case .applied(let mirror): present?[mirror.fullName] = mirror
        case .deleted(let mirror): if present?[mirror.fullName]?.metadata.uid == mirror.metadata.uid { present?[mirror.fullName] = nil }
        }
        waker.yield()
    }

    /// The uid of the mirror that shows this pod truly; nil while there is none.
    func uid(ofMirror pod: Pod) -> String? {
        guard let mirror = present?[pod.fullName], mirror.metadata.annotations[StaticAnnotation.mirror] == pod.metadata.uid else { return nil }
        return mirror.metadata.uid
    }

    /// Runs until cancelled.
    func run() async {
        var delay = RetryDelay()
        for await _ in wakeups {
            while !Task.isCancelled {
                do throws(KubeClientError) {
                    if try await reconcile() { break }
                } catch {
                    if delay.failures == 0 { logger.warning("mirror pods not brought up to date", metadata: ["error": "\(error)"]) }
                }
                // Ends early only by cancellation, which the loop condition sees.
                try? await Task.sleep(for: delay.next())
            }
            delay.reset()
        }
    }

    /// - Returns: false when it is to be tried again.
    private func reconcile() async throws(KubeClientError) -> Bool {
        guard let wanted, let present else { return true }  // told soon
        // Nothing to show, nothing to clear away: whether the node is registered does not matter.
        if wanted.isEmpty, present.isEmpty { return true }
        guard let owner = node.current?.metadata else { return false }
        for action in mirrorActions(wanted: wanted, present: present, node: owner) {
            switch action {
            case .create(let pod):
                let mirror = try await client.create(pod)
                // Also before the watch tells of it.
                if self.present?[mirror.fullName] == nil { self.present?[mirror.fullName] = mirror }
            case .delete(let mirror):
                do throws(KubeClientError) {
                    try await client.delete(Pod.self, named: mirror.name, in: mirror.namespace, uid: mirror.uid, gracePeriodSeconds: 0)
                } catch {
                    guard error.isNotFound || error.isConflict else { throw error }
                }
            }
        }
        return true
    }
}
