import FoundationEssentials
import KubeAPI
import PodPlanning
import Testing

/// A ledger was lost, and the machine has booted since: the API server's status is all there is.
@Suite("Pods recalled from their status")
struct PodRecallTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func pod(_ policy: String, _ states: ContainerState..., lastState: ContainerState = ContainerState(), restarts: Int = 0) -> Pod {
        var pod = Pod()
        pod.metadata.name = "job"
        pod.spec.restartPolicy = policy
        for (index, state) in states.enumerated() {
            var container = Container()
            container.name = "c\(index)"
            container.image = "image"
            pod.spec.containers.append(container)
            var status = ContainerStatus(name: container.name)
            status.state = state
            status.lastState = lastState
            status.restartCount = restarts
            status.containerID = "berth://\(String(repeating: "a", count: 64))"
            pod.status.containerStatuses.append(status)
        }
        return pod
    }

    private func recalled(_ pod: Pod) -> PodRecord {
        var record = PodRecord(startTime: now.addingTimeInterval(-100), recalling: pod.status)
        record.sandboxLost(at: now)
        return record
    }

    private func ended(_ code: Int) -> ContainerState {
        ContainerState(
            terminated: ContainerStateTerminated(
                exitCode: code, reason: code == 0 ? "Completed" : "Error", startedAt: Timestamp(now.addingTimeInterval(-90)),
                finishedAt: Timestamp(now.addingTimeInterval(-60)), containerID: "berth://\(String(repeating: "b", count: 64))"))
    }

    @Test("a finished container of a pod that never restarts does not run again", arguments: [0, 3])
    func never(code: Int) {
        let pod = pod("Never", ended(code))
        let record = recalled(pod)
        #expect(podActions(for: pod, record: record, now: now) == [.finish])
        #expect(record[container: "c0"].current?.end?.exitCode == code)
        #expect(record[container: "c0"].current?.id == String(repeating: "b", count: 64))
    }

    @Test("one that was running has an unknown end, and its pod, which never restarts, is over")
    func running() {
        let pod = pod("Never", ended(0), ContainerState(running: ContainerStateRunning(startedAt: Timestamp(now))))
        let record = recalled(pod)
        #expect(podActions(for: pod, record: record, now: now) == [.finish])
        #expect(record[container: "c1"].current?.end?.reason == "ContainerStatusUnknown")
    }

    @Test("with OnFailure, what succeeded stays done and what failed runs again, counted on")
    func onFailure() {
        let succeeded = pod("OnFailure", ended(0))
        #expect(podActions(for: succeeded, record: recalled(succeeded), now: now) == [.finish])
        let failed = pod("OnFailure", ended(2), restarts: 4)
        #expect(podActions(for: failed, record: recalled(failed), now: now) == [.createSandbox(attempt: 1)])
        #expect(recalled(failed)[container: "c0"].nextAttempt == 5)
    }

    @Test("of a container that waits to be restarted, the last state is its latest run")
    func backingOff() {
        let waiting = ContainerState(waiting: ContainerStateWaiting(reason: "CrashLoopBackOff"))
        let record = recalled(pod("Always", waiting, lastState: ended(1), restarts: 3))
        #expect(record[container: "c0"].current?.end?.exitCode == 1)
        #expect(record[container: "c0"].previous == nil)
        #expect(record[container: "c0"].restartCount == 3)
    }

    @Test("a pod of which nothing ever ran is new")
    func new() {
        let pod = pod("Never", ContainerState(waiting: ContainerStateWaiting(reason: "ContainerCreating")))
        #expect(PodRecord(startTime: now, recalling: pod.status).containers.isEmpty)
    }
}
