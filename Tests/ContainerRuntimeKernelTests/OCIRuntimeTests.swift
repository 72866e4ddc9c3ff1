import ContainerRuntime
import Glibc
import KubeAPI
import LinuxSystem
import PodPlanning
import SandboxPlan
import Testing

private let crun = OCIRuntime(handler: "crun", path: "/usr/bin/crun")
private let runc = OCIRuntime(handler: "runc", path: "/usr/sbin/runc")

@Suite(
    "Containers made by an OCI runtime",
    .enabled(if: canRunContainers && [crun, runc].allSatisfy { access($0.path, X_OK) == 0 }, "needs root, busybox-static, crun and runc"),
    .timeLimit(.minutes(5)), .tidy)
struct OCIRuntimeTests {
    @Test("a container is what its plan says", arguments: [crun, runc])
    func process(handler: OCIRuntime) async throws {
        let node = try TestNode(runtime: handler)
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = try node.bundle(
            "\(TestNode.processDescription); readlink /proc/self/ns/net; "
                + "grep -E '^(CapPrm|NoNewPrivs|Seccomp:)' /proc/self/status; echo again > /dev/stdout; ls /proc/self/fd | wc -l",
            change: { TestNode.changeProcess(of: &$0) })
        let exit = try await sandbox.run(plan)
        #expect(exit.code == 0 && exit.signal == nil && !exit.oomKilled && exit.finishedAt > exit.startedAt)
        let lines = try node.output().split(separator: "\n").map(String.init)
        let network = try #require(SmallFile.linkTarget("/proc/\(sandbox.pid)/ns/net"))
        #expect(
            lines == TestNode.changedProcess + [network, "CapPrm:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2", "again", "4"])
        #expect(try node.output(stream: "stderr") == "oops\n")
        try await node.tearDown(sandbox)
    }

    @Test("masked and read-only paths, mounts, devices and cgroups are those of the plan", arguments: [crun, runc])
    func filesystem(handler: OCIRuntime) async throws {
        let node = try TestNode(runtime: handler)
        let sandbox = try await node.runtime.createSandbox(node.plan)
        try DirectoryTree.make("\(node.root)/volume/sub")
        symlink("/etc", "\(node.root)/volume/escape")
        try ControlFile.write("data".utf8, to: "\(node.root)/volume/sub/file", flags: O_CREAT, mode: 0o644)
        let plan = try node.bundle(
            """
            test -s /proc/keys && echo keys; ls /sys/firmware | head -1
            echo 1 2>/dev/null > /proc/sys/kernel/hostname && echo writable-sys
            touch /file 2>/dev/null && echo writable-root
            touch /dev/shm/x && echo shm
            cat /mnt/sub/file /etc/one; touch /mnt/new && echo w; touch /ro/x 2>/dev/null || echo ro; ls /ro
            mknod /dev/kmem c 1 2 && { cat /dev/kmem > /dev/null 2>&1 || echo no-device; }
            test -c /dev/null -a -L /dev/ptmx -a -c /dev/pts/ptmx && echo devices
            ls -d /sys/fs/cgroup/*/ | head -1 | grep -q . && echo cgroup
            echo ready; sleep 1000
            """) {
                $0.root.isReadOnly = true
                $0.mounts += [
                    MountPlan(destination: "/mnt", source: .bind(root: "\(node.root)/volume", path: "", recursive: true)),
                    MountPlan(destination: "/ro", source: .bind(root: "\(node.root)/volume", path: "sub", recursive: true), options: .readOnly),
                    MountPlan(destination: "/etc/one", source: .bind(root: "\(node.root)/volume", path: "sub/file", recursive: false)),
                ]
            }
        let record = try await sandbox.start(plan)
        while try !node.output().contains("ready") { await Task.yield() }
        #expect(try node.output() == "shm\ndata" + "dataw\nro\nfile\nno-device\ndevices\ncgroup\nready\n")
        // In every hierarchy that has a directory for it, and in none that has not.
        let cgroups = try SmallFile.text("/proc/\(record.pid)/cgroup").split(separator: "\n")
        #expect(cgroups.filter { $0.hasSuffix("/\(node.cgroup)/pod/\(plan.id)") }.count == plan.cgroup.directories.count)
        #expect(cgroups.allSatisfy { $0.hasSuffix("/\(plan.id)") || !$0.contains(node.cgroup) })
        // What it was made of is nowhere in the host's mounts while it runs.
        #expect(!(try SmallFile.text("/proc/self/mountinfo").contains("\(node.root)/containers")))
        let escaping = try node.bundle("true", name: "escaping") {
            $0.mounts.append(MountPlan(destination: "/mnt", source: .bind(root: "\(node.root)/volume", path: "escape/passwd", recursive: false)))
        }
        await #expect(throws: RuntimeError.stepFailed(step: "mount source", subject: "escape/passwd", code: ENOENT)) {
            try await sandbox.start(escaping)
        }
        try await node.tearDown(sandbox)
    }

    @Test("exit codes, signals and the out-of-memory killer are told apart", arguments: [crun, runc])
    func exits(handler: OCIRuntime) async throws {
        let node = try TestNode(runtime: handler)
        let sandbox = try await node.runtime.createSandbox(node.plan)
        #expect(try await sandbox.run(node.bundle("exit 42", name: "code")).code == 42)
        let trapping = try node.bundle("trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done", name: "trapping")
        _ = try await sandbox.start(trapping)
        while try !node.output("trapping").contains("ready") { await Task.yield() }
        try await sandbox.signal(trapping.id, SIGTERM)
        #expect(try await sandbox.exit(of: trapping.id).code == 3)
        // Nobody is there to be signalled, which is no error.
        try await sandbox.signal(trapping.id, SIGTERM)
        let killed = try node.bundle("sleep 1000", name: "killed")
        _ = try await sandbox.start(killed)
        try await sandbox.signal(killed.id, SIGKILL, wholeCgroup: true)
        let exit = try await sandbox.exit(of: killed.id)
        #expect(exit.code == 137 && exit.signal == 9 && !exit.oomKilled)
        let hungry = try node.bundle("dd if=/dev/zero of=/dev/null bs=256M count=1", name: "hungry") { plan in
            let directory = node.layout.directory("\(node.cgroup)/pod/\(plan.id)", controller: "memory") ?? ""
            plan.cgroup.writes = [
                CgroupWrite(file: "\(directory)/\(node.layout.isUnified ? "memory.max" : "memory.limit_in_bytes")", value: "\(64 << 20)")
            ]
        }
        let end = try await sandbox.run(hungry)
        let errors = try node.output("hungry", stream: "stderr")
        #expect(end.oomKilled && end.code == 137, "\(end) \(errors)")
        #expect(try await sandbox.containers().map { $0.exit?.code } == [42, 3, 137, 137])
        try await sandbox.remove(killed.id)
        #expect(node.entries("\(node.root)/run/\(node.plan.pod.uid)/oci").sorted().contains(killed.id) == false)
        #expect(try await sandbox.containers().count == 3)
        try await node.tearDown(sandbox)
    }

    @Test("what the runtime says of a failing start is passed on, and nothing remains", arguments: [crun, runc])
    func failingStart(handler: OCIRuntime) async throws {
        let node = try TestNode(runtime: handler)
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = try node.bundle("") { $0.process.arguments = ["/absent/program"] }
        let error = await #expect(throws: RuntimeError.self) { try await sandbox.start(plan) }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("\(handler.handler) create: ") && text.contains("/absent/program") && text.lowercased().contains("no such file or directory"), "\(text)")
        #expect(access(plan.root.scratch, F_OK) != 0 && access(plan.cgroup.directories[0], F_OK) != 0)
        #expect(try await sandbox.containers().isEmpty)
        try await node.tearDown(sandbox)
    }

    @Test("commands have the container's world, their own streams or terminal, and an end of their own", arguments: [crun, runc])
    func exec(handler: OCIRuntime) async throws {
        let node = try TestNode(runtime: handler)
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = try node.bundle("sleep 1000")
        _ = try await sandbox.start(plan)
        let script = "cat; echo err >&2; readlink /proc/self/ns/mnt; readlink /proc/1/ns/mnt; cat /proc/1/comm; grep Seccomp: /proc/self/status; exit 9"
        let session = try await sandbox.exec(plan.id, node.process(["sh", "-c", script]), stdin: true)
        let input = try #require(session.stdin)
        #expect(write(input, "typed\n", 6) == 6)
        close(input)
        let (output, error) = (try await readAll(session.stdout), try await readAll(session.stderr))
        #expect(await session.exitCode() == 9)
        let lines = output.split(separator: "\n")
        #expect(lines.count == 5 && lines[0] == "typed" && lines[1] == lines[2] && lines[3] == "sleep" && lines[4] == "Seccomp:\t2")
        #expect(error == "err\n")

        var command = node.process(["sh", "-c", "read line; tty; stty size; echo \"got $line\"; test -t 0 -a -t 2 && echo tty"])
        command.tty = true
        let screen = try await sandbox.exec(plan.id, command)
        screen.resize(rows: 50, columns: 132)
        let terminal = try #require(screen.terminal)
        #expect(write(terminal, "hello\n", 6) == 6)
        #expect(try await readAll(terminal).contains("50 132\r\ngot hello\r\ntty\r\n"))
        #expect(await screen.exitCode() == 0)

        let failure = await #expect(throws: RuntimeError.self) { _ = try await sandbox.exec(plan.id, node.process(["/absent"])) }
        #expect(failure?.description.hasPrefix("\(handler.handler) exec: ") == true && failure?.description.contains("/absent") == true, "\(failure?.description ?? "")")

        let long = try await sandbox.exec(plan.id, node.process(["sh", "-c", "sleep 1000 & echo started; sleep 1000"]))
        try await long.kill()
        #expect(await long.exitCode() == 137)
        _ = try await readAll(long.stdout)
        if let error = long.stderr { close(error) }
        // What the environment says is nowhere on the disk.
        #expect(Set(node.entries(plan.root.scratch)) == ["bundle", "merged", "upper", "work"] && node.entries("\(plan.root.scratch)/bundle").isEmpty)
        try await node.tearDown(sandbox)
    }

    @Test("a container's own terminal and stdin can be attached to", arguments: [crun, runc])
    func attach(handler: OCIRuntime) async throws {
        let node = try TestNode(runtime: handler)
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let screen = try node.bundle("read line; stty size; echo \"saw $line\"", name: "screen") {
            $0.process.tty = true
            $0.stdin = true
        }
        _ = try await sandbox.start(screen)
        let session = try await sandbox.attach(screen.id)
        let terminal = try #require(session.terminal)
        session.resize(rows: 33, columns: 77)
        #expect(write(terminal, "dust\n", 5) == 5)
        close(terminal)
        #expect(try await sandbox.exit(of: screen.id).code == 0)
        close(session.stdout)
        let seen = try node.output("screen")
        #expect(seen.contains("33 77") && seen.contains("saw dust"), "\(seen.debugDescription)")
        let reader = try node.bundle("read line; echo \"read $line\"; exit 5", name: "reader") { $0.stdin = true }
        _ = try await sandbox.start(reader)
        let other = try await sandbox.attach(reader.id)
        let input = try #require(other.stdin)
        #expect(write(input, "leaves\n", 7) == 7)
        close(input)
        #expect(try await sandbox.exit(of: reader.id).code == 5)
        #expect(try node.output("reader") == "read leaves\n")
        close(other.stdout)
        if let error = other.stderr { close(error) }
        try await node.tearDown(sandbox)
    }

    @Test("containers of a pod share processes when asked, and one may look at another's", arguments: [crun, runc])
    func sharedProcesses(handler: OCIRuntime) async throws {
        for scope in [PodNamespaces.PIDScope.pod, .container] {
            let node = try TestNode(runtime: handler) { $0.namespaces.pid = scope }
            let sandbox = try await node.runtime.createSandbox(node.plan)
            let sleeper = try node.bundle("exec sleep 4711", name: "sleeper")
            _ = try await sandbox.start(sleeper)
            let observer = try node.bundle("ps | grep -c '[s]leep 4711'", name: "observer") { $0.processTarget = scope == .pod ? nil : sleeper.id }
            #expect(try await sandbox.run(observer).code == 0)
            #expect(try node.output("observer") == "1\n")
            try await node.tearDown(sandbox)
        }
    }

    @Test("a pod outlives its client; with its supervisor killed, it is cleared away", arguments: [crun, runc])
    func recovery(handler: OCIRuntime) async throws {
        let node = try TestNode(runtime: handler)
        var sandbox: Sandbox? = try await node.runtime.createSandbox(node.plan)
        let plan = try node.bundle("sleep 1000")
        let record = try #require(try await sandbox?.start(plan))
        sandbox = nil
        let found = await (try node.runtime(patience: .seconds(15))).recover()
        let living = try #require(found.sandboxes.first)
        #expect(living.plan == node.plan && found.lost.isEmpty)
        #expect(try await living.containers() == [record])
        let session = try await living.exec(plan.id, node.process(["echo", "here"]))
        #expect(try await readAll(session.stdout) == "here\n")
        if let error = session.stderr { close(error) }
        #expect(await session.exitCode() == 0)
        kill(living.pid, SIGKILL)
        for await event in living.events { if case .sandboxLost = event { break } }
        let after = await (try node.runtime(patience: .seconds(15))).recover()
        #expect(after.lost.map(\.pod) == [node.plan.pod] && after.sandboxes.isEmpty)
        try await node.runtime.removeScratch(of: plan)
        try node.checkClean()
    }

    @Test("a runtime that is killed, or of which nothing is heard, fails a start or goes with the pod")
    func brokenRuntime() async throws {
        let node = try TestNode(runtime: OCIRuntime(handler: "broken", path: "/tmp/berth-test-broken-runtime-\(getpid())"))
        let path = try #require(node.plan.runtime?.path)
        defer { unlink(path) }
        try ControlFile.write(
            "#!/bin/sh\ncase \"$*\" in *' create '*hanging*) exec sleep 1000;; *' create '*) kill -9 $$;; esac\n".utf8, to: path, flags: O_CREAT, mode: 0o755)
        let sandbox = try await node.runtime.createSandbox(node.plan)
        await #expect(throws: RuntimeError.stepFailed(step: "berth-test-broken-runtime-\(getpid()) create".cut, subject: "exit code 137", code: 0)) {
            try await sandbox.start(try node.bundle("true"))
        }
        #expect(try await sandbox.containers().isEmpty)
        let hanging = try node.bundle("true", name: "hanging") { $0.root.scratch += "-hanging" }
        let start = Task { try await sandbox.start(hanging) }
        let end = ContinuousClock.now + .seconds(60)
        while access("\(hanging.root.scratch)/bundle", F_OK) != 0, ContinuousClock.now < end { await Task.yield() }
        try await sandbox.shutDown()
        await #expect(throws: RuntimeError.self) { _ = try await start.value }
        try await node.runtime.removeScratch(of: hanging)
        try node.checkClean()
    }

    @Test("a command of the runtime that does not end is ended, with all it has started, and says so", arguments: ["create", "start"])
    func hangingStart(verb: String) async throws {
        let script = try StubRuntime("case \"$*\" in *' \(verb) '*) sleep 1001 & setsid sleep 1002 & sleep 1003;; *' create '*) echo $$ > pid;; esac")
        let node = try TestNode(runtime: script.runtime(seconds: 1))
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = try node.bundle("true")
        await #expect(throws: RuntimeError.stepFailed(step: "\(script.name) \(verb)".cut, subject: "no end within 1 s", code: 0)) {
            try await sandbox.start(plan)
        }
        #expect(try await sandbox.containers().isEmpty)
        #expect(access(plan.root.scratch, F_OK) != 0 && access(plan.cgroup.directories[0], F_OK) != 0)
        try await sandbox.shutDown()
        try node.checkClean()
    }

    @Test("kill, exec and delete that do not end hold nothing up: the container is ended without them", arguments: [crun, runc])
    func hangingCommands(handler: OCIRuntime) async throws {
        let script = try StubRuntime("case \"$*\" in *' kill '*|*' exec '*|*' delete '*) sleep 1001 & sleep 1002;; *) exec \(handler.path) \"$@\";; esac")
        let node = try TestNode(runtime: script.runtime(seconds: 1))
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = try node.bundle("trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done")
        _ = try await sandbox.start(plan)
        while try !node.output().contains("ready") { await Task.yield() }
        await #expect(throws: RuntimeError.stepFailed(step: "\(script.name) exec".cut, subject: "no end within 1 s", code: 0)) {
            _ = try await sandbox.exec(plan.id, node.process(["true"]))
        }
        try await sandbox.signal(plan.id, SIGTERM)
        #expect(try await sandbox.exit(of: plan.id).code == 3)
        try await sandbox.remove(plan.id)
        #expect(try await sandbox.containers().isEmpty)
        try await node.tearDown(sandbox)
    }
}

