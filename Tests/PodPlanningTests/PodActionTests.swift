import FoundationEssentials
import KubeAPI
import PodPlanning
import Testing

@Suite("Pod actions")
struct PodActionTests {
    static let two = #"{"containers":[{"name":"a"},{"name":"b"}]}"#
    static let inits = #"{"initContainers":[{"name":"i"},{"name":"j"}],"containers":[{"name":"a"}]}"#
    static let sidecars = #"{"initContainers":[{"name":"s","restartPolicy":"Always"},{"name":"i"},{"name":"t","restartPolicy":"Always"}],"containers":[{"name":"a"}]}"#

    @Test("a new pod gets its sandbox, then its containers together")
    func start() throws {
        var world = try PodWorld(Self.two)
        #expect(world.settle() == ["sandbox 0", "start a", "start b"])
        #expect(world.settle() == [])
    }

    @Test("the restart policy decides what follows an end", arguments: [
        ("Always", 0, true), ("Always", 1, true), ("OnFailure", 0, false), ("OnFailure", 1, true), ("Never", 0, false), ("Never", 1, false),
    ])
    func restartPolicy(policy: String, code: Int, restarts: Bool) throws {
        var world = try PodWorld(#"{"restartPolicy":"\#(policy)","containers":[{"name":"a"},{"name":"b"}]}"#)
        world.settle()
        world.end("a", code: code)
        #expect(world.settle() == (restarts ? ["start a"] : []))
        #expect(world.record[container: "a"].restartCount == (restarts ? 1 : 0))
    }

    @Test("a container's own policy and rules come before the pod's", arguments: [
        (#""restartPolicy":"Never""#, "Always", 1, false), (#""restartPolicy":"OnFailure""#, "Never", 1, true), (#""restartPolicy":"OnFailure""#, "Never", 0, false),
        (#""restartPolicy":"Never","restartPolicyRules":[{"action":"Restart","exitCodes":{"operator":"In","values":[42]}}]"#, "Never", 42, true),
        (#""restartPolicy":"Never","restartPolicyRules":[{"action":"Restart","exitCodes":{"operator":"In","values":[42]}}]"#, "Always", 1, false),
        (#""restartPolicy":"Never","restartPolicyRules":[{"action":"Restart","exitCodes":{"operator":"NotIn","values":[0]}}]"#, "Never", 3, true),
    ])
    func containerPolicy(fields: String, policy: String, code: Int, restarts: Bool) throws {
        var world = try PodWorld(#"{"restartPolicy":"\#(policy)","containers":[{"name":"a",\#(fields)},{"name":"b"}]}"#)
        world.settle()
        world.end("a", code: code)
        #expect(world.settle() == (restarts ? ["start a"] : []))
    }

    @Test("nothing waits for a time that only a clock which has been set back since could mean")
    func clockSetBack() throws {
        var world = try PodWorld(#"{"containers":[{"name":"a"}]}"#)
        world.settle()
        world.end("a", code: 1)
        world.settle()
        world.end("a", code: 1)
        #expect(world.settle() == [])  // backs off
        world.now -= 86_400
        #expect(world.settle() == ["start a"])
        world.record[container: "a"].ended(ContainerEnd(exitCode: 1, reason: "Error", finishedAt: world.now))
        world.record[container: "a"].held(ContainerStateWaiting(reason: "ImagePullBackOff"), retryAt: world.now + 300)
        #expect(world.settle() == [])
        world.now -= 86_400
        #expect(world.settle() == ["start a"])
        world.reboot()
        world.record.sandboxRetryAt = world.now + 60
        #expect(world.settle() == [])
        world.now -= 86_400
        #expect(world.settle() == ["sandbox 1", "start a"])
    }

    @Test("when the last container is done the pod finishes, and never runs again")
    func finish() throws {
        var world = try PodWorld(#"{"restartPolicy":"OnFailure","containers":[{"name":"a"},{"name":"b"}]}"#)
        world.settle()
        world.end("a", code: 0)
        #expect(world.settle() == [])
        world.end("b", code: 0)
        #expect(world.settle() == ["finish"])
        world.reboot()
        #expect(world.settle() == [])
        #expect(world.status.phase == "Succeeded")
    }

    @Test("restarts back off: at once, 10 s, 20 s, ... 5 min; a run of 10 minutes is forgiven")
    func backOff() throws {
        var world = try PodWorld(#"{"containers":[{"name":"a"}]}"#)
        world.settle()
        for delay in [0.0, 10, 20, 40, 80, 160, 300, 300] {
            world.end("a", code: 1, after: 1)
            if delay > 0 {
                #expect(world.settle() == [])
                #expect(world.wake == world.now + delay)
                world.now += delay - 1
                #expect(world.settle() == [])
                world.now += 1
            }
            #expect(world.settle() == ["start a"], "after \(delay) s")
        }
        world.end("a", code: 1, after: 600)
        #expect(world.settle() == ["start a"])
        world.end("a", code: 1, after: 1)
        #expect(world.wake == world.now + 10)
    }

    @Test("a start that was held back is tried again when its time has come")
    func held() throws {
        var world = try PodWorld(#"{"containers":[{"name":"a"}]}"#)
        world.record.sandboxReady(attempt: 0, podIPs: [])
        world.record[container: "a"].held(ContainerStateWaiting(reason: "ImagePullBackOff"), retryAt: world.now + 5)
        #expect(world.settle() == [])
        #expect(world.wake == world.now + 5)
        world.now += 5
        #expect(world.settle() == ["start a"])
    }

    @Test("a sandbox that could not be made is tried again when its time has come")
    func sandboxHeld() throws {
        var world = try PodWorld(Self.two)
        world.record.sandboxRetryAt = world.now + 3
        #expect(world.settle() == [])
        #expect(world.wake == world.now + 3)
        world.now += 3
        #expect(world.settle().first == "sandbox 0")
    }

    @Test("init containers run one after the other, before the others")
    func initOrder() throws {
        var world = try PodWorld(Self.inits)
        #expect(world.settle() == ["sandbox 0", "start i"])
        world.end("i", code: 0)
        #expect(world.settle() == ["start j"])
        world.end("j", code: 0)
        #expect(world.settle() == ["start a"])
    }

    @Test("a failed init container is run again, or fails the pod", arguments: [("Always", ["start i"], "Pending"), ("OnFailure", ["start i"], "Pending"), ("Never", ["finish"], "Failed")])
    func initFailure(policy: String, expected: [String], phase: String) throws {
        var world = try PodWorld(#"{"restartPolicy":"\#(policy)","initContainers":[{"name":"i"}],"containers":[{"name":"a"}]}"#)
        world.settle()
        world.end("i", code: 1)
        #expect(world.settle() == expected)
        #expect(world.status.phase == phase)
    }

    @Test("a sidecar gates what follows until it has started, and then keeps running beside it")
    func sidecarGate() throws {
        var world = try PodWorld(Self.sidecars)
        #expect(world.settle() == ["sandbox 0", "start s"])
        world.started("s")
        #expect(world.settle() == ["start i"])
        world.end("i", code: 0)
        #expect(world.settle() == ["start t"])
        #expect(world.settle() == [])
        world.started("t")
        #expect(world.settle() == ["start a"])
    }

    @Test("a sidecar that ends is started again, whatever it returned, without running init containers again")
    func sidecarRestart() throws {
        var world = try PodWorld(Self.sidecars)
        world.settle()
        world.started("s")
        world.settle()
        world.end("s", code: 0)
        #expect(world.settle() == ["start s"])
        world.started("s")
        world.end("i", code: 0)
        world.settle()
        world.started("t")
        #expect(world.settle() == ["start a"])
        world.end("t", code: 3)
        #expect(world.settle() == ["start t"])
    }

    @Test("sidecars end last, in reverse order, and do not keep a pod alive")
    func sidecarEnd() throws {
        var world = try PodWorld(Self.sidecars.replacing(#""containers""#, with: #""restartPolicy":"Never","containers""#))
        world.settle()
        world.started("s")
        world.settle()
        world.end("i", code: 0)
        world.settle()
        world.started("t")
        world.settle()
        world.end("a", code: 0)
        #expect(world.settle() == ["kill t"])
        world.end("t", code: 143)
        #expect(world.settle() == ["kill s"])
        world.end("s", code: 137)
        #expect(world.settle() == ["finish"])
        #expect(world.status.phase == "Succeeded")
    }

    @Test("a deleted pod ends its containers together, then its sidecars, then itself")
    func deletion() throws {
        var world = try PodWorld(#"{"initContainers":[{"name":"s","restartPolicy":"Always"}],"containers":[{"name":"a"},{"name":"b"}]}"#)
        world.settle()
        world.started("s")
        world.settle()
        world.delete()
        #expect(world.settle() == ["kill a", "kill b"])
        world.end("a", code: 0)
        #expect(world.settle() == [])
        world.end("b", code: 137)
        #expect(world.settle() == ["kill s"])
        world.end("s", code: 0)
        #expect(world.settle() == ["finish"])
        #expect(world.status.phase == "Failed")
    }

    @Test("a pod that is deleted before it began never begins")
    func earlyDeletion() throws {
        var world = try PodWorld(Self.two)
        world.delete()
        #expect(world.settle() == ["finish"])
    }

    @Test("past its deadline a pod fails")
    func deadline() throws {
        var world = try PodWorld(#"{"activeDeadlineSeconds":30,"containers":[{"name":"a"}]}"#)
        world.settle()
        #expect(world.wake == world.now + 30)
        world.now += 30
        #expect(world.settle() == ["fail DeadlineExceeded", "kill a"])
        world.end("a", code: 137)
        #expect(world.settle() == ["finish"])
        #expect(world.status.phase == "Failed")
        #expect(world.status.reason == "DeadlineExceeded")
    }

    @Test("a failed probe ends the run, and the policy starts the next", arguments: ["a", "s"])
    func probe(name: String) throws {
        var world = try PodWorld(#"{"initContainers":[{"name":"s","restartPolicy":"Always"}],"containers":[{"name":"a"}]}"#)
        world.settle()
        world.started("s")
        world.settle()
        world.record[container: name].mustRestart = .failedProbe(.liveness)
        #expect(world.settle() == ["kill \(name)"])
        world.end(name, code: 137)
        #expect(world.settle() == ["start \(name)"])
    }

    @Test("after a reboot everything runs again, init containers first, with counts and without back-off")
    func reboot() throws {
        var world = try PodWorld(Self.inits)
        world.settle()
        world.end("i", code: 0)
        world.settle()
        world.end("j", code: 0)
        world.settle()
        world.reboot()
        #expect(world.status.containerStatuses.first?.state.terminated?.reason == "ContainerStatusUnknown")
        #expect(world.settle() == ["sandbox 1", "start i"])
        world.end("i", code: 0)
        world.settle()
        world.end("j", code: 0)
        #expect(world.settle() == ["start a"])
        #expect(world.record[container: "a"].restartCount == 1)
        #expect(world.status.containerStatuses.first?.lastState.terminated?.exitCode == 255)
    }

    @Test("after a reboot a pod that may not restart is over", arguments: [("Never", "Failed"), ("OnFailure", "Running")])
    func rebootByPolicy(policy: String, phase: String) throws {
        var world = try PodWorld(#"{"restartPolicy":"\#(policy)","containers":[{"name":"a"}]}"#)
        world.settle()
        world.reboot()
        #expect(world.settle() == (policy == "Never" ? ["finish"] : ["sandbox 1", "start a"]))
        #expect(world.status.phase == phase)
    }

    @Test("a rebooted pod whose work was done is not started for it")
    func rebootDone() throws {
        var world = try PodWorld(#"{"restartPolicy":"OnFailure","containers":[{"name":"a"}]}"#)
        world.settle()
        world.end("a", code: 0)
        world.reboot()
        #expect(world.settle() == ["finish"])
        #expect(world.status.phase == "Succeeded")
    }

    @Test("an ephemeral container starts once, even during initialization, and never again")
    func ephemeral() throws {
        var world = try PodWorld(#"{"initContainers":[{"name":"i"}],"containers":[{"name":"a"}],"ephemeralContainers":[{"name":"e"}]}"#)
        #expect(world.settle() == ["sandbox 0", "start e", "start i"])
        world.end("e", code: 0)
        #expect(world.settle() == [])
    }

    @Test("a second report of an end changes nothing")
    func lateReport() throws {
        var world = try PodWorld(Self.two)
        world.settle()
        world.end("a", code: 1)
        world.end("a", code: 2)
        #expect(world.record[container: "a"].current?.end?.exitCode == 1)
    }
}
