import ContainerRuntime
import Glibc
import LinuxSystem
import SandboxPlan
import Testing

/// CAP_SYS_PTRACE beside Docker's default set.
private let tracing: UInt64 = 0xa80425fb | 1 << 19

@Suite("Who is reached through the processes of a pod", .enabled(if: canRunContainers, "needs root and busybox-static"), .timeLimit(.minutes(5)), .tidy)
struct ProcessIsolationTests {
    /// Looks for the host's files through everything in /proc, without a pause, until told to stop.
    static let hunt = """
        until test -e /tmp/stop; do
          for entry in /proc/[0-9]*; do
            test -e $entry/root/etc/berth-test-host && echo "reached by $entry"
            test -e $entry/cwd/plan && echo "pod directory by $entry"
          done
        done; echo over
        """

    @Test("the first process of a shared PID namespace has an empty root, no privilege and no descriptor")
    func firstProcess() async throws {
        let node = try TestNode { $0.namespaces.pid = .pod }
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container(
            """
            ls -a /proc/1/root; ls -a /proc/1/cwd; grep -E '^(Cap(Prm|Eff|Bnd)|Uid|Groups|NoNewPrivs|Seccomp):' /proc/1/status | tr '\\t' ' '
            ls /proc/1/fd; readlink /proc/1/ns/mnt > /tmp/1; readlink /proc/self/ns/mnt > /tmp/self; ls /proc/1/task | wc -l
            """
        ) { $0.process.capabilities = CapabilitySets(bounding: tracing, effective: tracing, permitted: tracing) }
        #expect(try await sandbox.run(plan).code == 0)
        let zero = "0000000000000000"
        #expect(
            try node.output()
                == ".\n..\n.\n..\nUid: 65534 65534 65534 65534\nGroups:  \nCapPrm: \(zero)\nCapEff: \(zero)\nCapBnd: \(zero)\nNoNewPrivs: 1\nSeccomp: 1\n0\n1\n")
        try await node.tearDown(sandbox)
    }

    @Test("a container that may trace finds no way to the host while others are started and commanded", arguments: [PodNamespaces.PIDScope.pod, .container])
    func hunt(scope: PodNamespaces.PIDScope) async throws {
        let node = try TestNode { $0.namespaces.pid = scope }
        // What only the host has: the layer of the containers has an /etc too.
        let mark = try OwnedFileDescriptor(opening: "/etc/berth-test-host", flags: O_WRONLY | O_CREAT, mode: 0o644)
        defer { unlink("/etc/berth-test-host") }
        _ = mark.rawValue
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let hunter = node.container(Self.hunt, name: "hunter") {
            $0.process.capabilities = CapabilitySets(bounding: tracing, effective: tracing, permitted: tracing)
        }
        _ = try await sandbox.start(hunter)
        for round in 0..<20 {
            if scope == .pod { _ = try await sandbox.run(node.container("true", name: "other-\(round)")) }
            let command = try await sandbox.exec(hunter.id, node.process(["/bin/true"]))
            #expect(await command.exitCode() == 0)
            for descriptor in [command.stdout, command.stderr] { if let descriptor { close(descriptor) } }
        }
        let stop = try await sandbox.exec(hunter.id, node.process(["touch", "/tmp/stop"]))
        for descriptor in [stop.stdout, stop.stderr] { if let descriptor { close(descriptor) } }
        #expect(try await sandbox.exit(of: hunter.id).code == 0)
        #expect(try node.output("hunter") == "over\n")
        try await node.tearDown(sandbox)
    }

    @Test("orphans of a shared PID namespace are taken in, and the pod ends with its first process")
    func anchor() async throws {
        let node = try TestNode { $0.namespaces.pid = .pod }
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container("(sleep 0.1 &) ; sleep 0.3; ps -o pid,ppid,stat,comm; exec sleep 1000")
        let started = try await sandbox.start(plan)
        let command = try await sandbox.exec(plan.id, node.process(["sh", "-c", "kill -9 1; kill -TERM 1; sleep 0.5; ps -o stat | grep -c Z"]))
        #expect(try await readAll(command.stdout) == "0\n")
        #expect(await command.exitCode() == 1)
        if let error = command.stderr { close(error) }
        #expect(kill(started.pid, 0) == 0)

        let children = try SmallFile.text("/proc/\(sandbox.pid)/task/\(sandbox.pid)/children").split(separator: " ").compactMap { pid_t($0) }
        let first = try #require(children.first { $0 != started.pid })
        #expect(kill(first, SIGKILL) == 0)
        var last: SandboxEvent?
        for await event in sandbox.events { last = event }
        #expect(last == .sandboxLost)
        let recovery = await node.runtime.recover()
        #expect(recovery.lost.map(\.pod) == [node.plan.pod])
        try node.removeScratches()
        try node.checkClean()
    }

    @Test("an ephemeral container sees the processes of its target, and no others do")
    func target() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let main = node.container("exec sleep 4242")
        _ = try await sandbox.start(main)
        let debug = node.container("readlink /proc/self/root; tr '\\0' ' ' < /proc/1/cmdline; echo", name: "debug") {
            $0.processTarget = main.id
        }
        let end = try await sandbox.run(debug)
        let errors = try node.output("debug", stream: "stderr")
        #expect(end.code == 0, "\(errors)")
        #expect(try node.output("debug").hasPrefix("/\nsleep 4242 \n"))
        let late = node.container("true", name: "late") { $0.processTarget = String(repeating: "0", count: 64) }
        await #expect(throws: RuntimeError.stepFailed(step: "process target", subject: "", code: ESRCH)) { _ = try await sandbox.start(late) }
        try await node.tearDown(sandbox)
    }
}
