import ContainerRuntime
import Glibc
import LinuxSystem
import Logging
import PodPlanning
import SandboxPlan
import Testing

@Suite("Lives and ends of containers", .enabled(if: canRunContainers, "needs root and busybox-static"), .timeLimit(.minutes(5)), .tidy)
struct LifetimeTests {
    @Test("exit codes and signals are told apart")
    func exits() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        #expect(try await sandbox.run(node.container("exit 42", name: "code")).code == 42)
        let killed = node.container("sleep 1000", name: "killed")
        _ = try await sandbox.start(killed)
        try await sandbox.signal(killed.id, SIGKILL)
        let exit = try await sandbox.exit(of: killed.id)
        #expect(exit.code == 137 && exit.signal == 9 && !exit.oomKilled)
        let trapping = node.container("trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done", name: "trapping")
        _ = try await sandbox.start(trapping)
        while try !node.output("trapping").contains("ready") { await Task.yield() }
        try await sandbox.signal(trapping.id, SIGTERM)
        #expect(try await sandbox.exit(of: trapping.id).code == 3)
        // The records stay until they are removed.
        #expect(try await sandbox.containers().map { $0.exit?.code } == [42, 137, 3])
        try await sandbox.remove(killed.id)
        #expect(try await sandbox.containers().count == 2)
        await #expect(throws: RuntimeError.stepFailed(step: "container", subject: "", code: ENOENT)) { try await sandbox.remove(killed.id) }
        try await node.tearDown(sandbox)
    }

    @Test("the out-of-memory killer is recognised")
    func outOfMemory() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container("dd if=/dev/zero of=/dev/null bs=64M count=1") { plan in
            let directory = node.layout.directory("\(node.cgroup)/pod/\(plan.id)", controller: "memory") ?? ""
            plan.cgroup.writes = [
                CgroupWrite(file: "\(directory)/\(node.layout.isUnified ? "memory.max" : "memory.limit_in_bytes")", value: "\(8 << 20)")
            ]
        }
        let exit = try await sandbox.run(plan)
        #expect(exit.oomKilled && exit.code == 137)
        let file = node.layout.isUnified ? "memory.max" : "memory.limit_in_bytes"
        let memory = try #require(node.layout.directory("\(node.cgroup)/pod/\(plan.id)", controller: "memory"))
        #expect(SmallFile.firstLine("\(memory)/\(file)") == "\(8 << 20)")
        #expect(CgroupStatistics(of: "\(node.cgroup)/pod", in: node.layout) != nil)
        try await node.tearDown(sandbox)
    }

    @Test("supervisors are forks of one process: killed, it takes no pod along, and is replaced")
    func seed() async throws {
        let node = try TestNode()
        // By the length of this name its process is told from that of the other tests' nodes.
        let directory = "\(node.root)/\(String(repeating: "s", count: 200))"
        let runtime = try SandboxRuntime(
            configuration: RuntimeConfiguration(podsDirectory: directory, supervisor: "\(try TestNode.products())/berth-pod"),
            logger: Logger(label: "test"))
        func seeds() throws -> [pid_t] {
            try DirectoryEntry.list("/proc").compactMap { pid_t($0.name) }.filter { pid in
                // A process may end meanwhile.
                let words = ((try? SmallFile.bytes("/proc/\(pid)/cmdline")) ?? []).split(separator: 0)
                return words.count == 2 && words[0].elementsEqual("berth-pod".utf8) && words[1].count > 800 && words[1].allSatisfy { $0 == 32 }
            }
        }
        let first = try await runtime.createSandbox(node.plan)
        let seed = try #require(try seeds().first)
        #expect(try SmallFile.text("/proc/\(first.pid)/cmdline").hasPrefix("berth-pod\0\(directory)/\(node.plan.pod.uid)\0default/test\0"))
        #expect(SmallFile.firstLine("/proc/\(first.pid)/comm") == "berth-pod")
        let process = try ProcessHandle(pid: seed)
        try process.send(signal: SIGKILL)
        #expect(try process.waitForEnd(milliseconds: 30_000))
        #expect(try await first.run(node.container("exit 3")).code == 3)
        try await first.shutDown()
        let second = try await runtime.createSandbox(node.plan)
        #expect(try await second.run(node.container("exit 4")).code == 4)
        #expect(try seeds().count == 1 && seeds() != [seed])
        try await node.tearDown(second)
    }

    @Test("a pod outlives its client: same pid, and exits that nobody saw are reported")
    func reconnect() async throws {
        let node = try TestNode()
        var sandbox: Sandbox? = try await node.runtime.createSandbox(node.plan)
        let long = node.container("sleep 1000", name: "long")
        let short = node.container("read line; exit 7", name: "short") { $0.stdin = true }
        let record = try #require(try await sandbox?.start(long))
        _ = try await sandbox?.start(short)
        let session = try #require(try await sandbox?.attach(short.id))
        sandbox = nil
        // Ends while nobody is connected.
        try ControlFile.write("\n".utf8, to: "/proc/self/fd/\(try #require(session.stdin))")
        for descriptor in [session.stdin, session.stdout, session.stderr] { if let descriptor { close(descriptor) } }
        let other = try TestNode.runtime(node.root)
        let recovery = await other.recover()
        #expect(recovery.lost.isEmpty && recovery.sandboxes.count == 1)
        let again = try #require(recovery.sandboxes.first)
        #expect(again.plan == node.plan)
        #expect(try await again.exit(of: short.id).code == 7)
        #expect(try await again.containers().first { $0.id == long.id } == record)
        await #expect(throws: RuntimeError.sandboxExists(pod: node.plan.pod.uid)) { try await other.createSandbox(node.plan) }
        try await node.tearDown(again)
    }

    @Test("a supervisor that was killed is noticed; recovery clears away what it left and knows earlier exits")
    func lostSupervisor() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let ended = node.container("exit 5", name: "ended")
        _ = try await sandbox.run(ended)
        let orphan = try await sandbox.start(node.container("sleep 1000", name: "orphan"))
        kill(sandbox.pid, SIGKILL)
        var last: SandboxEvent?
        for await event in sandbox.events { last = event }
        #expect(last == .sandboxLost)
        let process = try ProcessHandle(pid: orphan.pid)
        let recovery = await node.runtime.recover()
        #expect(recovery.sandboxes.isEmpty)
        #expect(recovery.lost.map(\.pod) == [node.plan.pod] && recovery.lost.first?.exits.map(\.code) == [5])
        #expect(try process.waitForEnd(milliseconds: 5000))
        try node.removeScratches()
        try node.checkClean()
    }

    @Test("what a killed supervisor leaves running ends before its pod gets another sandbox", arguments: ["reconnect", "create", "remove"])
    func orphans(by way: String) async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let orphan = try await sandbox.start(node.container("sleep 1000", name: "orphan"))
        let process = try ProcessHandle(pid: orphan.pid)
        kill(sandbox.pid, SIGKILL)
        for await _ in sandbox.events {}
        #expect(try !process.waitForEnd(milliseconds: 0))
        switch way {
        case "reconnect": await #expect(throws: RuntimeError.self) { try await node.runtime.reconnect(sandbox) }
        case "create": try await node.runtime.createSandbox(node.plan).shutDown()
        default: try await node.runtime.removeRemains(ofPod: node.plan.pod.uid, planned: node.plan)
        }
        #expect(try process.waitForEnd(milliseconds: 1000))
        try await node.runtime.removeRemains(ofPod: node.plan.pod.uid, planned: node.plan)  // again: nothing is there
        try node.removeScratches()
        try node.checkClean()
    }

    @Test("a supervisor that does not answer is asked again, and one that never does is given up and ended", arguments: [false, true])
    func silent(forEver: Bool) async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        _ = try await sandbox.start(node.container("sleep 1000", name: "main"))
        kill(sandbox.pid, SIGSTOP)
        let waker = Task {
            try await Task.sleep(for: .milliseconds(300))  // for less long than the patience of the runtime
            if !forEver { kill(sandbox.pid, SIGCONT) }
        }
        let recovery = try await node.runtime(patience: .seconds(1)).recover()
        try await waker.value
        #expect(recovery.sandboxes.count == (forEver ? 0 : 1) && recovery.lost.count == (forEver ? 1 : 0))
        try await recovery.sandboxes.first?.shutDown()
        try node.removeScratches()
        try node.checkClean()
    }

    @Test("a plan that cannot be read is made anew from what else is known; without that, the pod is left alone", arguments: [true, false])
    func unreadablePlan(isKnown: Bool) async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let main = try await sandbox.start(node.container("sleep 1000", name: "main"))
        let file = "\(node.root)/run/\(node.plan.pod.uid)/plan"
        let bytes = try SmallFile.bytes(file)
        try ControlFile.write("garbage".utf8, to: file, flags: O_TRUNC)
        let plan = node.plan
        let recovery = await node.runtime.recover { uid in isKnown && uid == plan.pod.uid ? plan : nil }
        #expect(recovery.lost.isEmpty)
        #expect(recovery.sandboxes.count == (isKnown ? 1 : 0) && recovery.unreadable == (isKnown ? [] : [node.plan.pod.uid]))
        #expect(kill(main.pid, 0) == 0)
        #expect(try SmallFile.bytes(file) == (isKnown ? bytes : Array("garbage".utf8)))
        #expect(access("\(file).unreadable", F_OK) == (isKnown ? 0 : -1))
        try await sandbox.shutDown()
        try node.checkClean()
    }

    @Test("logs keep long, unfinished and interleaved lines whole")
    func logs() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container("head -c 40000 /dev/zero | tr '\\0' x; echo; echo err >&2; printf 'a\\n\\nb'; printf c; yes 0123456789 | head -20000") {
            _ in
        }
        symlink("busybox", "\(node.root)/layers/base/bin/tr")
        #expect(try await sandbox.run(plan).code == 0)
        let records = try SmallFile.text("\(node.root)/logs/main/0.log").split(separator: "\n")
        let tags = records.filter { $0.contains("xxxx") }.map { $0.split(separator: " ")[2] }
        #expect(tags == ["P", "P", "F"])
        let time = try #require(records.first?.split(separator: " ").first)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z/) != nil)
        let lines = try node.output().split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0].count == 40000 && lines[1...3] == ["a", "", "bc0123456789"])
        #expect(lines.count == 4 + 19999 + 1 && lines[4...].dropLast().allSatisfy { $0 == "0123456789" })
        #expect(try node.output(stream: "stderr") == "err\n")
        try await node.tearDown(sandbox)
    }

    @Test("rotation keeps the number of files and splits no line")
    func rotation() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container("seq 1 5000") {
            $0.logMaxBytes = 20000
            $0.logMaxFiles = 3
        }
        #expect(try await sandbox.run(plan).code == 0)
        #expect(node.entries("\(node.root)/logs/main").sorted() == ["0.log", "0.log.1", "0.log.2"])
        var numbers: [Int] = []
        for file in ["0.log.2", "0.log.1", "0.log"] {
            let text = try SmallFile.text("\(node.root)/logs/main/\(file)")
            #expect(text.utf8.count <= 20000 && text.hasSuffix("\n"))
            numbers += text.split(separator: "\n").compactMap { Int($0.split(separator: " ")[3]) }
        }
        #expect(numbers.last == 5000 && numbers == Array((numbers.first ?? 0)...5000))
        try await node.tearDown(sandbox)
    }
}
