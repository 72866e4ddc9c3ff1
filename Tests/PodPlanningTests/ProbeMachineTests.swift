import FoundationEssentials
import KubeAPI
import PodPlanning
import Testing

@Suite("Probes")
struct ProbeMachineTests {
    static let start = Date(timeIntervalSince1970: 1000)
    static func probe(_ json: String = "{}") throws -> Probe { try decoded(json) }
    static func machine(_ kind: ProbeMachine.Kind) -> ProbeMachine { ProbeMachine(kind, container: "a", containerID: "a0", startedAt: start) }

    @Test("the first probe is due after the initial delay, the next a period later")
    func schedule() throws {
        let probe = try Self.probe(#"{"initialDelaySeconds":5,"periodSeconds":3}"#)
        var machine = Self.machine(.readiness)
        #expect(machine.nextProbe(probe, containerStarted: true) == Self.start + 5)
        _ = machine.record(passed: true, of: probe, at: Self.start + 6)
        #expect(machine.nextProbe(probe, containerStarted: true) == Self.start + 9)
    }

    @Test("once it has run, a probe is due a period later, also when the clock was set back before the start of its container")
    func clockSetBack() throws {
        let probe = try Self.probe(#"{"initialDelaySeconds":5,"periodSeconds":3}"#)
        var machine = Self.machine(.readiness)
        let earlier = Self.start - 900
        #expect(try #require(machine.nextProbe(probe, containerStarted: true)).timeIntervalSince(earlier) > probe.longestWait)
        _ = machine.record(passed: true, of: probe, at: earlier)
        #expect(machine.nextProbe(probe, containerStarted: true) == earlier + 3)
    }

    @Test("from the second on, probes of one period fall together, and no period gets longer or shorter than a fortieth for it")
    func slots() throws {
        let probe = try Self.probe(#"{"periodSeconds":10}"#)
        var machine = Self.machine(.liveness)
        #expect(machine.slot(near: Self.start + 0.1, of: probe) == Self.start + 0.1)
        _ = machine.record(passed: true, of: probe, at: Self.start + 0.1)
        let first = machine.slot(near: try #require(machine.nextProbe(probe, containerStarted: true)), of: probe)
        #expect(first == Self.start + 10)
        var other = Self.machine(.liveness)
        _ = other.record(passed: true, of: probe, at: Self.start + 0.12)
        #expect(other.slot(near: try #require(other.nextProbe(probe, containerStarted: true)), of: probe) == first)
        // What a probe itself takes does not add up.
        _ = machine.record(passed: true, of: probe, at: first + 0.03)
        #expect(machine.slot(near: try #require(machine.nextProbe(probe, containerStarted: true)), of: probe) == first + 10)
    }

    @Test("until the container has started only the startup probe runs, and afterwards it does not", arguments: [
        (ProbeMachine.Kind.startup, true), (.liveness, false), (.readiness, false),
    ])
    func gating(kind: ProbeMachine.Kind, runsBefore: Bool) throws {
        let machine = Self.machine(kind)
        #expect((machine.nextProbe(try Self.probe(), containerStarted: false) != nil) == runsBefore)
        #expect((machine.nextProbe(try Self.probe(), containerStarted: true) != nil) == !runsBefore)
    }

    static let histories: [(ProbeMachine.Kind, String, String, [ProbeMachine.Decision])] = [
        (.readiness, "{}", "+", [.ready(true)]),
        (.readiness, #"{"successThreshold":2}"#, "+-++", [.nothing, .nothing, .nothing, .ready(true)]),
        (.readiness, "{}", "+--+---", [.ready(true), .nothing, .nothing, .nothing, .nothing, .nothing, .ready(false)]),
        (.readiness, "{}", "++---+", [.ready(true), .nothing, .nothing, .nothing, .ready(false), .ready(true)]),
        (.liveness, "{}", "+--+---", [.nothing, .nothing, .nothing, .nothing, .nothing, .nothing, .kill(.liveness)]),
        (.liveness, #"{"failureThreshold":1}"#, "--", [.kill(.liveness), .nothing]),
        (.startup, #"{"failureThreshold":2}"#, "-+", [.nothing, .started]),
        (.startup, #"{"failureThreshold":2}"#, "--", [.nothing, .kill(.startup)]),
    ]

    @Test("thresholds", arguments: histories)
    func thresholds(kind: ProbeMachine.Kind, json: String, results: String, expected: [ProbeMachine.Decision]) throws {
        var machine = Self.machine(kind)
        let probe = try Self.probe(json)
        let decisions = results.enumerated().map { machine.record(passed: $1 == "+", of: probe, at: Self.start + Double($0)) }
        #expect(decisions == expected)
    }

    @Test("after a verdict on the run, the probe waits for the next run")
    func hold() throws {
        var machine = Self.machine(.liveness)
        let probe = try Self.probe(#"{"failureThreshold":1}"#)
        _ = machine.record(passed: false, of: probe, at: Self.start)
        #expect(machine.nextProbe(probe, containerStarted: true) == nil)
    }

    @Test("failures are not forgotten when the daemon restarts")
    func codable() throws {
        var machine = Self.machine(.liveness)
        let probe = try Self.probe()
        _ = machine.record(passed: false, of: probe, at: Self.start)
        _ = machine.record(passed: false, of: probe, at: Self.start + 10)
        var restored = try JSONDecoder().decode(ProbeMachine.self, from: JSONEncoder().encode(machine))
        #expect(restored.record(passed: false, of: probe, at: Self.start + 20) == .kill(.liveness))
    }
}
