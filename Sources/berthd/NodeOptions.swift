public import ArgumentParser
import ControlPlane
import FoundationEssentials
import Images
import KubeAPI
public import Logging
import PodPlanning
import SandboxPlan

/// The flags. Names are kubelet's where kubelet has the flag.
struct NodeOptions: ParsableArguments {
    @Flag(help: "Serve the Kubernetes API on this node, and run its pods.")
    var standalone = false

    @Option(help: ArgumentHelp("Join the cluster of this kubeconfig.", valueName: "file"))
    var kubeconfig: String?

    @Option(help: ArgumentHelp("Provision berth.io/local volumes in that cluster, as the user of this kubeconfig.", valueName: "file"))
    var provisionerKubeconfig: String?

    @Option(help: ArgumentHelp("The node's name, instead of the host's.", valueName: "name"))
    var hostnameOverride: String?

    @Option(help: ArgumentHelp("The node's address, instead of that of the default route.", valueName: "address"))
    var nodeIP: String?

    @Option(help: ArgumentHelp("Prefix of every path the node uses; empty in production.", valueName: "directory"))
    var rootDir = ""

    @Option(help: ArgumentHelp("Addresses of pods, when no other network is configured. A node that joins a cluster waits for the cluster's network unless this is given. (default on a standalone node: 10.61.0.0/16)", valueName: "cidr"))
    var podCIDR: String?

    @Option(help: ArgumentHelp("Bridge of the default network.", valueName: "name"))
    var bridge = "berth0"

    @Option(help: ArgumentHelp("Directory of CNI configurations, under the root directory.", valueName: "directory"))
    var cniConfDir = "/etc/cni/net.d"

    @Option(help: ArgumentHelp("Directories of CNI plugins, separated by commas.", valueName: "directories"))
    var cniBinDir = "/opt/cni/bin,/usr/lib/cni"

    @Option(help: ArgumentHelp("Cgroup that holds kubepods, relative to the hierarchy's root.", valueName: "path"))
    var cgroupRoot = ""

    @Option(help: ArgumentHelp("Addresses of the cluster's DNS, separated by commas. A standalone node serves it itself.", valueName: "addresses"))
    var clusterDNS = ""

    @Option(help: ArgumentHelp("The cluster's domain.", valueName: "domain"))
    var clusterDomain = "cluster.local"

    @Option(help: ArgumentHelp("Address the node API listens on.", valueName: "address"))
    var address = "0.0.0.0"

    @Option(help: ArgumentHelp("Port of the node API.", valueName: "port"))
    var port = 10250

    @Option(help: ArgumentHelp("Port of the Kubernetes API of a standalone node.", valueName: "port"))
    var securePort = 6443

    @Option(help: ArgumentHelp("Address the Kubernetes API of a standalone node listens on.", valueName: "address"))
    var bindAddress = "127.0.0.1"

    @Option(help: ArgumentHelp("Addresses of Services of a standalone node.", valueName: "cidr"))
    var serviceCIDR = "10.62.0.0/16"

    @Option(help: ArgumentHelp("PEM file of the authority of the node API's clients; else the one that the cluster publishes, if the node may read it.", valueName: "file"))
    var clientCAFile: String?

    @Option(help: ArgumentHelp("Labels of the node, name=value, separated by commas.", valueName: "labels"))
    var nodeLabels = ""

    @Option(help: ArgumentHelp("Hard eviction thresholds, such as memory.available<100Mi,nodefs.available<10%.", valueName: "thresholds"))
    var evictionHard = EvictionSettings.standardHard

    @Option(help: ArgumentHelp("Soft eviction thresholds, each with a grace period.", valueName: "thresholds"))
    var evictionSoft = ""

    @Option(help: ArgumentHelp("How long soft thresholds must have been met, such as memory.available=1m30s.", valueName: "durations"))
    var evictionSoftGracePeriod = ""

    @Option(help: ArgumentHelp("What is to be free beyond a threshold, such as nodefs.available=1Gi.", valueName: "amounts"))
    var evictionMinimumReclaim = ""

    @Option(help: ArgumentHelp("Seconds a pod gets at most when a soft threshold evicts it.", valueName: "seconds"))
    var evictionMaxPodGracePeriod = 0

    @Option(help: ArgumentHelp("How long a condition of pressure stays after its cause.", valueName: "duration"))
    var evictionPressureTransitionPeriod = "5m"

