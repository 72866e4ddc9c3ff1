import ContainerRuntime
import Glibc
import LinuxSystem
import SandboxPlan
import Testing

@Suite("Pods with users of their own", .enabled(if: canRunContainers, "needs root and busybox-static"), .timeLimit(.minutes(5)), .tidy)
struct UserNamespaceTests {
    static let base: UInt32 = 0x7000_0000

    /// A node whose pods map their ids, and containers as the planner makes them for such pods.
    static func node(pid: PodNamespaces.PIDScope = .container) throws -> TestNode {
        let node = try TestNode {
            $0.namespaces.user = IDMapping(hostBase: base, length: 65536)
            $0.namespaces.pid = pid
        }
        try DirectoryTree.make("\(node.root)/volume", mode: 0o755)
        return node
    }

    static func container(_ node: TestNode, _ script: String, name: String = "main", change: (inout ContainerPlan) -> Void = { _ in }) -> ContainerPlan {
        node.container(script, name: name) { plan in
            for index in plan.mounts.indices {
                switch plan.mounts[index].destination {
                case "/dev": plan.mounts[index].source = .filesystem(type: "tmpfs", data: "mode=755,size=65536k,uid=\(base),gid=\(base)")
                case "/dev/pts":
                    plan.mounts[index].source = .filesystem(type: "devpts", data: "newinstance,ptmxmode=0666,mode=0620,gid=\(base + 5)")
                default: break
                }
            }
            plan.mounts.append(MountPlan(destination: "/volume", source: .bind(root: "\(node.root)/volume", path: "", recursive: true), options: .idMapped))
            change(&plan)
        }
    }

    @Test("root inside is nobody outside: processes, layers, volumes and new directories", arguments: [PodNamespaces.PIDScope.container, .pod])
    func ownership(scope: PodNamespaces.PIDScope) async throws {
        let node = try Self.node(pid: scope)
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = Self.container(
            node,
            """
            id -u; tr -s ' ' < /proc/self/uid_map; stat -c '%u %g %n' / /bin /bin/busybox /dev /made /volume /dev/shm
            echo text > /volume/file && touch /bin/new && echo hello > /dev/null && echo again > /dev/stdout && stat -c '%u' /volume/file /bin/new
            chown 1000 /volume/file && touch /tmp/ready; hostname; exec sleep 1000
            """
        ) { $0.process.workingDirectory = "/made" }
        let started = try await sandbox.start(plan)
        let waiting = try await sandbox.exec(plan.id, node.process(["sh", "-c", "until test -e /tmp/ready; do sleep 0.01; done; id -u; cat /proc/self/uid_map"]))
        #expect(try await readAll(waiting.stdout).split { " \n".contains($0) } == ["0", "0", "\(Self.base)", "65536"])
        #expect(await waiting.exitCode() == 0)
        if let error = waiting.stderr { close(error) }
        let names = ["/", "/bin", "/bin/busybox", "/dev", "/made", "/volume", "/dev/shm"]
        #expect(
            try node.output() == "0\n 0 \(Self.base) 65536\n" + names.map { "0 0 \($0)\n" }.joined() + "again\n0\n0\ntest-host\n")

        #expect(try SmallFile.text("/proc/\(started.pid)/status").contains("\nUid:\t\(Self.base)\t\(Self.base)\t"))
        #expect(try owner("\(node.root)/volume/file") == 1000, "volumes keep the ids that the container uses")
        #expect(try owner("\(plan.root.scratch)/upper/bin/new") == Self.base)
        try await node.tearDown(sandbox)
    }

    private func owner(_ path: String) throws -> UInt32 {
        var status = stat()
        try systemCall("lstat", on: path) { lstat(path, &status) }
        return status.st_uid
    }

    @Test("all capabilities of such a pod are worth nothing to the host")
    func capabilities() async throws {
        let node = try Self.node()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let all: UInt64 = 0x1ff_ffff_ffff
        let plan = Self.container(
            node,
            """
            mount -t tmpfs none /tmp && echo mounted
            mknod /disk b 7 0 2>/dev/null || echo no node
            (: < /dev/disk) 2>/dev/null || echo no disk
            echo c > /proc/sysrq-trigger || echo no sysrq
            echo x > /proc/sys/kernel/core_pattern || echo no core pattern
            umount /proc/keys 2>/dev/null || echo still masked
            mount -o remount,rw,bind /proc/sys 2>/dev/null || echo still read-only
            hostname other && hostname
            chown 0 /dev/null 2>/dev/null || echo not mine
            """
        ) {
            $0.process.capabilities = CapabilitySets(bounding: all, effective: all, permitted: all)
            $0.readOnlyPaths += ["/proc/sysrq-trigger"]
            // As a privileged container gets it.
            $0.devices.append(DevicePlan(path: "/dev/disk", type: .block, major: 7, minor: 0, mode: 0o660))
        }
        _ = try await sandbox.run(plan)
        #expect(
            try node.output()
                == "mounted\nno node\nno disk\nno sysrq\nno core pattern\nstill masked\nstill read-only\nother\nnot mine\n")
        try await node.tearDown(sandbox)
    }

    @Test("a terminal, a command of another user, attaching and a port work as without")
    func sessions() async throws {
        let node = try Self.node()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = Self.container(node, "(while true; do echo served | nc -l -p 8080; done) & read line; echo got $line; exec sleep 1000") {
            $0.stdin = true
        }
        _ = try await sandbox.start(plan)
        var shell = node.process(["sh", "-c", "tty; stat -c '%u %g' $(tty); echo x > /dev/tty; id -u"])
        shell.tty = true
        shell.uid = 33
        shell.gid = 33
        let terminal = try await sandbox.exec(plan.id, shell)
        #expect(try await readAll(terminal.terminal).split { "\r\n".contains($0) } == ["/dev/pts/0", "33 5", "x", "33"])
        #expect(await terminal.exitCode() == 0)

        let attached = try await sandbox.attach(plan.id)
        let input = try #require(attached.stdin)
        #expect(write(input, "word\n", 5) == 5)
        let output = OwnedFileDescriptor(adopting: attached.stdout)
        let raw = output.rawValue
        #expect(try await onDedicatedThread { () throws(SystemCallError) in
            var answer = [UInt8](repeating: 0, count: 9)
            var count = 0
            while count < 9 { count += try systemCall("read", on: "output") { read(raw, &answer[count], 9 - count) } }
            return String(decoding: answer, as: UTF8.self)
        } == "got word\n")
        for descriptor in [attached.stdin, attached.stderr] { if let descriptor { close(descriptor) } }
        #expect(try await readAll(try await blocking(sandbox.connect(port: 8080))) == "served\n")
        try await node.tearDown(sandbox)
    }

    private func blocking(_ socket: CInt) throws -> CInt {
        try systemCall("fcntl", on: "socket") { fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK) }
        return socket
    }

    @Test("a volume on a file system that cannot map ids is refused by name")
    func notMappable() async throws {
        let node = try Self.node()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = Self.container(node, "true") {
            $0.mounts.append(MountPlan(destination: "/host", source: .bind(root: "/sys", path: "", recursive: false), options: .idMapped))
        }
        await #expect(throws: RuntimeError.stepFailed(step: "id-mapped mount", subject: "/host", code: EINVAL)) { _ = try await sandbox.start(plan) }
        try await node.tearDown(sandbox)
    }
}
