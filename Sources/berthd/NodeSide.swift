import ContainerRuntime
import ControlPlane
import FoundationEssentials
import HTTPServing
import Images
import KubeAPI
import KubeClient
import Ledger
import LinuxSystem
import Logging
import Networking
import NIOPosix
import NodeAgent
import NodeServer
import PodPlanning
import ServiceLifecycle
import Volumes

/// Everything that runs pods, for whichever control plane.
struct NodeSide {
    let agent: NodeAgent
    let server: NodeServer
    private let provisioner: (client: KubeClient, provisioner: LocalProvisioner)?
    private let client: KubeClient
    /// Nil when no cluster is asked for it.
    private let clientAuthority: ClientAuthority?
    private let probes: ProbeRunner
    private let dns: ClusterDNS?
    private let logger: Logger

    init(
        options: NodeOptions, environment: NodeEnvironment, upstream: Upstream, pods: PodNetwork?, hasOwnDNS: Bool, logger: Logger
    ) async throws {
        let paths = environment.paths
        let facts = environment.facts
        self.logger = logger
        client = try KubeClient(configuration: upstream.configuration, logger: logger)
        let (ledger, damage) = try Ledger.open(LedgerLocation(directory: paths.state), bootID: environment.profile.machine.bootID, logger: logger)
        if let damage {
            logger.error("the ledger was damaged and is rebuilt", metadata: ["ledger.aside": "\(damage.path)", "reason": "\(damage.reason)"])
        }

        // Network of the node.
        let cni = CNI(
            configuration: .init(configurationDirectory: options.cniConfiguration, pluginDirectories: options.cniBinDir.listed), logger: logger)
        if hasOwnDNS, let pods {
            let dns = ClusterDNS(configuration: .init(address: pods.dnsAddress), group: MultiThreadedEventLoopGroup.singleton, logger: logger)
            try await dns.start()
            self.dns = dns
        } else {
            dns = nil
        }

        // Subsystems.
        let images = try ImageStore(
            root: paths.images, registries: RegistryConfiguration(insecureRegistries: Set(options.insecureRegistries.listed), parallelPulls: options.maxParallelImagePulls), logger: logger)
        let runtime = try SandboxRuntime(
            configuration: RuntimeConfiguration(
                podsDirectory: "\(paths.run)/pods", supervisor: environment.supervisor, longPatience: environment.facts.startPatience), logger: logger)
        let outbox = StatusOutbox(ledger: ledger, logger: logger, sender: UpstreamSender(client: client, logger: logger).send)
        let probes = try ProbeRunner()
        self.probes = probes
        let domain = facts.clusterDomain
        let dns = dns
        // In a cluster, its own proxy and DNS do this.
        let proxy = options.standalone ? pods?.defaultNetwork.map { ServiceProxy($0, logger: logger) } : nil
        let listener: ServiceCatalog.Listener = { services, slices in
            let registry = ServiceRegistry(services: services, slices: slices, domain: domain)
            dns?.update(registry)
            await proxy?.update(registry)
        }
        let catalog = ServiceCatalog(client: client, ledger: ledger, listener: dns == nil && proxy == nil ? nil : listener, logger: logger)
        let localVolumes = LocalVolumeStore(directory: paths.provisionedVolumes)
        let volumes = VolumeKeeper(
            effects: PodVolumes(paths: paths, localVolumes: localVolumes),
            claims: ClaimResolver(client: client, ledger: ledger), tokens: TokenKeeper(client: client, ledger: ledger), ledger: ledger)
        let mirror = NodeMirror()
        let pressure = NodePressure()
        let logins = NodeLogins(path: "\(paths.kubelet)/config.json")
        let node = NodeServices(
            facts: facts, ledger: ledger, runtime: runtime, images: ImageKeeper(store: images, nodeLogins: logins, garbage: try options.imageGarbage()), volumes: volumes, network: cni,
            reservations: pods?.defaultNetwork?.reservations, client: client, mirror: mirror, objects: ObjectCache(client: client),
            services: catalog, events: EventRecorder(component: "kubelet", nodeName: facts.nodeName, ledger: ledger, outbox: outbox),
            outbox: outbox, probes: probes, pressure: pressure, eviction: try options.eviction(), shutdown: try options.shutdown(),
            systemBus: options.systemBus,
            staticPods: options.podManifestPath.map { path in
                StaticPodSource(path: path, nodeName: facts.nodeName, logger: logger) { try PodManifest.read($0).decode(as: Pod.self) }
            }, logger: logger)

        provisioner = try upstream.provisioner.map { configuration in
            let client = try KubeClient(configuration: configuration, userAgent: "berth-provisioner", logger: logger)
            let provisioner = LocalProvisioner(
                client: client, store: localVolumes, ledger: ledger, events: node.events,
                nodeName: facts.nodeName, takesUnplaced: options.standalone, logger: logger)
            return (client, provisioner)
        }

        let observe: @Sendable () async -> NodeObservation = {
            let list = await images.images().map { ContainerImage(names: $0.names + $0.repoDigests, sizeBytes: $0.sizeBytes) }
            // The directory was made at start; without it the node has other troubles than a missing number.
            let storage = (try? FileSystemSpace(of: paths.state)) ?? FileSystemSpace.unknown
            var notReady: String?
            do throws(NetworkError) { _ = try cni.currentList() } catch { notReady = "container runtime network not ready: \(error)" }
            if pressure.isShuttingDown { notReady = "node is shutting down" }
            var seen = NodeObservation(
                storage: storage, memory: MemoryInfo.read(), pressure: pressure.current, images: list.sorted { $0.sizeBytes > $1.sizeBytes },
                volumesInUse: await volumes.inUse(), notReady: notReady)
            seen.isLedgerOnReserve = ledger.isOnReserve
            return seen
        }
        agent = NodeAgent(
            node: node, registration: NodeRegistration(client: client, profile: environment.profile, mirror: mirror, logger: logger, observe: observe),
            lease: LeaseKeeper(client: client, nodeName: facts.nodeName, logger: logger))

        let tls = try ServerTLS(files: upstream.serving)
        let client = client
        clientAuthority = try upstream.publishedClientCA.map { file in
            try ClientAuthority(tls: tls, file: file, logger: logger) { await client.publishedClientAuthority() }
        }
        let backend = AgentBackend(agent: agent, images: images, logins: logins, facts: facts)
        server = NodeServer(
            address: .tcp(host: options.address, port: options.port), tls: tls,
            localSocket: paths.socket, backend: backend, reviewer: ClientReviewer(client: client, nodeName: facts.nodeName),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, threads: .singleton, logger: logger)
    }