/// A program with the command line of an OCI runtime that misbehaves, until it is let go of.
private final class StubRuntime {
    let path = "/tmp/berth-test-stub-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    var name: String { String(path.dropFirst("/tmp/".count)) }

    init(_ script: String) throws {
        try ControlFile.write("#!/bin/bash\n\(script)\n".utf8, to: path, flags: O_CREAT, mode: 0o755)
    }

    deinit { unlink(path) }

    func runtime(seconds: Int) -> OCIRuntime { OCIRuntime(handler: "stub", path: path, commandSeconds: seconds) }
}

extension TestNode {
    /// The container with the document that the node's OCI runtime reads.
    func bundle(_ script: String, name: String = "main", change: (inout ContainerPlan) -> Void = { _ in }) throws -> ContainerPlan {
        var plan = container(script, name: name, change: change)
        plan.process.document = try ociConfiguration(
            of: plan, in: self.plan.namespaces, seccomp: runtimeDefaultSeccompDocument(capabilities: plan.process.capabilities.bounding),
            mayUseAllDevices: false, isUnified: layout.isUnified
        ).description
        return plan
    }
}

extension SandboxRuntime {
    /// As the agent does where no supervisor is left to say whose it is.
    nonisolated func removeScratch(of plan: ContainerPlan) async throws {
        try FileTree.remove(path: plan.root.scratch)
    }
}

extension String {
    /// As a reply's field has room for it.
    fileprivate var cut: String { String(prefix(31)) }
}
