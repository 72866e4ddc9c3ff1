import FoundationEssentials
import KubeAPI
import Logging
import PodPlanning

/// The node side as a whole: takes up what runs here, then registers the node and follows the API server.
package struct NodeAgent: Sendable {
    package let pods: PodManager
    private let node: NodeServices
    private let registration: NodeRegistration
    private let lease: LeaseKeeper

    package init(node: NodeServices, registration: NodeRegistration, lease: LeaseKeeper) {
        self.node = node
        self.registration = registration
        self.lease = lease
        pods = PodManager(node: node)
    }

    /// Pods that this node knows are managed when this returns, with or without a control plane.
    ///
    /// - Throws: `LedgerError` when the ledger cannot be read.
    package func recover() async throws {
        await node.services.recall()
        try await pods.recover()
    }

    package var events: EventRecorder { node.events }

    /// Runs until cancelled; then the pods are left running.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await node.outbox.run() }
            group.addTask { await node.services.run() }
            group.addTask { await pods.run() }
            let collector = ImageCollector(images: node.images, ledger: node.ledger, logger: node.logger, inUse: pods.imagesInUse)
            group.addTask { await collector.run() }
            group.addTask { await EvictionManager(node: node, pods: pods) { await collector.collect(at: Date(), everything: true) }.run() }
            if node.shutdown.total > 0 {
                let shutdown = NodeShutdown(
                    bus: node.systemBus, delayFile: node.facts.paths.logindDelay, settings: node.shutdown, pods: pods, logger: node.logger)
                group.addTask { await shutdown.run() }
            }
            group.addTask {
                // Once more for every Node that is deleted: lease and status belong to the one that is there.
                while let registered = await registration.register() {
                    node.logger.info("node registered", metadata: ["node": "\(registered.metadata.name)"])
                    await withDiscardingTaskGroup { heartbeat in
                        heartbeat.addTask { await lease.run(nodeUID: registered.metadata.uid) }
                        await registration.keepStatus(of: registered)
                        heartbeat.cancelAll()
                    }
                }
            }
        }
        await node.objects.close()
    }
}
