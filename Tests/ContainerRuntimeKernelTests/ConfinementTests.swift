import ContainerRuntime
import Glibc
import LinuxSystem
import SandboxPlan
import Testing

@Suite("What a hostile container reaches for", .enabled(if: canRunContainers, "needs root and busybox-static"), .timeLimit(.minutes(5)), .tidy)
struct ConfinementTests {
    @Test("a working directory does not lead out by the supervisor's entry in the pod's /proc", arguments: ["root", "cwd"])
    func workingDirectory(link: String) async throws {
        let node = try TestNode { $0.namespaces.pid = .pod }
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container("busybox ln -s /proc/1/\(link) /out; echo ready; sleep 1000")
        _ = try await sandbox.start(plan)
        let waiting = try await sandbox.exec(plan.id, node.process(["sh", "-c", "until test -L /out; do sleep 0; done"]))
        #expect(await waiting.exitCode() == 0)
        for descriptor in [waiting.stdout, waiting.stderr] { if let descriptor { close(descriptor) } }
        var command = node.process(["/bin/true"])
        command.workingDirectory = "/out"
        await #expect(throws: RuntimeError.stepFailed(step: "working directory", subject: "/out", code: ELOOP)) {
            _ = try await sandbox.exec(plan.id, command)
        }
        try await node.tearDown(sandbox)
    }

    @Test("the host's /dev/null behind stdin and masked files keeps its mode")
    func hostDevice() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        // The mode it has already: where this is possible, nothing is broken by trying.
        let plan = node.container(
            "for file in /proc/self/fd/0 /proc/keys; do busybox chmod 666 $file && echo changed $file; echo text > $file && echo written; done")
        #expect(try await sandbox.run(plan).code == 0)
        #expect(try node.output() == "written\nwritten\n")
        try await node.tearDown(sandbox)
    }

    @Test("a container that keeps replacing a subPath by a link out of its volume never has another mount the host's files")
    func subPathRace() async throws {
        let node = try TestNode()
        try DirectoryTree.make("\(node.root)/volume/sub", mode: 0o777)
        try DirectoryTree.make("\(node.root)/beside")
        try ControlFile.write("".utf8, to: "\(node.root)/beside/mark", flags: O_CREAT)
        let sandbox = try await node.runtime.createSandbox(node.plan)
        // By name and from the root, as deep as the volume lies: within it neither leads anywhere.
        let swapper = node.container(
            """
            cd /volume; n=0; while test $((n+=1)) -lt 5000; do
              for target in ../beside /../../../../..\(node.root)/beside \(node.root)/beside /; do
                rm -rf sub; ln -s $target sub; rm sub; mkdir sub
              done
            done
            """, name: "swapper"
        ) { $0.mounts.append(MountPlan(destination: "/volume", source: .bind(root: "\(node.root)/volume", path: "", recursive: true))) }
        _ = try await sandbox.start(swapper)
        var started = 0
        for round in 0..<40 {
            let victim = node.container("test -e /sub/mark || test -e /sub/proc/1 && echo out; true", name: "victim-\(round)") {
                $0.mounts.append(MountPlan(destination: "/sub", source: .bind(root: "\(node.root)/volume", path: "sub", recursive: true)))
            }
            // Else there was just then nothing, or a link to what the volume does not have.
            guard try await starts(victim, in: sandbox) else { continue }
            #expect(try await sandbox.exit(of: victim.id).code == 0)
            #expect(try node.output(victim.name).isEmpty)
            started += 1
        }
        #expect(started > 0)
        try await node.tearDown(sandbox)
    }

    private func starts(_ plan: ContainerPlan, in sandbox: Sandbox) async throws -> Bool {
        do {
            _ = try await sandbox.start(plan)
            return true
        } catch {
            guard case .stepFailed("mount source" /* never there */, _, _) = error else {
                guard case .stepFailed("bind" /* removed meanwhile */, "/sub", ENOENT) = error else { throw error }
                return false
            }
            return false
        }
    }

    @Test("a set-user-ID program gives nothing with no_new_privs", arguments: [true, false])
    func setUserID(noNewPrivileges: Bool) async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        // Under a name that begins with its own; as su it says whether it has become root.
        let plan = node.container("cp /bin/busybox /bin/busybox-su; chmod 4755 /bin/busybox-su; touch /tmp/ready; sleep 1000")
        _ = try await sandbox.start(plan)
        var user = node.process(["sh", "-c", "until test -e /tmp/ready; do sleep 0.01; done; busybox-su su < /dev/null 2>&1"])
        (user.uid, user.gid, user.noNewPrivileges) = (1000, 1000, noNewPrivileges)
        let command = try await sandbox.exec(plan.id, user)
        let answer = try await readAll(command.stdout)
        #expect(answer.contains("must be suid") == noNewPrivileges, "\(answer)")
        if let error = command.stderr { close(error) }
        try await node.tearDown(sandbox)
    }

    @Test("who may trace the pod's first process holds the supervisor's program, and cannot change it")
    func programOverwrite() async throws {
        let node = try TestNode { $0.namespaces.pid = .pod }
        let before = try SmallFile.bytes("\(try TestNode.products())/berth-pod", limit: 64 << 20)
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let attacker = node.container(
            """
            exec 9< /proc/1/exe && echo held
            (echo overwritten >> /proc/self/fd/9) 2>/dev/null && echo written
            (echo overwritten >> /proc/1/exe) 2>/dev/null && echo written
            chmod 777 /proc/self/fd/9
            true
            """
        ) {
            let all: UInt64 = 0xa80425fb | 1 << 19
            $0.process.capabilities = CapabilitySets(bounding: all, effective: all, permitted: all)
        }
        #expect(try await sandbox.run(attacker).code == 0)
        #expect(try node.output() == "held\n")
        #expect(try node.output(stream: "stderr") == "chmod: /proc/self/fd/9: Read-only file system\n")
        #expect(try SmallFile.bytes("\(try TestNode.products())/berth-pod", limit: 64 << 20) == before)
        try await node.tearDown(sandbox)
    }

    @Test("a container and a command have three descriptors, and none of them is the host's")
    func descriptors() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        // The shell's, and not those of the program that lists: 1 is redirected meanwhile, and kept in 10.
        let list = "ls -l /proc/$$/fd > /tmp/list; sed -n 's/.* \\([0-9]*\\) -> \\([^:]*\\).*/\\1 \\2/p' /tmp/list"
        let plan = node.container("\(list); exec sleep 1000")
        _ = try await sandbox.start(plan)
        let command = try await sandbox.exec(plan.id, node.process(["sh", "-c", list]), stdin: true)
        let ofCommand = try await readAll(command.stdout)
        #expect(ofCommand == "0 pipe\n1 /tmp/list\n10 pipe\n2 pipe\n")
        for descriptor in [command.stdin, command.stderr] { if let descriptor { close(descriptor) } }
        // Without a stdin it is the null device, by a mount that has no path.
        let ofContainer = try node.output()
        #expect(ofContainer == "0 /\n1 /tmp/list\n10 pipe\n2 pipe\n")
        try await node.tearDown(sandbox)
    }
}