    /// - Parameters:
    ///   - isListening: before it opens, nobody asks the API server anything.
    ///   - isManaging: opened when the pods that were here have been taken up.
    func services(after isListening: Gate, opening isManaging: Gate) -> [any ServiceLifecycle.Service] {
        [server, AgentService(agent: agent, isListening: isListening, isManaging: isManaging)]
            + [clientAuthority].compactMap { $0.map { ClientAuthorityService(authority: $0) } }
            + [provisioner].compactMap { $0.map { ProvisionerService(client: $0.client, provisioner: $0.provisioner, isListening: isListening) } }
    }

    /// After the services have ended: nothing of the pods is touched. The ledger stays as it is, whole at every moment.
    func close() async {
        await dns?.shutDown()
        do {
            try await probes.shutDown()
            try await client.shutDown()
        } catch {
            logger.warning("closing down", metadata: ["error": "\(error)"])
        }
    }
}

/// The agent as one of the daemon's services.
struct AgentService: ServiceLifecycle.Service {
    let agent: NodeAgent
    let isListening: Gate
    let isManaging: Gate

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            await isListening.wait()
            try await agent.recover()
            isManaging.open()
            await agent.run()
        }
    }
}

/// The keeper of the node API's client authority as one of the daemon's services.
struct ClientAuthorityService: ServiceLifecycle.Service {
    let authority: ClientAuthority

    func run() async throws { await cancelWhenGracefulShutdown { await authority.run() } }
}

/// The built-in provisioner as one of the daemon's services, with a client of its own.
struct ProvisionerService: ServiceLifecycle.Service {
    let client: KubeClient
    let provisioner: LocalProvisioner
    let isListening: Gate

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await isListening.wait()
            await provisioner.run()
        }
        try await client.shutDown()
    }
}