    @Option(help: ArgumentHelp("How long pods are given when the machine goes down; 0s is not at all.", valueName: "duration"))
    var shutdownGracePeriod = "30s"

    @Option(help: ArgumentHelp("The last part of it, for critical pods.", valueName: "duration"))
    var shutdownGracePeriodCriticalPods = "10s"

    @Option(help: ArgumentHelp("Socket of the system bus, where logind tells of the machine's end.", valueName: "file"))
    var systemBus = "/run/dbus/system_bus_socket"

    @Option(help: ArgumentHelp("Percent of the disk at which unused images begin to go.", valueName: "percent"))
    var imageGCHighThreshold = 85

    @Option(help: ArgumentHelp("Percent of the disk at which they stay again.", valueName: "percent"))
    var imageGCLowThreshold = 80

    @Option(help: ArgumentHelp("An image unused for less stays.", valueName: "duration"))
    var minimumImageTTLDuration = "2m"

    @Option(help: ArgumentHelp("An image unused for longer goes; 0s is never.", valueName: "duration"))
    var imageMaximumGCAge = "0s"

    @Option(help: ArgumentHelp("Resources kept back for Berth itself, such as cpu=100m,memory=128Mi.", valueName: "amounts"))
    var kubeReserved = ""

    @Option(help: ArgumentHelp("Resources kept back for the system, such as cpu=200m,memory=256Mi.", valueName: "amounts"))
    var systemReserved = ""

    @Option(help: ArgumentHelp("Folder of manifests, or one manifest, whose pods run on this node whatever the control plane says.", valueName: "path"))
    var podManifestPath: String?

    @Option(help: ArgumentHelp("Pods this node takes at most.", valueName: "number"))
    var maxPods = 110

    @Option(help: ArgumentHelp("Processes and threads a pod may have at most; -1 is no limit but the node's.", valueName: "number"))
    var podMaxPids = -1

    @Option(help: ArgumentHelp("Registries that may be asked over plain HTTP, separated by commas. Those on loopback always may.", valueName: "hosts"))
    var insecureRegistries = ""

    @Option(help: ArgumentHelp("Images pulled at the same time; others wait.", valueName: "number"))
    var maxParallelImagePulls = 3

    @Option(help: ArgumentHelp("The supervisor program; else berth-pod beside berthd.", valueName: "file"))
    var supervisor: String?

    @Option(help: ArgumentHelp("An OCI runtime for the RuntimeClass handler of that name, such as youki=/usr/local/bin/youki; may be repeated. crun and runc are found by themselves.", valueName: "name=path"))
    var ociRuntime: [String] = []

    @Option(help: ArgumentHelp("What one command of an OCI runtime may take before it is ended.", valueName: "duration"))
    var ociRuntimeTimeout = "50s"

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel = Logger.Level.info

    /// What the parser alone cannot see.
    func check() throws {
        guard standalone != (kubeconfig != nil) else {
            throw ValidationError("give either --standalone or --kubeconfig FILE")
        }
        guard rootDir.isEmpty || (rootDir.hasPrefix("/") && !rootDir.hasSuffix("/")) else {
            throw ValidationError("--root-dir '\(rootDir)' must be absolute and not end in a slash")
        }
        if let podManifestPath, !podManifestPath.hasPrefix("/") {
            throw ValidationError("--pod-manifest-path '\(podManifestPath)' must be absolute")
        }
        for (flag, port) in [("--port", port), ("--secure-port", securePort)] where !(0...65535).contains(port) {
            throw ValidationError("\(flag) '\(port)' is not a port")
        }
        _ = try reserved()
        _ = try eviction()
        _ = try imageGarbage()
        _ = try shutdown()
        _ = try labels()
        _ = try serviceAddresses()
        _ = try runtimes { _ in true }
    }

    var cniConfiguration: String { "\(rootDir)\(cniConfDir)" }

    /// What pods cannot have, by name: the system's part, and Berth's own.
    /// Source: Kubernetes, "Reserve Compute Resources for System Daemons".
    func reserved() throws -> [String: Quantity] {
        var amounts: [String: Quantity] = [:]
        for (flag, text) in [("--system-reserved", systemReserved), ("--kube-reserved", kubeReserved)] {
            for (name, amount) in try pairs(text, flag: flag) {
                guard let quantity = Quantity(amount) else { throw ValidationError("\(flag): '\(amount)' is not an amount") }
                let sum = name == "cpu" ? Quantity(milli: quantity.milliValue + (amounts[name]?.milliValue ?? 0)) : Quantity(exactly: quantity.value + (amounts[name]?.value ?? 0))
                amounts[name] = sum
            }
        }
        return amounts
    }

