import Testing
import Volumes

@Suite("Volume state machine")
struct VolumeStateMachineTests {
    typealias Event = VolumeStateMachine.Event
    typealias Action = VolumeStateMachine.Action

    private func run(_ events: [Event]) -> (machine: VolumeStateMachine, actions: [Action]) {
        var machine = VolumeStateMachine()
        let actions = events.map { machine.handle($0) }
        return (machine, actions)
    }

    @Test("staged for the first pod, unstaged after the last")
    func lifetime() {
        let (machine, actions) = run([
            .publish(pod: "a"), .publish(pod: "b"), .staged, .unpublish(pod: "a"), .unpublish(pod: "b"), .unstaged,
        ])
        #expect(actions == [.stage, .none, .none, .none, .unstage, .none])
        #expect(machine.state == .provisioned)
        #expect(machine.pods.isEmpty)
    }

    @Test("a pod that comes while the volume is being unstaged gets it again")
    func comesWhileLeaving() {
        let (machine, actions) = run([.publish(pod: "a"), .staged, .unpublish(pod: "a"), .publish(pod: "b"), .unstaged, .staged])
        #expect(actions == [.stage, .none, .unstage, .none, .stage, .none])
        #expect(machine.state == .staged)
        #expect(machine.pods == ["b"])
    }

    @Test("a pod that left while the volume was being staged does not keep it")
    func leavesWhileComing() {
        let (machine, actions) = run([.publish(pod: "a"), .unpublish(pod: "a"), .staged, .unstaged])
        #expect(actions == [.stage, .none, .unstage, .none])
        #expect(machine.state == .provisioned)
    }

    @Test("data is only ever removed by way of release and trash", arguments: [
        [Event.publish(pod: "a"), .staged], [.publish(pod: "a")], [.publish(pod: "a"), .staged, .unpublish(pod: "a")], [],
    ])
    func noShortcut(to history: [Event]) {
        for attempt in [Event.trash, .purge] {
            let action = run(history + [attempt]).actions.last
            guard case .refuse = action else {
                Issue.record("\(attempt) after \(history) gave \(String(describing: action))")
                continue
            }
        }
        #expect(run([.release, .trash, .purge]).actions == [.none, .moveToTrash, .purge])
        #expect(run([.release, .trash, .restore]).machine.state == .released)
    }

    @Test("a volume in use is not released, and a released one is not used")
    func release() {
        #expect(run([.publish(pod: "a"), .staged, .release]).actions.last == .refuse("a pod still uses it"))
        #expect(run([.release, .publish(pod: "a")]).actions.last == .refuse("its claim is gone"))
    }

    @Test("after a reboot nothing is mounted, and what was deleted stays deleted", arguments: [
        ([Event.publish(pod: "a"), .staged, .reboot], VolumeStateMachine.State.provisioned),
        ([.publish(pod: "a"), .reboot], .provisioned), ([.release, .reboot], .released), ([.release, .trash, .reboot], .trashed),
    ])
    func reboot(history: [Event], state: VolumeStateMachine.State) {
        #expect(run(history).machine.state == state)
    }

    @Test("late and repeated reports change nothing")
    func late() {
        for event in [Event.staged, .stagingFailed, .unstaged, .unstagingFailed, .unpublish(pod: "x"), .restore] {
            var machine = VolumeStateMachine()
            #expect(machine.handle(event) == .none)
            #expect(machine == VolumeStateMachine())
        }
    }
}

@Suite("Volume reconciliation")
struct VolumeOperationTests {
    static let a = VolumeMount(volume: "v1", podUID: "p1", name: "data")
    static let b = VolumeMount(volume: "v1", podUID: "p2", name: "data")
    static let c = VolumeMount(volume: "v2", podUID: "p1", name: "logs")

    @Test("what is surplus goes first, in a fixed order")
    func order() {
        let operations = volumeOperations(desired: [Self.b], actual: [Self.c, Self.a], desiredIsComplete: true)
        #expect(operations == [.unpublish(Self.a), .unpublish(Self.c), .publish(Self.b)])
    }

    @Test("until the desired world is complete, nothing is taken away")
    func incomplete() {
        #expect(volumeOperations(desired: [Self.b], actual: [Self.a], desiredIsComplete: false) == [.publish(Self.b)])
    }

    @Test("equal worlds need nothing")
    func equal() { #expect(volumeOperations(desired: [Self.a], actual: [Self.a], desiredIsComplete: true).isEmpty) }
}
