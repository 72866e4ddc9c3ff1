import KubeAPI
import PodPlanning
import Testing

@Suite("Termination")
struct TerminationTests {
    static func plan(_ container: String, spec: String = "", deletion: Int? = nil, image: String? = nil, reason: KillReason = .podEnding, elapsed: Double = 0) throws -> TerminationPlan {
        var pod = try pod(#"{\#(spec)"containers":[{"name":"a"\#(container)}]}"#)
        pod.metadata.deletionGracePeriodSeconds = deletion
        return TerminationPlan(of: try #require(pod.spec.containers.first), in: pod, imageSignal: image, reason: reason, elapsed: elapsed)
    }

    static let livenessGrace = #","livenessProbe":{"terminationGracePeriodSeconds":7}"#
    static let graceTable: [(String, String, Int?, KillReason, Double, Double)] = [
        ("", "", nil, .podEnding, 0, 30),
        ("", #""terminationGracePeriodSeconds":5,"#, nil, .podEnding, 0, 5),
        ("", #""terminationGracePeriodSeconds":5,"#, 60, .podEnding, 0, 60),
        ("", "", 0, .podEnding, 0, 0),
        ("", "", 10, .podEnding, 4, 6),
        (livenessGrace, #""terminationGracePeriodSeconds":5,"#, nil, .failedProbe(.liveness), 0, 7),
        (livenessGrace, #""terminationGracePeriodSeconds":5,"#, nil, .failedProbe(.startup), 0, 5),
        (livenessGrace, "", 3, .failedProbe(.liveness), 0, 3),
    ]

    @Test("the grace period is the deletion's, the probe's or the pod's", arguments: graceTable)
    func grace(container: String, spec: String, deletion: Int?, reason: KillReason, elapsed: Double, expected: Double) throws {
        #expect(try Self.plan(container, spec: spec, deletion: deletion, reason: reason, elapsed: elapsed).gracePeriod == expected)
    }

    @Test("the hook counts against the grace period, but two seconds remain", arguments: [(0.0, 30.0), (12, 18), (29, 2), (40, 2)])
    func hook(took: Double, window: Double) throws {
        let plan = try Self.plan(#","lifecycle":{"preStop":{"sleep":{"seconds":1}}}"#)
        #expect(plan.preStop?.sleep?.seconds == 1)
        #expect(plan.signalWindow(afterHook: took) == window)
    }

    @Test("without time there is no hook")
    func noTime() throws { #expect(try Self.plan(#","lifecycle":{"preStop":{"sleep":{"seconds":1}}}"#, deletion: 0).preStop == nil) }

    @Test("the stop signal is the container's, the image's, or SIGTERM", arguments: [
        ("", nil as String?, Int32(15)), ("", "SIGQUIT", 3), ("", "3", 3), ("", "nonsense", 15), (#","lifecycle":{"stopSignal":"SIGUSR1"}"#, "SIGQUIT", 10),
    ])
    func signal(container: String, image: String?, expected: Int32) throws { #expect(try Self.plan(container, image: image).stopSignal == expected) }

    @Test("signal names", arguments: [
        ("SIGTERM", 15 as Int32?), ("term", 15), ("SIGRTMIN", 34), ("SIGRTMIN+3", 37), ("SIGRTMAX-1", 63), ("9", 9), ("0", nil), ("65", nil), ("SIGX", nil), ("SIGRTMIN+99", nil),
    ])
    func names(text: String, expected: Int32?) { #expect(StopSignal.number(text) == expected) }

    @Test("the event says why", arguments: [
        (KillReason.podEnding, "Stopping container a"), (.failedProbe(.liveness), "Container a failed liveness probe, will be restarted"),
    ])
    func message(reason: KillReason, expected: String) throws { #expect(try Self.plan("", reason: reason).message == expected) }
}
