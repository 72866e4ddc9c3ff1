import FoundationEssentials
import Glibc
import KubeAPI
import KubeClient
import LinuxSystem
import Logging
import PodPlanning

/// A standalone node in a temporary directory, with names and ports of its own, so that it meets no other.
struct BenchNode {
    /// Above the cgroups of its pods.
    private static let cgroup = "berth-bench"
    let root: String
    /// Where berthd, berthctl and berth-pod are.
    let programs: String
    /// Imported before the first pod.
    let archive: String
    let maxPods: Int

    private static let port = 13250
    private static let name = "bench"

    private var command: String {
        "exec \(programs)/berthd --standalone --root-dir \(root) --hostname-override \(Self.name) --port \(Self.port) --secure-port 13443 "
            + "--bridge berthbench0 --pod-cidr 10.77.0.0/16 --service-cidr 10.78.0.0/16 --cgroup-root \(Self.cgroup) --max-pods \(maxPods) "
            + "--log-level error < /dev/null >> \(root)/log 2>&1"
    }

    /// - Parameter socket: of a `ReadyNotice`.
    func start(notifying socket: String? = nil) throws {
        try DirectoryTree.make(root)
        let notify = socket.map { "export NOTIFY_SOCKET=\($0); " } ?? ""
        _ = try launchDetached("/bin/sh", arguments: ["sh", "-c", "echo $$ > \(root)/pid; \(notify)\(command)"], descriptors: [])
    }

    func daemon() throws -> pid_t {
        guard let text = SmallFile.firstLine("\(root)/pid"), let pid = pid_t(text) else { throw BenchFailure("berthd did not start: see \(root)/log") }
        return pid
    }

