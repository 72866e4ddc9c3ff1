import FoundationEssentials
import KubeAPI
import PodPlanning
import Testing

@Suite("A rule that starts all containers anew")
struct RestartAllTests {
    static let rule = #""restartPolicy":"Never","restartPolicyRules":[{"action":"RestartAllContainers","exitCodes":{"operator":"In","values":[42]}}]"#
    static let spec = #"{"restartPolicy":"Never","initContainers":[{"name":"i"},{"name":"s","restartPolicy":"Always"}],"containers":[{"name":"a",\#(rule)},{"name":"b"}]}"#

    private func running() throws -> PodWorld {
        var world = try PodWorld(Self.spec)
        world.settle()
        world.end("i", code: 0)
        world.settle()
        world.started("s")
        world.settle()
        world.pod.status = world.status
        return world
    }

    @Test("the others are ended without grace, then all begin again with the first init container, in the same sandbox")
    func round() throws {
        var world = try running()
        #expect(world.status.phase == "Running")
        world.end("a", code: 42)
        #expect(world.settle() == ["kill s", "kill b"])
        #expect(world.status.conditions.contains { $0.type == "AllContainersRestarting" && $0.status == "True" })
        for name in ["s", "b"] { world.end(name, code: 137) }
        #expect(world.status.phase == "Running")
        #expect(world.settle() == ["restart all", "start i"])
        #expect(world.status.phase == "Running")
        #expect(world.status.containerStatuses.map { $0.state.waiting?.reason } == ["PodInitializing", "PodInitializing"])
        #expect(world.status.containerStatuses.map { $0.lastState.terminated?.exitCode } == [42, 137])
        world.end("i", code: 0)
        #expect(world.settle() == ["start s"])
        world.started("s")
        #expect(world.settle() == ["start a", "start b"])
        #expect(world.status.containerStatuses.map(\.restartCount) == [1, 1])
        #expect(world.status.conditions.contains { $0.type == "AllContainersRestarting" && $0.status == "False" })
        // The back-off is for whoever began it.
        world.end("a", code: 42)
        world.settle()
        for name in ["s", "b"] { world.end(name, code: 137) }
        world.settle()
        world.end("i", code: 0)
        world.settle()
        world.started("s")
        #expect(world.settle() == ["start b"])
        world.now += 10
        #expect(world.settle() == ["start a"])
    }

    @Test("another exit code does not")
    func other() throws {
        var world = try running()
        world.end("a", code: 1)
        #expect(world.settle() == [])
        world.end("b", code: 0)
        #expect(world.settle() == ["kill s"])
        world.end("s", code: 0)
        #expect(world.settle() == ["finish"])
        #expect(world.status.phase == "Failed")
    }
}
