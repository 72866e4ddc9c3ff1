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
    package var volumes: VolumeKeeper
    package var network: CNI
    /// Of the default network; nil when the operator has configured another.
    package var reservations: AddressReservations?
    package var client: KubeClient
    package var mirror: NodeMirror
    package var objects: ObjectCache
    package var services: ServiceCatalog
    package var events: EventRecorder
    package var outbox: StatusOutbox
    package var probes: ProbeRunner
    package var pressure: NodePressure
    package var eviction: EvictionSettings
    package var shutdown: ShutdownSettings
    /// Path of the system bus' socket, where logind is.
    package var systemBus: String
    /// Nil when no folder of manifests is configured.
    package var staticPods: StaticPodSource?
    /// Keeps the seccomp programs it compiled.
    package let seccomp = SeccompCompiler()
    package let userRanges = UserRanges()
    package let categoryPairs = CategoryPairs()
    package var logger: Logger

    package init(
        facts: NodeFacts, ledger: Ledger, runtime: SandboxRuntime, images: ImageKeeper, volumes: VolumeKeeper, network: CNI, reservations: AddressReservations?,
        client: KubeClient, mirror: NodeMirror, objects: ObjectCache, services: ServiceCatalog, events: EventRecorder, outbox: StatusOutbox,
        probes: ProbeRunner, pressure: NodePressure, eviction: EvictionSettings, shutdown: ShutdownSettings, systemBus: String, staticPods: StaticPodSource?, logger: Logger
    ) {
        self.facts = facts
        self.ledger = ledger
        self.runtime = runtime
        self.images = images
        self.volumes = volumes
        self.network = network
        self.reservations = reservations
        self.client = client
        self.mirror = mirror
        self.objects = objects
        self.services = services
        self.events = events
        self.outbox = outbox
        self.probes = probes
        self.pressure = pressure
        self.eviction = eviction
        self.shutdown = shutdown
        self.systemBus = systemBus
        self.staticPods = staticPods
        self.logger = logger
    }
}
