import FoundationEssentials
import KubeAPI
import PodPlanning
import Testing

@Suite("Pod status")
struct PodStatusTests {
    static func condition(_ type: String, _ status: PodStatus) -> PodCondition? { status.conditions.first { $0.type == type } }

    @Test("a pod that has just come is Pending, its containers being created")
    func new() throws {
        let world = try PodWorld(#"{"containers":[{"name":"a","image":"i"}]}"#, metadata: #""generation":3"#)
        let status = world.status
        #expect(status.phase == "Pending")
        #expect(status.observedGeneration == 3)
        #expect(status.qosClass == "BestEffort")
        #expect(status.startTime == Timestamp(world.record.startTime))
        #expect(status.hostIP == "192.0.2.1")
        #expect(status.containerStatuses.first?.state.waiting?.reason == "ContainerCreating")
        #expect(status.containerStatuses.first?.image == "i")
        #expect(Self.condition("PodReadyToStartContainers", status)?.status == "False")
        #expect(Self.condition("PodScheduled", status)?.status == "True")
        #expect(Self.condition("Initialized", status)?.status == "True")
        #expect(Self.condition("Ready", status)?.reason == "ContainersNotReady")
        #expect(Self.condition("Ready", status)?.message == "containers with unready status: [a]")
        #expect(Self.condition("Ready", status)?.observedGeneration == 3)
    }

    @Test("a running pod is Ready, with its addresses")
    func running() throws {
        var world = try PodWorld(#"{"containers":[{"name":"b"},{"name":"a"}]}"#)
        world.settle()
        let status = world.status
        #expect(status.phase == "Running")
        #expect(status.podIPs.map(\.ip) == ["10.88.0.5"])
        #expect(status.containerStatuses.map(\.name) == ["a", "b"])
        #expect(status.containerStatuses.allSatisfy { $0.ready && $0.started == true && $0.containerID.hasPrefix("berth://") })
        for type in ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"] { #expect(Self.condition(type, status)?.status == "True", "\(type)") }
    }

    @Test("a pod that is over or being deleted keeps its address, one that waits for another sandbox does not")
    func lastAddress() throws {
        var world = try PodWorld(#"{"restartPolicy":"Never","containers":[{"name":"a"}]}"#)
        world.settle()
        var pod = world.pod
        pod.status = world.status
        var record = world.record
        record.sandboxLost(at: world.now)
        #expect(podStatus(of: pod, from: record, hostIPs: [], now: world.now).podIP == "")
        record.isTerminal = true
        #expect(podStatus(of: pod, from: record, hostIPs: [], now: world.now).podIPs.map(\.ip) == ["10.88.0.5"])
        record.isTerminal = false
        pod.metadata.deletionTimestamp = Timestamp(world.now)
        #expect(podStatus(of: pod, from: record, hostIPs: [], now: world.now).podIPs.map(\.ip) == ["10.88.0.5"])
    }

    @Test("a pod that was refused tells why, and nothing of containers that never were")
    func neverAdmitted() throws {
        var world = try PodWorld(#"{"initContainers":[{"name":"i"}],"containers":[{"name":"a"}]}"#)
        world.record.failure = PodFailure(reason: "OutOfcpu", message: "too much")
        #expect(world.status.phase == "Failed" && world.status.reason == "OutOfcpu" && world.status.message == "too much")
        #expect(world.status.containerStatuses.isEmpty && world.status.initContainerStatuses.isEmpty)
    }

    @Test("during initialization the others wait, and the condition names what is not done")
    func initializing() throws {
        var world = try PodWorld(#"{"initContainers":[{"name":"i"},{"name":"j"}],"containers":[{"name":"a"}]}"#)
        world.settle()
        #expect(world.status.phase == "Pending")
        #expect(world.status.containerStatuses.first?.state.waiting?.reason == "PodInitializing")
        #expect(world.status.initContainerStatuses.map { $0.state.running != nil } == [true, false])
        #expect(Self.condition("Initialized", world.status)?.reason == "ContainersNotInitialized")
        #expect(Self.condition("Initialized", world.status)?.message == "containers with incomplete status: [i j]")
        world.end("i", code: 0)
        #expect(Self.condition("Initialized", world.status)?.message == "containers with incomplete status: [j]")
        #expect(world.status.initContainerStatuses.first?.ready == true)
        world.settle()
        world.end("j", code: 0)
        #expect(Self.condition("Initialized", world.status)?.status == "True")
    }

    @Test("a sidecar counts for readiness")
    func sidecar() throws {
        var world = try PodWorld(#"{"initContainers":[{"name":"s","restartPolicy":"Always","readinessProbe":{}}],"containers":[{"name":"a"}]}"#)
        world.settle()
        world.started("s")
        world.settle()
        #expect(world.status.phase == "Running")
        #expect(Self.condition("Ready", world.status)?.message == "containers with unready status: [s]")
        world.record[container: "s"].passesReadiness = true
        #expect(Self.condition("Ready", world.status)?.status == "True")
    }

    @Test("readiness follows the probe, and the startup probe comes first")
    func readiness() throws {
        var world = try PodWorld(#"{"containers":[{"name":"a","readinessProbe":{}}]}"#)
        world.settle()
        #expect(world.status.containerStatuses.first?.ready == false)
        world.record[container: "a"].passesReadiness = true
        #expect(world.status.containerStatuses.first?.ready == true)
        world.record[container: "a"].isStarted = false
        #expect(world.status.containerStatuses.first?.ready == false)
        #expect(world.status.containerStatuses.first?.started == false)
    }

    @Test("waiting to restart is CrashLoopBackOff, the last end beside it")
    func crashLoop() throws {
        var world = try PodWorld(#"{"containers":[{"name":"a"}]}"#)
        world.settle()
        world.end("a", code: 1)
        world.settle()
        world.end("a", code: 2, after: 1)
        let status = try #require(world.status.containerStatuses.first)
        #expect(status.state.waiting?.reason == "CrashLoopBackOff")
        #expect(status.state.waiting?.message == "back-off 10s restarting failed container=a pod=web-0_default(u1)")
        #expect(status.lastState.terminated?.exitCode == 2)
        #expect(status.restartCount == 1)
        #expect(world.status.phase == "Running")
        world.now += 10
        world.settle()
        #expect(world.status.containerStatuses.first?.lastState.terminated?.exitCode == 2)
        #expect(world.status.containerStatuses.first?.restartCount == 2)
    }

    @Test("why a start is held back stands in the waiting state", arguments: ["ErrImagePull", "ImagePullBackOff", "CreateContainerConfigError"])
    func held(reason: String) throws {
        var world = try PodWorld(#"{"containers":[{"name":"a"}]}"#)
        world.record.sandboxReady(attempt: 0, podIPs: [])
        world.record[container: "a"].held(ContainerStateWaiting(reason: reason, message: "m"), retryAt: nil)
        #expect(world.status.containerStatuses.first?.state.waiting == ContainerStateWaiting(reason: reason, message: "m"))
        #expect(world.status.phase == "Pending")
    }

    @Test("phases", arguments: [
        ("Never", [0, 0], "Succeeded"), ("Never", [0, 1], "Failed"), ("OnFailure", [0, 0], "Succeeded"), ("OnFailure", [0, 1], "Running"), ("Always", [0, 0], "Running"),
    ])
    func phases(policy: String, codes: [Int], phase: String) throws {
        var world = try PodWorld(#"{"restartPolicy":"\#(policy)","containers":[{"name":"a"},{"name":"b"}]}"#)
        world.settle()
        world.end("a", code: codes[0])
        world.end("b", code: codes[1])
        #expect(world.status.phase == phase)
        if phase == "Failed" { #expect(Self.condition("Ready", world.status)?.reason == "PodFailed") }
        if phase == "Succeeded" { #expect(Self.condition("Ready", world.status)?.reason == "PodCompleted") }
    }

    @Test("a terminal phase stays, with its reason")
    func terminal() throws {
        var world = try PodWorld(#"{"containers":[{"name":"a"}]}"#)
        world.settle()
        world.pod.status.phase = "Failed"
        world.pod.status.reason = "Evicted"
        #expect(world.status.phase == "Failed")
        #expect(world.status.reason == "Evicted")
    }

    @Test("a pod refused by admission is Failed with the reason")
    func refused() throws {
        var world = try PodWorld(#"{"containers":[{"name":"a"}]}"#)
        world.record.failure = PodFailure(reason: "OutOfcpu", message: "m")
        #expect(world.settle() == ["finish"])
        #expect(world.status.phase == "Failed")
        #expect(world.status.reason == "OutOfcpu")
        #expect(world.status.message == "m")
    }

    @Test("a pod that the node ends is not Ready at once, and Failed when nothing of it runs any more")
    func ended() throws {
        var world = try PodWorld(#"{"activeDeadlineSeconds":5,"containers":[{"name":"a"}]}"#)
        world.settle()
        world.pod.status = world.status
        world.now += 5
        #expect(world.settle() == ["fail DeadlineExceeded", "kill a"])
        #expect(world.status.phase == "Running" && world.status.reason.isEmpty)
        #expect(Self.condition("Ready", world.status)?.status == "False")
        #expect(Self.condition("Ready", world.status)?.reason == "PodFailed")
        world.end("a", code: 137)
        #expect(world.status.phase == "Running")  // the sandbox is still there
        #expect(world.settle() == ["finish"])
        #expect(world.status.phase == "Failed" && world.status.reason == "DeadlineExceeded")
    }

    @Test("a pod whose initialization failed is Failed when its sidecars have ended")
    func failedBesideSidecar() throws {
        var world = try PodWorld(
            #"{"restartPolicy":"Never","initContainers":[{"name":"s","restartPolicy":"Always"},{"name":"i"}],"containers":[{"name":"a"}]}"#)
        world.settle()
        world.started("s")
        world.settle()
        world.end("i", code: 1)
        #expect(world.settle() == ["kill s"])
        #expect(world.status.phase == "Pending")
        world.end("s", code: 0)
        #expect(world.status.phase == "Failed")
    }

    @Test("conditions of others stay, and times change only with the status")
    func conditions() throws {
        var world = try PodWorld(#"{"readinessGates":[{"conditionType":"example.com/gate"}],"containers":[{"name":"a"}]}"#)
        world.settle()
        let old = Timestamp(world.now - 100)
        world.pod.status.conditions = [
            PodCondition(type: "DisruptionTarget", status: "True", lastTransitionTime: old),
            PodCondition(type: "Ready", status: "False", lastTransitionTime: old), PodCondition(type: "ContainersReady", status: "False", lastTransitionTime: old),
        ]
        #expect(Self.condition("DisruptionTarget", world.status)?.lastTransitionTime == old)
        #expect(Self.condition("Ready", world.status)?.lastTransitionTime == old)
        #expect(Self.condition("Ready", world.status)?.reason == "ReadinessGatesNotReady")
        #expect(Self.condition("Ready", world.status)?.message == "corresponding condition of pod readiness gate \"example.com/gate\" does not exist.")
        #expect(Self.condition("ContainersReady", world.status)?.lastTransitionTime == Timestamp(world.now))
        world.pod.status.conditions.append(PodCondition(type: "example.com/gate", status: "True"))
        #expect(Self.condition("Ready", world.status)?.status == "True")
        #expect(world.status.conditions.map(\.type).count == Set(world.status.conditions.map(\.type)).count)
    }

    @Test("the same world gives the same status again")
    func stable() throws {
        var world = try PodWorld(#"{"containers":[{"name":"a"}]}"#)
        world.settle()
        let first = world.status
        world.pod.status = first
        world.now += 60
        #expect(world.status == first)
    }

    @Test("a pod on the host's network has the host's addresses")
    func hostNetwork() throws {
        let world = try PodWorld(#"{"hostNetwork":true,"containers":[{"name":"a"}]}"#)
        #expect(world.status.podIP == "192.0.2.1")
    }

    @Test("a record survives being written down")
    func codable() throws {
        var world = try PodWorld(#"{"containers":[{"name":"a"}]}"#)
        world.settle()
        world.end("a", code: 1)
        world.record.failure = PodFailure(reason: "r", message: "m")
        let data = try JSONEncoder().encode(world.record)
        #expect(try JSONDecoder().decode(PodRecord.self, from: data) == world.record)
    }
}
