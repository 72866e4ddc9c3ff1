import FoundationEssentials
import KubeAPI
import PodPlanning
import Testing

@testable import NodeAgent

@Suite("What a worker remembers")
struct PodMemoryTests {
    let start = Date(timeIntervalSince1970: 1_800_000_000)

    private func running(_ id: String) -> PodMemory {
        var memory = PodMemory(record: PodRecord(startTime: start))
        memory.record[container: "web"].started(
            ContainerRun(id: id, attempt: 0, sandboxAttempt: 0, image: "web:1", imageID: "sha256:1", startedAt: start))
        return memory
    }

    @Test("survives being stored, probes with it")
    func stored() throws {
        var memory = running("r1")
        let run = try #require(memory.record[container: "web"].current)
        _ = memory[.readiness, run, container: "web"].record(passed: true, of: try Probe.everySecond, at: start)
        let again = try PodMemory(stored: try memory.stored())
        #expect(again == memory)
        #expect(again[.readiness, run, container: "web"].isPassing == true)
    }

    @Test("forgets the probes of a run that is over")
    func dropped() throws {
        var memory = running("r1")
        let run = try #require(memory.record[container: "web"].current)
        _ = memory[.liveness, run, container: "web"].record(passed: true, of: try Probe.everySecond, at: start)
        memory.dropOldProbes()
        #expect(memory.probes.count == 1)
        memory.record[container: "web"].ended(ContainerEnd(exitCode: 0, oomKilled: false, finishedAt: start))
        memory.dropOldProbes()
        #expect(memory.probes.isEmpty)
    }

    @Test("conditions of other owners come from the API server, our own do not")
    func foreign() {
        var own = PodStatus()
        own.conditions = [PodCondition(type: "Ready", status: "True")]
        var published = PodStatus()
        published.conditions = [PodCondition(type: "Ready", status: "False"), PodCondition(type: "example.com/gate", status: "True")]
        let merged = own.adoptingForeignConditions(of: published)
        #expect(merged.conditions.map(\.type) == ["example.com/gate", "Ready"])
        #expect(merged.conditions.last?.status == "True")
    }

    @Test("a condition of ours that somebody else changed later is to be said again, one not yet brought up to date is not")
    func contradicted() {
        func status(_ ready: String, after seconds: Double) -> PodStatus {
            var status = PodStatus()
            status.conditions = [PodCondition(type: "Ready", status: ready, lastTransitionTime: Timestamp(start.addingTimeInterval(seconds)))]
            return status
        }
        let own = status("True", after: 10)
        #expect(own.isContradicted(by: status("False", after: 50)))
        #expect(!own.isContradicted(by: status("False", after: 5)))
        #expect(!own.isContradicted(by: status("True", after: 50)))
        #expect(!own.isContradicted(by: PodStatus()))
    }
}

extension Probe {
    static var everySecond: Probe {
        get throws { try JSONValue(parsing: #"{"periodSeconds":1}"#).decode(as: Probe.self) }
    }
}
