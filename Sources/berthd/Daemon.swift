import ContainerRuntime
import ControlPlane
import FoundationEssentials
import Glibc
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
import UnixSignals
import Volumes

/// The graph of parts, built once and run until a signal says otherwise.
struct Daemon {
    let options: NodeOptions
    let logger: Logger

    func run() async throws {
        #if DEBUG
        if let file = ProcessInfo.processInfo.environment["BERTH_FAULT_FILE"] { FaultPoint.arm(file) }
        #endif
        HeapArenas.limitToProcessors()
        signal(SIGPIPE, SIG_IGN)  // a client that went away is an error of its connection, not of the daemon
        do throws(SystemCallError) { try SchedulerSlice.set(SchedulerSlice.short) } catch { logger.debug("slices stay long", metadata: ["error": "\(error)"]) }
        let machine = MachineFacts.read()
        let paths = NodePaths(root: options.rootDir)
        try DirectoryTree.makeOwn(paths.run, mode: 0o700)
        let lock = try lockInstance(paths)
        let network = try DefaultNetwork(
            name: options.bridge == "berth0" ? "berth" : options.bridge, bridge: options.bridge, subnet: options.podCIDR ?? DefaultNetwork.standardSubnet,
            stateDirectory: "\(paths.state)/network")
        // A cluster's network arrives as a file in the same directory; one of ours could come before it.
        let pods: PodNetwork? =
            options.standalone || options.podCIDR != nil
            ? try await .prepare(network, configurationDirectory: options.cniConfiguration, logger: logger) : nil
        let hasOwnDNS = options.standalone && options.clusterDNS.isEmpty
        let environment = try NodeEnvironment(
            options: options, machine: machine, clusterDNS: hasOwnDNS ? [pods?.dnsAddress].compactMap(\.self) : options.clusterDNS.listed,
            labels: await SecurityLabels.prepare(logger: logger))
        if environment.facts.privileges.lowestOOMScore > -998 {
            logger.warning(
                "pods cannot be shielded from the OOM killer as their class deserves",
                metadata: ["remedy": "give berthd CAP_SYS_RESOURCE", "oom_score_adj": "\(environment.facts.privileges.lowestOOMScore)"])
        }
        if !environment.profile.limitsHugePages, machine.hugePages.values.contains(where: { $0 > 0 }) {
            logger.warning(
                "huge pages are not given to pods, for their use cannot be limited",
                metadata: ["remedy": "mount the hugetlb controller of cgroups, and start berthd again"])
        }
        let notifier = ServiceNotifier(environment: ProcessInfo.processInfo.environment)

        let gateway = pods?.dnsAddress ?? network.gateway
        let identity = options.standalone ? try StandaloneIdentity(options: options, environment: environment, gateway: gateway) : nil
        let upstream = try identity?.upstream ?? Upstream(joining: options, environment: environment)
        // A node of a cluster never waits for its API server; one that is its own would only knock before opening.
        let isListening = Gate(isOpen: identity == nil)
        let isManaging = Gate()
        let node = try await NodeSide(
            options: options, environment: environment, upstream: upstream, pods: pods, hasOwnDNS: hasOwnDNS, logger: logger)
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
        if let identity {
            do {
                let plane = try StandaloneControlPlane(
                    options: options, environment: environment, identity: identity, node: node.server, gateway: gateway, isListening: isListening, logger: logger)
                services.append(.init(service: plane))
            } catch let error as StoreError {
                // The user's objects are in it: an empty one in its place would end every pod. The node goes on with what
                // its ledger holds, as it does whenever a control plane is away.
                logger.critical("no Kubernetes API; the pods go on without it", metadata: ["error": "\(error)", "remedy": "\(error.remedy ?? "")"])
                isListening.open()
            }
        }
        services += node.services(after: isListening, opening: isManaging).map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) }
        services.append(.init(service: Watchdog(notifier: notifier, isManaging: isManaging, logger: logger)))

        let group = ServiceGroup(
            configuration: .init(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "berthd.services") { _ in SwiftLogNoOpLogHandler() }))
        do {
            try await group.run()
        } catch let error as HTTPServingError {
            throw explained(error)
        }
        notifier.stopping()
        let (closed, closing) = AsyncStream<Void>.makeStream()
        // Both end with the process, if not before.
        Task {
            await node.close()
            closing.finish()
        }
        Task {
            try? await Task.sleep(for: .seconds(1))  // nobody cancels it
            closing.finish()
        }
        for await _ in closed {}
        logger.info("stopped; pods go on")
        _ = lock
        // Not by returning: that closes the databases, which moves their logs into them and waits for the disk, for seconds when
        // it is busy. What was written down is there either way.
        Glibc.exit(0)
    }

    private func lockInstance(_ paths: NodePaths) throws -> InstanceLock {
        let path = "\(paths.run)/berthd.lock"
        guard let lock = try InstanceLock(path: path) else {
            throw DaemonError.alreadyRunning(lock: path, pid: SmallFile.firstLine(path) ?? "unknown")
        }
        return lock
    }

    /// Says which flag a busy port came from.
    private func explained(_ error: HTTPServingError) -> any Error {
        guard case .addressInUse(let address) = error else { return error }
        if address.hasSuffix(":\(options.port)") { return DaemonError.portInUse(flag: "--port", cause: error) }
        if address.hasSuffix(":\(options.securePort)") { return DaemonError.portInUse(flag: "--secure-port", cause: error) }
        return error
    }
}

/// Tells systemd that the pods are managed, and from then on that the daemon is alive.
struct Watchdog: ServiceLifecycle.Service {
    let notifier: ServiceNotifier
    let isManaging: Gate
    let logger: Logger
    /// How long a stop may take. What is still under way then is finished by the next daemon, as after a crash.
    private static let patience = Duration.seconds(5)

    func run() async throws {
        await cancelWhenGracefulShutdown { await isManaging.wait() }
        notifier.ready()
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown {
                while !Task.isCancelled {
                    notifier.alive()
                    // Ends early only by cancellation, which the loop condition sees.
                    try? await Task.sleep(for: notifier.watchdogInterval ?? .seconds(3600))
                }
            }
        } onGracefulShutdown: {
            notifier.stopping()
            // Ends with the process.
            Task {
                try? await Task.sleep(for: Self.patience)  // nobody cancels it
                logger.notice("stopped with work under way; pods go on")
                Glibc.exit(0)
            }
        }
    }
}
