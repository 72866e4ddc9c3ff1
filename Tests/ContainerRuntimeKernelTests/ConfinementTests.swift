import ContainerRuntime
import Glibc
import SandboxPlan
import Testing

@Suite("What a hostile container reaches for", .enabled(if: canRunContainers, "needs root and busybox-static"), .timeLimit(.minutes(1)))
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
}
