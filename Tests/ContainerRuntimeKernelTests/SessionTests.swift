import ContainerRuntime
import Glibc
import LinuxSystem
import SandboxPlan
import Testing

@Suite("Sessions in containers", .enabled(if: canRunContainers, "needs root and busybox-static"), .timeLimit(.minutes(5)), .tidy)
struct SessionTests {
    @Test("a command runs in the container's namespaces and cgroup, with its own streams and exit code")
    func exec() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container("sleep 1000")
        _ = try await sandbox.start(plan)
        let session = try await sandbox.exec(
            plan.id, node.process(["sh", "-c", "cat; echo err >&2; readlink /proc/self/ns/mnt; readlink /proc/1/ns/mnt; cat /proc/1/comm; test $$ -gt 1; exit 9"]), stdin: true)
        let input = try #require(session.stdin)
        #expect(write(input, "typed\n", 6) == 6)
        close(input)
        let (output, error) = (try await readAll(session.stdout), try await readAll(session.stderr))
        #expect(await session.exitCode() == 9)
        let lines = output.split(separator: "\n")
        #expect(lines.count == 4 && lines[0] == "typed" && lines[1] == lines[2] && lines[3] == "sleep")
        #expect(error == "err\n")
        await #expect(throws: RuntimeError.stepFailed(step: "exec", subject: "absent", code: ENOENT)) {
            _ = try await sandbox.exec(plan.id, node.process(["absent"]))
        }
        try await node.tearDown(sandbox)
    }

    @Test("a command that overstays is killed with what it started")
    func execKill() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container("sleep 1000")
        _ = try await sandbox.start(plan)
        let session = try await sandbox.exec(plan.id, node.process(["sh", "-c", "sleep 1000 & echo started; sleep 1000"]))
        try await session.kill()
        #expect(await session.exitCode() == 137)
        // The end of file comes only when the child in the background is gone, too.
        _ = try await readAll(session.stdout)
        if let error = session.stderr { close(error) }
        try await node.tearDown(sandbox)
    }

    @Test("a TTY has a size, echoes, and is the controlling terminal")
    func terminal() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container("sleep 1000")
        _ = try await sandbox.start(plan)
        var command = node.process(["sh", "-c", "read line; tty; stty size; echo \"got $line\"; test -t 0 -a -t 2 && echo tty"])
        command.tty = true
        let session = try await sandbox.exec(plan.id, command)
        session.resize(rows: 50, columns: 132)
        let terminal = try #require(session.terminal)
        #expect(write(terminal, "hello\n", 6) == 6)
        let output = try await readAll(terminal)
        #expect(await session.exitCode() == 0)
        #expect(output == "hello\r\n/dev/pts/0\r\n50 132\r\ngot hello\r\ntty\r\n")
        try await node.tearDown(sandbox)
    }

    @Test("attaching gives stdin and a copy of the output, which stays in the log")
    func attach() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container("read line; echo \"got $line\"; echo err >&2; head -c 300000 /dev/zero | tr '\\0' y; cat; echo end") {
            $0.stdin = true
            $0.stdinOnce = true
        }
        symlink("busybox", "\(node.root)/layers/base/bin/tr")
        _ = try await sandbox.start(plan)
        let session = try await sandbox.attach(plan.id)
        let input = try #require(session.stdin)
        #expect(write(input, "line\n", 5) == 5)
        // stdinOnce: the container's stdin ends with this client.
        close(input)
        let output = try await readAll(session.stdout)
        #expect(output.utf8.count == 9 + 300000 + 4 && output.hasPrefix("got line\ny") && output.hasSuffix("yend\n"))
        #expect(try await readAll(session.stderr) == "err\n")
        #expect(try await sandbox.exit(of: plan.id).code == 0)
        #expect(try node.output() == output)
        try await node.tearDown(sandbox)
    }

    @Test("a container's stdin waits for input: most programs take EAGAIN for an error")
    func blockingInput() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let started = try await sandbox.start(node.container("read line") { $0.stdin = true })
        let flags = try SmallFile.text("/proc/\(started.pid)/fdinfo/0").split(separator: "\n").first { $0.hasPrefix("flags:") }
        let number = try #require(flags?.split(separator: "\t").last.flatMap { CInt($0, radix: 8) })
        #expect(number & O_NONBLOCK == 0)
        try await sandbox.signal(started.id, SIGKILL)
        _ = try await sandbox.exit(of: started.id)
        try await node.tearDown(sandbox)
    }

    @Test("a container with a TTY is logged, attached to and resized")
    func attachTerminal() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container("read line; stty size; echo \"got $line\"; echo x > /dev/console") {
            $0.process.tty = true
            $0.stdin = true
        }
        _ = try await sandbox.start(plan)
        try await sandbox.resizeTTY(plan.id, rows: 11, columns: 22)
        let session = try await sandbox.attach(plan.id)
        let terminal = try #require(session.terminal)
        #expect(write(terminal, "hi\n", 3) == 3)
        #expect(try await sandbox.exit(of: plan.id).code == 0)
        #expect(try await readAll(session.stdout) == "hi\r\n11 22\r\ngot hi\r\nx\r\n")
        close(terminal)
        try await node.tearDown(sandbox)
    }

    @Test("a port of the pod is reached from outside its network")
    func connect() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container("nc -l -p 8123 -e cat")
        _ = try await sandbox.start(plan)
        let descriptor = try await connected(to: 8123, of: sandbox)
        _ = fcntl(descriptor, F_SETFL, 0)
        #expect(write(descriptor, "ping", 4) == 4)
        shutdown(descriptor, Int32(SHUT_WR))
        #expect(try await readAll(descriptor) == "ping")
        await #expect(throws: RuntimeError.stepFailed(step: "connect", subject: "", code: ECONNREFUSED)) { try await sandbox.connect(port: 9) }
        try await node.tearDown(sandbox)
    }

    /// Until the program listens, the connection is refused.
    private func connected(to port: UInt16, of sandbox: Sandbox) async throws -> CInt {
        while true {
            do {
                return try await sandbox.connect(port: port)
            } catch {
                guard error == .stepFailed(step: "connect", subject: "", code: ECONNREFUSED) else { throw error }
            }
            await Task.yield()
        }
    }
}
