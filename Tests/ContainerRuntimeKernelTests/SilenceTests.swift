import ContainerRuntime
import Glibc
import LinuxSystem
import PodPlanning
import SandboxPlan
import Testing

@Suite("Supervisors that do not answer", .enabled(if: canRunContainers, "needs root and busybox-static"), .timeLimit(.minutes(5)), .tidy)
struct SilenceTests {
    private let moment = Duration.milliseconds(300)

    @Test("whatever is asked of one that is stopped fails in time, and its pod can be ended")
    func stopped() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime(patience: moment, longPatience: moment).createSandbox(node.plan)
        let main = node.container("sleep 1000")
        let process = try ProcessHandle(pid: try await sandbox.start(main).pid)
        kill(sandbox.pid, SIGSTOP)
        let silence = RuntimeError.unresponsive(pod: node.plan.pod.uid, after: moment)
        await #expect(throws: silence) { try await sandbox.start(node.container("sleep 1000", name: "other")) }
        await #expect(throws: silence) { try await sandbox.exec(main.id, node.process(["true"])) }
        await #expect(throws: silence) { try await sandbox.attach(main.id) }
        await #expect(throws: silence) { try await sandbox.connect(port: 80) }
        await #expect(throws: silence) { try await sandbox.signal(main.id, SIGKILL) }
        await #expect(throws: silence) { try await sandbox.containers() }
        await #expect(throws: silence) { try await sandbox.remove(main.id) }
        #expect(silence.remedy != nil)
        #expect(try !process.waitForEnd(milliseconds: 0))
        try await sandbox.shutDown()
        #expect(try process.waitForEnd(milliseconds: 5000))
        try node.removeScratches()
        try node.checkClean()
    }

    @Test("a command that starts when nobody waits for it any more is killed")
    func lateCommand() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let main = node.container("sleep 1000")
        _ = try await sandbox.start(main)
        kill(sandbox.pid, SIGSTOP)
        await #expect(throws: RuntimeError.unresponsive(pod: node.plan.pod.uid, after: moment)) {
            try await sandbox.exec(main.id, node.process(["sleep", "1000"]), within: moment)
        }
        kill(sandbox.pid, SIGCONT)
        // Requests are taken in order: after the second, the first has been begun.
        for _ in 0..<2 {
            let session = try await sandbox.exec(main.id, node.process(["true"]))
            #expect(await session.exitCode() == 0)
            for descriptor in [session.stdout, session.stderr] { if let descriptor { close(descriptor) } }
        }
        while try CgroupDirectory(main.cgroup.directories[0]).processes().count > 1 { try await Task.sleep(for: .milliseconds(5)) }
        try await node.tearDown(sandbox)
    }

    @Test("who connects while a container is being started is told of it, and of its failure", arguments: [true, false])
    func starting(succeeds: Bool) async throws {
        let crun = "/usr/bin/crun"
        try #require(access(crun, X_OK) == 0)
        var template = Array("/tmp/berth-slow.XXXXXX".utf8CString)
        let directory = String(cString: try #require(mkdtemp(&template)))
        defer { for name in ["/crun", "/go", ""] { remove(directory + name) } }
        // It takes its time over a container, until there is a file.
        let script = """
            #!/bin/sh
            case " $* " in *" create "*) while [ ! -e \(directory)/go ]; do /bin/sleep 0.02; done; \(succeeds ? "" : "exit 1");; esac
            exec \(crun) "$@"

            """
        try ControlFile.write(script.utf8, to: "\(directory)/crun", flags: O_CREAT, mode: 0o755)
        let node = try TestNode(runtime: OCIRuntime(handler: "slow", path: "\(directory)/crun"))
        var first: Sandbox? = try await node.runtime(patience: moment, longPatience: moment).createSandbox(node.plan)
        let plan = try node.bundle("sleep 1000")
        await #expect(throws: RuntimeError.unresponsive(pod: node.plan.pod.uid, after: moment)) { try await first?.start(plan) }
        first = nil

        let recovery = await node.runtime.recover()
        let again = try #require(recovery.sandboxes.first)
        #expect(try await again.containers().map(\.id) == [plan.id])
        try ControlFile.write("".utf8, to: "\(directory)/go", flags: O_CREAT, mode: 0o644)
        if succeeds {
            while SmallFile.firstLine("/proc/\(try #require(try await again.containers().first).pid)/comm") != "sleep" { try await Task.sleep(for: .milliseconds(5)) }
            #expect(try await again.containers().map { $0.exit?.code } == [nil])
        } else {
            #expect(try await again.exit(of: plan.id).code == 128)
            try await again.remove(plan.id)
            #expect(try await again.containers().isEmpty)
        }
        try await node.tearDown(again)
    }
}
