package import ContainerRuntime
package import KubeClient
package import Ledger
package import Logging
package import Networking
package import PodPlanning

/// What a pod worker works with; one value for all workers of a node.
package struct NodeServices: Sendable {
    package var facts: NodeFacts
    package var ledger: Ledger
    package var runtime: SandboxRuntime
    package var images: ImageKeeper
    package var volumes: PodVolumes
    package var network: CNI
    package var client: KubeClient
    package var objects: ObjectCache
    package var services: ServiceCatalog
    package var events: EventRecorder
    package var outbox: StatusOutbox
    package var probes: ProbeRunner
    package var logger: Logger

    package init(
        facts: NodeFacts, ledger: Ledger, runtime: SandboxRuntime, images: ImageKeeper, volumes: PodVolumes, network: CNI,
        client: KubeClient, objects: ObjectCache, services: ServiceCatalog, events: EventRecorder, outbox: StatusOutbox,
        probes: ProbeRunner, logger: Logger
    ) {
        self.facts = facts
        self.ledger = ledger
        self.runtime = runtime
        self.images = images
        self.volumes = volumes
        self.network = network
        self.client = client
        self.objects = objects
        self.services = services
        self.events = events
        self.outbox = outbox
        self.probes = probes
        self.logger = logger
    }
}
