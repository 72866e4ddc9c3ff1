import ContainerRuntime
import Glibc
import LinuxSystem
import SandboxPlan
import Testing

@Suite("Launching containers", .enabled(if: canRunContainers, "needs root and busybox-static"), .timeLimit(.minutes(5)), .tidy)
struct LaunchTests {
    @Test("arguments, environment, directory, user, limits, host name and standard streams are as planned")
    func process() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container(
            "\(TestNode.processDescription); readlink /proc/self/ns/net", change: { TestNode.changeProcess(of: &$0) })
        let exit = try await sandbox.run(plan)
        #expect(exit.code == 0 && exit.signal == nil && !exit.oomKilled && exit.finishedAt > exit.startedAt)
        let lines = try node.output().split(separator: "\n").map(String.init)
        #expect(Array(lines.prefix(9)) == TestNode.changedProcess)
        #expect(try node.output(stream: "stderr") == "oops\n")
        try await node.tearDown(sandbox)
    }

    @Test("capabilities, no_new_privs and seccomp are in force")
    func confinement() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        // Kills the program at mkdirat and mkdir with EPERM, allows the rest: BPF by hand, for the numbers of this machine.
        #if arch(x86_64)
        let (mkdir, mkdirat): (UInt32, UInt32) = (83, 258)
        #else
        let (mkdir, mkdirat): (UInt32, UInt32) = (34, 34)
        #endif
        func filter(_ code: UInt16, _ yes: UInt8, _ no: UInt8, _ k: UInt32) -> [UInt8] {
            [UInt8(code & 0xff), UInt8(code >> 8), yes, no] + (0..<4).map { UInt8(k >> (8 * $0) & 0xff) }
        }
        let program =
            filter(0x20, 0, 0, 0) + filter(0x15, 2, 0, mkdir) + filter(0x15, 1, 0, mkdirat) + filter(0x06, 0, 0, 0x7fff_0000)
            + filter(0x06, 0, 0, 0x0005_0001)
        let plan = node.container("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; mkdir /tmp/x 2>/dev/null || echo refused") {
            $0.process.seccomp = program
            $0.process.capabilities = CapabilitySets(bounding: 0x421, effective: 0x401, permitted: 0x421, inheritable: 0x20, ambient: 0)
        }
        #expect(try await sandbox.run(plan).code == 0)
        let text = try node.output()
        for expected in ["CapInh:\t0000000000000020", "CapPrm:\t0000000000000421", "CapBnd:\t0000000000000421", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2", "refused"] {
            #expect(text.contains(expected), "\(expected) is not in \(text)")
        }
        let user = node.container("grep -E '^Cap(Prm|Amb)' /proc/self/status", name: "user") {
            $0.process.uid = 33
            $0.process.capabilities = CapabilitySets(bounding: 0x401, effective: 0x400, permitted: 0x400, inheritable: 0x400, ambient: 0x400)
        }
        #expect(try await sandbox.run(user).code == 0)
        #expect(try node.output("user") == "CapPrm:\t0000000000000400\nCapAmb:\t0000000000000400\n")
        try await node.tearDown(sandbox)
    }

    @Test("masked and read-only paths, a read-only root, and the devices")
    func filesystem() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container(
            """
            test -s /proc/keys && echo keys; ls /sys/firmware | head -1
            echo 1 2>/dev/null > /proc/sys/kernel/hostname && echo writable-sys
            touch /file 2>/dev/null && echo writable-root
            touch /dev/shm/x && echo shm
            stat -c '%n %F' /dev/null /dev/ptmx /dev/fd /dev/pts/ptmx
            cat /dev/zero | head -c 3 | dd bs=1 2>/dev/null > /dev/null && echo zero
            ls /layers 2>/dev/null; ls /sys/fs/cgroup | head -1 | grep -q . && echo cgroup
            mount | grep -c ' / '
            """) { $0.root.isReadOnly = true }
        #expect(try await sandbox.run(plan).code == 0)
        let output = try node.output()
        #expect(
            output == """
                shm
                /dev/null character special file
                /dev/ptmx symbolic link
                /dev/fd symbolic link
                /dev/pts/ptmx character special file
                zero
                cgroup
                1

                """)
        // Nothing of the supervisor's is open in a container; 3 is the directory that ls itself reads.
        let descriptors = node.container("exec ls /proc/self/fd", name: "descriptors")
        #expect(try await sandbox.run(descriptors).code == 0)
        #expect(try node.output("descriptors") == "0\n1\n2\n3\n")
        try await node.tearDown(sandbox)
    }

    @Test("binds follow their options, and resolve paths beneath their root only")
    func binds() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        try DirectoryTree.make("\(node.root)/volume/sub")
        symlink("/etc", "\(node.root)/volume/escape")
        try ControlFile.write("data".utf8, to: "\(node.root)/volume/sub/file", flags: O_CREAT, mode: 0o644)
        let plan = node.container("cat /mnt/sub/file /etc/one; touch /mnt/new && echo w; touch /ro/x 2>/dev/null || echo ro; ls /var/run/secrets") {
            $0.mounts += [
                MountPlan(destination: "/mnt", source: .bind(root: "\(node.root)/volume", path: "", recursive: true)),
                MountPlan(destination: "/ro", source: .bind(root: "\(node.root)/volume", path: "sub", recursive: true), options: .readOnly),
                MountPlan(destination: "/etc/one", source: .bind(root: "\(node.root)/volume", path: "sub/file", recursive: false)),
                MountPlan(destination: "/var/run/secrets", source: .bind(root: "\(node.root)/volume", path: "sub", recursive: false)),
            ]
        }
        #expect(try await sandbox.run(plan).code == 0)
        #expect(try node.output() == "datadata" + "w\nro\nfile\n")
        let escaping = node.container("true", name: "escaping") {
            $0.mounts.append(MountPlan(destination: "/mnt", source: .bind(root: "\(node.root)/volume", path: "escape/passwd", recursive: false)))
        }
        await #expect(throws: RuntimeError.stepFailed(step: "mount source", subject: "escape/passwd", code: ENOENT)) {
            try await sandbox.start(escaping)
        }
        try await node.tearDown(sandbox)
    }

    @Test("an image whose directories are symbolic links to the outside stays inside")
    func hostileRoot() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        try DirectoryTree.make("\(node.root)/layers/hostile")
        try DirectoryTree.make("\(node.root)/target")
        for (link, target) in [("etc", "../../../../../../..\(node.root)/target"), ("srv", "\(node.root)/target"), ("var", "/absent/dir")] {
            symlink(target, "\(node.root)/layers/hostile/\(link)")
        }
        try DirectoryTree.make("\(node.root)/volume")
        let plan = node.container("touch /srv/inside /etc/inside /var/inside; ls /srv", name: "inside") {
            $0.root.layers = ["\(node.root)/layers/base", "\(node.root)/layers/hostile"]
            $0.process.workingDirectory = "/srv/cwd"
            $0.mounts.append(MountPlan(destination: "/etc/mounted", source: .bind(root: "\(node.root)/volume", path: "", recursive: false)))
            $0.mounts.append(MountPlan(destination: "/var/mounted", source: .bind(root: "\(node.root)/volume", path: "", recursive: false)))
        }
        #expect(try await sandbox.run(plan).code == 0)
        #expect(node.entries("\(node.root)/target").isEmpty)
        #expect(access("/absent", F_OK) != 0)
        symlink("/etc", "\(node.root)/layers/hostile/proc")
        let proc = node.container("true", name: "proc") { $0.root.layers = ["\(node.root)/layers/base", "\(node.root)/layers/hostile"] }
        await #expect(throws: RuntimeError.stepFailed(step: "mount point", subject: "/proc", code: ELOOP)) { try await sandbox.start(proc) }
        try await node.tearDown(sandbox)
    }

    @Test("a failing step names itself and leaves nothing", arguments: ["exec", "mount", "cgroup", "user"])
    func failingStep(kind: String) async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container("true") {
            switch kind {
            case "exec": $0.process.arguments = ["absent"]
            case "mount": $0.mounts.append(MountPlan(destination: "/x", source: .filesystem(type: "nosuchfs", data: "")))
            case "cgroup": $0.cgroup.writes = [CgroupWrite(file: "\($0.cgroup.directories[0])/absent", value: "1")]
            default: $0.process.workingDirectory = "/bin/busybox"
            }
        }
        let expected: RuntimeError =
            switch kind {
            case "exec": .stepFailed(step: "exec", subject: "absent", code: ENOENT)
            case "mount": .stepFailed(step: "mount", subject: "/x", code: ENODEV)
            case "cgroup": .stepFailed(step: "cgroup", subject: "\(plan.cgroup.directories[0])/absent", code: ENOENT)
            default: .stepFailed(step: "working directory", subject: "/bin/busybox", code: ENOTDIR)
            }
        await #expect(throws: expected) { try await sandbox.start(plan) }
        #expect(try await sandbox.containers().isEmpty)
        #expect(node.entries("\(node.root)/containers").isEmpty)
        for directory in plan.cgroup.directories { #expect(access(directory, F_OK) != 0) }
        // Other tests mount beneath their own roots meanwhile; the pod's shared memory is still in use.
        let mounts = try SmallFile.text("/proc/self/mountinfo").split(separator: "\n").filter { $0.contains(node.root) }
        #expect(mounts.allSatisfy { $0.contains("\(node.root)/run/") })
        #expect(try await sandbox.run(node.container("echo fine", name: "next")).code == 0)
        try await node.tearDown(sandbox)
    }

    @Test("a pod's containers share host name, network and shared memory, and not their processes")
    func sharing() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let script = "readlink /proc/self/ns/net; readlink /proc/self/ns/ipc; readlink /proc/self/ns/uts"
        #expect(try await sandbox.run(node.container("\(script); echo $$; touch /dev/shm/shared; cat /sys/class/net/lo/flags", name: "a")).code == 0)
        #expect(try await sandbox.run(node.container("\(script); echo $$; ls /dev/shm", name: "b")).code == 0)
        let (a, b) = (try node.output("a").split(separator: "\n"), try node.output("b").split(separator: "\n"))
        // 0x9: loopback, and up, without any plugin.
        #expect(a.prefix(3) == b.prefix(3) && a[3] == "1" && a[4] == "0x9" && b[3...] == ["1", "shared"])
        try await node.tearDown(sandbox)
    }

    @Test("with one PID namespace for the pod, containers see each other and the host sees their true numbers")
    func sharedProcesses() async throws {
        let node = try TestNode { $0.namespaces.pid = .pod }
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let first = node.container("sleep 1000 & sleep 1000", name: "first")
        let record = try await sandbox.start(first)
        #expect(ProcessHandle.startTicks(of: record.pid) == record.startTicks)
        #expect(try await sandbox.run(node.container("ps -o args | grep -v grep | grep -c 'sleep 1000'; test $$ -gt 1 && echo not-init", name: "second")).code == 0)
        #expect(try node.output("second").hasSuffix("not-init\n"))
        try await sandbox.signal(first.id, SIGKILL, wholeCgroup: true)
        #expect(try await sandbox.exit(of: first.id).signal == 9)
        try await node.tearDown(sandbox)
    }
}
