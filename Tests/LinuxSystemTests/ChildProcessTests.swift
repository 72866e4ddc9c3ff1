import Glibc
import LinuxSystem
import Testing

@Suite("Child processes")
struct ChildProcessTests {
    private func shell(_ script: String, input: [UInt8] = [], deadline: Duration = .seconds(20)) -> ChildProcess {
        ChildProcess(executable: "/bin/sh", arguments: ["-c", script], standardInput: input, deadline: deadline)
    }

    @Test("bytes go in, bytes come out, and the end is told")
    func echo() async throws {
        let outcome = try await shell("cat; echo problem >&2; exit 3", input: Array("hello".utf8)).run()
        #expect(outcome.ending == .exited(3))
        #expect(outcome.standardOutput == Array("hello".utf8))
        #expect(outcome.standardError == Array("problem\n".utf8))
        #expect(try await shell("kill -TERM $$").run().ending == .signalled(SIGTERM))
        #expect(try await shell("true").run().succeeded)
    }

    @Test("more output than is kept does not block the child")
    func flood() async throws {
        var child = shell("head -c 3000000 /dev/zero; echo done >&2")
        child.outputLimit = 1000
        let outcome = try await child.run()
        #expect(outcome.succeeded)
        #expect(outcome.standardOutput.count == 1000)
        #expect(outcome.standardError == Array("done\n".utf8))
    }

    @Test("a large input arrives whole")
    func largeInput() async throws {
        #expect(try await shell("wc -c", input: [UInt8](repeating: 65, count: 3_000_000)).run().standardOutput.starts(with: Array("3000000".utf8)))
    }

    @Test("what outlives the deadline is killed with its children, and a grandchild that holds the pipe is not waited for")
    func deadline() async throws {
        let outcome = try await shell("sleep 1000 & echo $!; wait", deadline: .milliseconds(200)).run()
        #expect(outcome.ending == .deadlineExceeded(.milliseconds(200)))
        let grandchild = String(decoding: outcome.standardOutput, as: UTF8.self).filter(\.isNumber)
        let end = ContinuousClock.now + .seconds(10)
        while isAlive(grandchild), ContinuousClock.now < end { await Task.yield() }
        #expect(!isAlive(grandchild))
        let started = ContinuousClock.now
        let left = try await shell("sleep 1000 & echo $!", deadline: .seconds(60)).run()
        #expect(left.succeeded && ContinuousClock.now - started < .seconds(50))
        kill(try #require(pid_t(String(decoding: left.standardOutput, as: UTF8.self).filter(\.isNumber))), SIGKILL)
    }

    /// A zombie that its new parent has not collected yet is not alive.
    private func isAlive(_ pid: String) -> Bool {
        guard let status = try? SmallFile.text("/proc/\(pid)/stat") else { return false }  // no file, no process
        return !status.contains(") Z ")
    }

    @Test("nothing is inherited: no environment, no descriptor but three, no blocked signal")
    func inheritance() async throws {
        let leaked = try OwnedFileDescriptor(opening: "/dev/null", flags: O_RDONLY)
        _ = fcntl(leaked.rawValue, F_SETFD, 0)
        let outcome = try await shell("ls /proc/$$/fd; tr '\\0' '\\n' < /proc/$$/environ | grep -v PWD").run()
        let lines = String(decoding: outcome.standardOutput, as: UTF8.self).split(separator: "\n")
        #expect(lines.filter { Int($0) != nil && !["0", "1", "2"].contains($0) }.count <= 1)  // the shell's own copy for /proc
        #expect(!lines.contains { $0.contains("=") })
        // Not by way of the shell, which blocks signals while it waits.
        let signals = try await ChildProcess(executable: "/bin/grep", arguments: ["SigBlk", "/proc/self/status"]).run()
        #expect(String(decoding: signals.standardOutput, as: UTF8.self) == "SigBlk:\t0000000000000000\n")
    }

    @Test("a program that is not there is an error that names it")
    func missing() async throws {
        let error = await #expect(throws: SystemCallError.self) { try await ChildProcess(executable: "/nonexistent/program").run() }
        #expect(error?.code == ENOENT)
        #expect(error?.subject == "/nonexistent/program")
    }
}