    /// Waits until the node is Ready and has its image.
    func client() async throws -> KubeClient {
        let paths = NodePaths(root: root)
        var logger = Logger(label: "berth-bench")
        logger.logLevel = .critical
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            // Until it listens there is no kubeconfig, or nobody behind it.
            if let configuration = try? KubeConfiguration(kubeconfig: paths.adminKubeconfig),
                let client = try? KubeClient(configuration: configuration, logger: logger),
                let node: Node = try? await client.get(named: Self.name),
                node.status.conditions.contains(where: { $0.type == "Ready" && $0.status == "True" })
            {
                let imported = try await ChildProcess(
                    executable: "\(programs)/berthctl", arguments: ["image", "import", "--root-dir", root, archive], deadline: .seconds(60)
                ).run()
                guard imported.succeeded else { throw BenchFailure(String(decoding: imported.standardError, as: UTF8.self)) }
                return client
            }
            try await Task.sleep(for: .milliseconds(20))  // nothing tells when a kubeconfig is there
        }
        throw BenchFailure("the node did not become Ready within 60 s: see \(root)/log")
    }

    /// - Returns: milliseconds from the kill until a new daemon says that it manages its pods, and its own API shows every pod Ready with
    ///   the containers it had.
    func killAndRecover(pods: Int) async throws -> Double {
        let notice = try ReadyNotice(path: "\(root)/notify")
        let old = try daemon()
        let begin = ContinuousClock.now
        kill(old, SIGKILL)
        // A child of ours: until it is waited for, its pid lives on.
        try await onDedicatedThread { () throws(SystemCallError) in _ = try waitForChild(old) }
        try start(notifying: notice.path)
        guard try await notice.arrives(within: .seconds(60)) else {
            throw BenchFailure("the new berthd did not say within 60 s that it manages its pods: see \(root)/log")
        }
        var ready = 0
        let deadline = ContinuousClock.now + .seconds(60)
        repeat {
            ready = try await unharmedPods()
            if ready == pods { return (ContinuousClock.now - begin).milliseconds }
        } while ContinuousClock.now < deadline
        throw BenchFailure("\(ready) of \(pods) pods Ready with their old containers 60 s after the new berthd said it manages them: see \(root)/log")
    }

    private func unharmedPods() async throws -> Int {
        let answer = try await ChildProcess(
            executable: "/usr/bin/curl", arguments: ["-s", "--max-time", "5", "--unix-socket", NodePaths(root: root).socket, "http://localhost/pods"],
            deadline: .seconds(10), outputLimit: 64 << 20
        ).run()
        // While it does not listen yet, there is nothing to decode.
        let pods = (try? JSONDecoder().decode(Listing.self, from: Data(answer.standardOutput)))?.items ?? []
        return pods.filter { $0.status.conditions.hasReady && $0.status.containerStatuses.allSatisfy { $0.restartCount == 0 } }.count
    }

    private struct Listing: Decodable { let items: [Pod] }

    func supervisors() throws -> [pid_t] {
        try DirectoryEntry.list("/proc").compactMap { pid_t($0.name) }.filter { pid in
            // A process that ends meanwhile has no command line.
            guard let line = try? SmallFile.text("/proc/\(pid)/cmdline") else { return false }
            return line.hasPrefix("berth-pod") && line.contains("\(root)/")
        }
    }

    /// In seconds.
    struct CPUTime {
        /// With the programs it has run.
        let daemon: Double
        /// Of everything that ran in pods, those that are gone included.
        let pods: Double
        /// Of that, in the containers there are: what their images do, and the commands of probes.
        let containers: Double
        var supervisors: Double { pods - containers }

        static func - (later: CPUTime, earlier: CPUTime) -> CPUTime {
            CPUTime(
                daemon: later.daemon - earlier.daemon, pods: later.pods - earlier.pods, containers: later.containers - earlier.containers)
        }
    }

    func cpuTime() throws -> CPUTime {
        guard let hierarchy = ["/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup"].first(where: { access("\($0)/\(Self.cgroup)", F_OK) == 0 }) else {
            throw BenchFailure("there is no cgroup \(Self.cgroup)")
        }
        let all = "\(hierarchy)/\(Self.cgroup)"
        return CPUTime(
            daemon: Self.cpuSeconds(of: try daemon()), pods: try Self.cpuSeconds(ofCgroup: all), containers: try Self.cpuSeconds(ofContainersIn: all))
    }

    /// With its ended children. Source: proc_pid_stat(5), fields 14 to 17, in clock ticks.
    private static func cpuSeconds(of pid: pid_t) -> Double {
        guard let stat = SmallFile.firstLine("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return 0 }
        // The first after the parenthesis is field 3, behind the parenthesis itself.
        let texts = stat[end...].split(separator: " ")
        return Double((14...17).map { Int(texts[$0 - 2]) ?? 0 }.reduce(0, +)) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// With the cgroups below it. Exact, where the times of a process are rounded to ten milliseconds, which is more than a pod needs.
    private static func cpuSeconds(ofCgroup path: String) throws -> Double {
        if let nanoseconds = SmallFile.firstLine("\(path)/cpuacct.usage").flatMap({ Double($0) }) { return nanoseconds / 1e9 }
        // Its first line: usage_usec 1234
        guard let microseconds = SmallFile.firstLine("\(path)/cpu.stat")?.split(separator: " ").last.flatMap({ Double($0) }) else {
            throw BenchFailure("\(path) does not tell its processor time")
        }
        return microseconds / 1e6
    }

    /// A container's cgroup has its id for a name, 64 digits.
    private static func cpuSeconds(ofContainersIn path: String) throws -> Double {
        try DirectoryEntry.list(path).filter(\.isDirectory).reduce(0) { sum, entry in
            let child = "\(path)/\(entry.name)"
            return sum + (entry.name.utf8.count == 64 ? try cpuSeconds(ofCgroup: child) : try cpuSeconds(ofContainersIn: child))
        }
    }

    /// Ends the daemon; the script that made the directory cleans up the rest.
    func end() {
        // Without a pid file nothing was started.
        if let pid = try? daemon() { kill(pid, SIGKILL) }
    }
}

struct BenchFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Of one process, in bytes. Source: proc_pid_smaps_rollup(5).
struct ProcessMemory {
    let resident: Int
    let proportional: Int
    let dirty: Int

    init(pid: pid_t) throws {
        let lines = try SmallFile.text("/proc/\(pid)/smaps_rollup").split(separator: "\n")
        func bytes(_ name: String) -> Int {
            let line = lines.first { $0.hasPrefix("\(name):") }
            return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
        }
        resident = bytes("Rss")
        proportional = bytes("Pss")
        dirty = bytes("Private_Dirty") + bytes("Private_Clean")
    }
}
