import Glibc
import KubeAPI
import KubeClient
import LinuxSystem

/// What probing costs: many pods, each with one probe every ten seconds, on a standalone node of its own.
struct ProbesBenchmark {
    let count: Int
    let kind: PodShape.ProbeKind
    let image: String
    let node: BenchNode
    let seconds: Int

    /// Made at once; what is measured comes later.
    private static let wave = 25

    func run() async throws {
        try node.start()
        defer { node.end() }
        let bench = PodBench(client: try await node.client(), image: image, shape: .probed(kind))
        let following = Task { await bench.follow() }
        defer { following.cancel() }
        for begin in stride(from: 0, to: count, by: Self.wave) {
            _ = try await bench.start(min(Self.wave, count - begin), named: "probed-\(begin)")
        }
        print("\(count) pods Ready")
        // What their starts have left to do is not what is measured.
        try await Task.sleep(for: .seconds(10))
        let (before, begin) = (try node.cpuTime(), ContinuousClock.now)
        try await Task.sleep(for: .seconds(seconds))  // what is measured is what happens meanwhile
        let (used, elapsed) = (try node.cpuTime() - before, (ContinuousClock.now - begin).milliseconds / 1000)
        let (daemon, supervisors, containers) = (used.daemon / elapsed * 100, used.supervisors / elapsed * 100, used.containers / elapsed * 100)
        // The commands of exec probes run in the containers, beside servers that have nothing to do; else these are what answers.
        let all = daemon + supervisors + (kind == .exec ? containers : 0)
        print("CPU with \(count) pods and one \(kind.rawValue) probe each every 10 s, over \(seconds) s:")
        print("  berthd \(rounded(daemon)) %, supervisors \(rounded(supervisors)) %, in the containers \(rounded(containers)) % of one core")
        print("  together\(kind == .exec ? "" : ", without the servers that answer,") \(rounded(all)) %, goal 2 %: \(all <= 2 ? "met" : "missed")")
        if kind == .exec {
            let bare = try await onDedicatedThread { () throws(SystemCallError) in try Self.bareCommand(repeats: 500) }
            let share = bare * Double(count) / 10 / 10
            print("  posix_spawn and end of the same command, in no container: \(rounded(bare)) ms each, \(rounded(share)) % of one core at this rate")
        }
        let memory = try ProcessMemory(pid: node.daemon())
        print("daemon: \(rounded(Double(memory.resident) / 1048576)) MiB RSS with \(count) pods")
    }

    /// What no implementation of exec probes can save.
    /// - Returns: milliseconds of processor time for one `true` of busybox, which is also the image's.
    private static func bareCommand(repeats: Int) throws(SystemCallError) -> Double {
        let program = "/bin/busybox"
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
        defer { free(arguments[0]) }
        let before = usage()
        for _ in 0..<repeats {
            var pid: pid_t = 0
            let code = posix_spawn(&pid, program, nil, nil, &arguments, nil)
            guard code == 0 else { throw SystemCallError(call: "posix_spawn", subject: program, code: code) }
            _ = try waitForChild(pid)
        }
        return (usage() - before) / Double(repeats)
    }

    /// Of this process with its ended children, in milliseconds.
    private static func usage() -> Double {
        var milliseconds = 0.0
        for who in [RUSAGE_SELF, RUSAGE_CHILDREN] {
            var used = rusage()
            getrusage(__rusage_who_t(who.rawValue), &used)
            for time in [used.ru_utime, used.ru_stime] { milliseconds += Double(time.tv_sec) * 1000 + Double(time.tv_usec) / 1000 }
        }
        return milliseconds
    }
}