    func eviction() throws -> EvictionSettings {
        guard let transition = TimeInterval(goText: evictionPressureTransitionPeriod) else {
            throw ValidationError("--eviction-pressure-transition-period '\(evictionPressureTransitionPeriod)' is not a duration")
        }
        do {
            return try EvictionSettings(
                hard: evictionHard, soft: evictionSoft, softGrace: evictionSoftGracePeriod, minimumReclaim: evictionMinimumReclaim,
                transitionPeriod: transition, maximumPodGracePeriod: evictionMaxPodGracePeriod)
        } catch {
            throw ValidationError("eviction thresholds: \(error)")
        }
    }

    func shutdown() throws -> ShutdownSettings {
        guard let total = TimeInterval(goText: shutdownGracePeriod), let critical = TimeInterval(goText: shutdownGracePeriodCriticalPods), critical <= total
        else {
            throw ValidationError("--shutdown-grace-period and --shutdown-grace-period-critical-pods are durations such as 30s, the latter a part of the former")
        }
        return ShutdownSettings(total: total, critical: critical)
    }

    func imageGarbage() throws -> ImageGarbagePolicy {
        guard (0...100).contains(imageGCLowThreshold), (imageGCLowThreshold...100).contains(imageGCHighThreshold) else {
            throw ValidationError("--image-gc-low-threshold and --image-gc-high-threshold are percents, the low one first")
        }
        guard let youngest = TimeInterval(goText: minimumImageTTLDuration), let oldest = TimeInterval(goText: imageMaximumGCAge) else {
            throw ValidationError("--minimum-image-ttl-duration and --image-maximum-gc-age are durations such as 2m")
        }
        return ImageGarbagePolicy(
            highThresholdPercent: imageGCHighThreshold, lowThresholdPercent: imageGCLowThreshold, minimumAge: .seconds(youngest),
            maximumAge: oldest > 0 ? .seconds(oldest) : nil)
    }

    func serviceAddresses() throws -> ServiceAddresses {
        guard let addresses = ServiceAddresses(cidr: serviceCIDR) else {
            throw ValidationError("--service-cidr '\(serviceCIDR)' is not an IPv4 network of 12 to 28 bits, such as 10.62.0.0/16")
        }
        return addresses
    }

    /// The OCI runtimes that are named, and of the well-known ones those that are there.
    ///
    /// - Parameter isProgram: whether there is one at a path.
    /// - Throws: for a named one that is not there, or a name that is no handler's.
    func runtimes(where isProgram: (String) -> Bool) throws -> [OCIRuntime] {
        var paths: [String: String] = [:]
        for name in ["crun", "runc"] {
            paths[name] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"].map { "\($0)/\(name)" }.first(where: isProgram)
        }
        for text in ociRuntime {
            let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let isHandler = halves[0].wholeMatch(of: /[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/) != nil
            guard halves.count == 2, isHandler, halves[0] != "berth", halves[1].hasPrefix("/") else {
                throw ValidationError("--oci-runtime '\(text)' is not name=path, with the name of a handler other than berth and an absolute path")
            }
            guard isProgram(halves[1]) else { throw ValidationError("--oci-runtime '\(text)': there is no such program") }
            paths[halves[0]] = halves[1]
        }
        guard let seconds = TimeInterval(goText: ociRuntimeTimeout), (1...86_400).contains(seconds) else {
            throw ValidationError("--oci-runtime-timeout '\(ociRuntimeTimeout)' is not a duration of a second to a day")
        }
        return paths.sorted { $0.key < $1.key }.map { OCIRuntime(handler: $0.key, path: $0.value, commandSeconds: Int(seconds.rounded(.up))) }
    }

    func labels() throws -> [String: String] { try pairs(nodeLabels, flag: "--node-labels") }

    private func pairs(_ text: String, flag: String) throws -> [String: String] {
        var result: [String: String] = [:]
        for part in text.split(separator: ",") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2 else { throw ValidationError("\(flag): '\(part)' is not of the form name=value") }
            result[String(halves[0])] = String(halves[1])
        }
        return result
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

extension String {
    /// Parts between commas.
    var listed: [String] { split(separator: ",").map(String.init) }
}
