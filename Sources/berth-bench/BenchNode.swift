import FoundationEssentials
import Glibc
import KubeAPI
import KubeClient
import LinuxSystem
import Logging
import PodPlanning

/// A standalone node in a temporary directory, with names and ports of its own, so that it meets no other.
struct BenchNode {
    let root: String
    /// Where berthd, berthctl and berth-pod are.
    let programs: String
    /// Imported before the first pod.
    let archive: String

    private var command: String {
        "exec \(programs)/berthd --standalone --root-dir \(root) --hostname-override bench --port 13250 --secure-port 13443 --bridge berthbench0 "
            + "--pod-cidr 10.77.0.0/16 --service-cidr 10.78.0.0/16 --cgroup-root berth-bench --log-level error < /dev/null >> \(root)/log 2>&1"
    }

    func start() throws {
        try DirectoryTree.make(root)
        _ = try launchDetached("/bin/sh", arguments: ["sh", "-c", "echo $$ > \(root)/pid; \(command)"], descriptors: [])
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
                let node: Node = try? await client.get(named: "bench"),
                node.status.conditions.contains(where: { $0.type == "Ready" && $0.status == "True" })
            {
                let imported = try await ChildProcess(
                    executable: "\(programs)/berthctl", arguments: ["image", "import", "--root-dir", root, archive], deadline: .seconds(60)
                ).run()
                guard imported.succeeded else { throw BenchFailure(String(decoding: imported.standardError, as: UTF8.self)) }
                return client
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw BenchFailure("the node did not become Ready: see \(root)/log")
    }

    /// - Returns: milliseconds from the start of the new daemon until its own API shows every pod Ready with its old containers.
    func killAndRecover(pods: Int) async throws -> Double {
        kill(try daemon(), SIGKILL)
        while kill(try daemon(), 0) == 0 { try await Task.sleep(for: .milliseconds(1)) }
        let start = ContinuousClock.now
        try self.start()
        let socket = NodePaths(root: root).socket
        while true {
            let answer = try await ChildProcess(
                executable: "/usr/bin/curl", arguments: ["-s", "--max-time", "5", "--unix-socket", socket, "http://localhost/pods"], deadline: .seconds(10),
                outputLimit: 16 << 20
            ).run()
            let ready = (try? JSONDecoder().decode(Listing.self, from: Data(answer.standardOutput)))?.items.filter { pod in
                pod.status.conditions.contains { $0.type == "Ready" && $0.status == "True" } && pod.status.containerStatuses.allSatisfy { $0.restartCount == 0 }
            }
            if ready?.count == pods { return (ContinuousClock.now - start).milliseconds }
            guard ContinuousClock.now - start < .seconds(60) else { throw BenchFailure("pods were not managed again: see \(root)/log") }
        }
    }

    private struct Listing: Decodable { let items: [Pod] }

    func supervisors() throws -> [pid_t] {
        try DirectoryEntry.list("/proc").compactMap { pid_t($0.name) }.filter { pid in
            // A process that ends meanwhile has no command line.
            guard let line = try? SmallFile.text("/proc/\(pid)/cmdline") else { return false }
            return line.hasPrefix("berth-pod") && line.contains("\(root)/")
        }
    }

    /// User and system time of the daemon and all supervisors, in seconds.
    func cpuSeconds() throws -> Double {
        let pids = try supervisors() + [try daemon()]
        let ticks = pids.map { pid -> Int in
            guard let stat = SmallFile.firstLine("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return 0 }
            let fields = stat[end...].split(separator: " ")
            return (Int(fields[12]) ?? 0) + (Int(fields[13]) ?? 0)
        }
        return Double(ticks.reduce(0, +)) / Double(sysconf(Int32(_SC_CLK_TCK)))
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
