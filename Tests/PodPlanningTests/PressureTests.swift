import FoundationEssentials
import KubeAPI
import PodPlanning
import Testing

@Suite("Node pressure")
struct PressureTests {
    private let start = Date(timeIntervalSince1970: 1_000_000)
    private let mebibyte = 1 << 20

    private func memory(_ available: Int, disk: Int = 50) -> [EvictionSignal: EvictionObservation] {
        [
            .memory: EvictionObservation(available: available << 20, capacity: 1000 << 20),
            .nodeDisk: EvictionObservation(available: disk, capacity: 100),
        ]
    }

    @Test("kubelet's defaults, and its notation")
    func settings() throws {
        let standard = try EvictionSettings()
        #expect(standard.thresholds.contains(EvictionThreshold(.memory, .absolute(100 << 20))))
        #expect(standard.thresholds.contains(EvictionThreshold(.imageInodes, .fraction(0.05))))
        let soft = try EvictionSettings(
            hard: "", soft: "nodefs.available<20%", softGrace: "nodefs.available=1m30s", minimumReclaim: "nodefs.available=1Gi")
        #expect(soft.thresholds == [EvictionThreshold(.nodeDisk, .fraction(0.2), gracePeriod: 90, minimumReclaim: .absolute(1 << 30))])
    }

    @Test("thresholds that make no sense are refused", arguments: ["memory.available", "memory.free<1Mi", "memory.available<much", "memory.available<101%"])
    func nonsense(text: String) {
        #expect(throws: EvictionSettingsError.self) { try EvictionSettings(hard: text) }
        #expect(throws: EvictionSettingsError.self) { try EvictionSettings(soft: "memory.available<1Mi") }
    }

    @Test("a hard threshold acts at once; its condition outlasts it by the transition period")
    func hard() throws {
        var machine = PressureMachine(try EvictionSettings())
        #expect(machine.look(memory(500), now: start) == .init(conditions: [], reclaim: nil))
        let low = machine.look(memory(99), now: start + 10)
        #expect(low.conditions == ["MemoryPressure"])
        #expect(low.reclaim?.signal == .memory)
        #expect(machine.look(memory(500), now: start + 20) == .init(conditions: ["MemoryPressure"], reclaim: nil))
        #expect(machine.look(memory(500), now: start + 309).conditions == ["MemoryPressure"])
        #expect(machine.look(memory(500), now: start + 310).conditions == [])
    }

    @Test("a soft threshold acts when its grace period is over, and not if it was not met in between")
    func soft() throws {
        var machine = PressureMachine(try EvictionSettings(hard: "", soft: "memory.available<20%", softGrace: "memory.available=30s"))
        #expect(machine.look(memory(100), now: start) == .init(conditions: ["MemoryPressure"], reclaim: nil))
        #expect(machine.look(memory(900), now: start + 10).reclaim == nil)
        #expect(machine.look(memory(100), now: start + 20).reclaim == nil)
        #expect(machine.look(memory(100), now: start + 49).reclaim == nil)
        #expect(machine.look(memory(100), now: start + 50).reclaim?.gracePeriod == 30)
    }

    @Test("once it acts, it goes on until the minimum reclaim is free as well")
    func minimumReclaim() throws {
        var machine = PressureMachine(try EvictionSettings(hard: "memory.available<100Mi", minimumReclaim: "memory.available=50Mi"))
        #expect(machine.look(memory(120), now: start).reclaim == nil)
        #expect(machine.look(memory(90), now: start).reclaim != nil)
        #expect(machine.look(memory(120), now: start).reclaim != nil)
        #expect(!machine.isRelieved(memory(149)) && machine.isRelieved(memory(150)))
        #expect(machine.look(memory(150), now: start).reclaim == nil)
        #expect(machine.look(memory(120), now: start).reclaim == nil)
    }

    @Test("memory comes before disk")
    func both() throws {
        var machine = PressureMachine(try EvictionSettings())
        let verdict = machine.look(memory(1, disk: 1), now: start)
        #expect(verdict.conditions == ["MemoryPressure", "DiskPressure"])
        #expect(verdict.reclaim?.signal == .memory)
    }

    private func consumer(_ name: String, request: String, uses: Int, priority: Int = 0, annotations: String = "{}") throws -> PodConsumption {
        var pod = try PodPlanningTests.pod(
            #"{"priority":\#(priority),"containers":[{"name":"c","resources":{"requests":{"memory":"\#(request)","ephemeral-storage":"\#(request)"}}}]}"#,
            name: name, metadata: #""annotations":\#(annotations)"#)
        pod.metadata.uid = name
        var used = PodConsumption(pod: pod)
        used.memory = uses << 20
        used.disk = uses << 20
        used.processes = uses
        used.containerMemory = ["c": uses << 20]
        return used
    }

    @Test("those above their requests go first, then the less important, then those furthest above", arguments: [
        (EvictionSignal.memory, ["over-low", "over-more", "over", "over-high", "under-low", "under"]),
        (.nodeDisk, ["over-low", "over-more", "over", "over-high", "under-low", "under"]),
        (.processes, ["under-low", "over-low", "under", "over-more", "over", "over-high"]),
    ])
    func order(signal: EvictionSignal, expected: [String]) throws {
        let pods = try [
            consumer("under", request: "500Mi", uses: 400), consumer("under-low", request: "500Mi", uses: 499, priority: -5),
            consumer("over", request: "100Mi", uses: 150), consumer("over-more", request: "0", uses: 160),
            consumer("over-low", request: "100Mi", uses: 101, priority: -5), consumer("over-high", request: "0", uses: 900, priority: 5),
            consumer("system", request: "0", uses: 999, priority: 2_000_000_000),
            consumer("static", request: "0", uses: 999, annotations: #"{"kubernetes.io/config.source":"file"}"#),
        ]
        #expect(evictionOrder(pods, for: signal).map(\.pod.metadata.name) == expected)
    }

    @Test("the message says what was short, and who used more than it asked for")
    func message() throws {
        let message = evictionMessage(
            for: try consumer("a", request: "100Mi", uses: 150), short: EvictionThreshold(.memory, .absolute(100 << 20)),
            EvictionObservation(available: 50 << 20, capacity: 1 << 30))
        #expect(message == "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container c was using 150Mi, request is 100Mi, has larger consumption of memory. ")
    }

    @Test("limits of emptyDirs, pods and containers are kept")
    func storage() throws {
        let spec = #"{"volumes":[{"name":"v","emptyDir":{"sizeLimit":"1Mi"}}],"containers":[{"name":"c","resources":{"limits":{"ephemeral-storage":"3Mi"}}},{"name":"d","resources":{"limits":{"ephemeral-storage":"5Mi"}}}]}"#
        var used = PodConsumption(pod: try PodPlanningTests.pod(spec))
        #expect(used.pod.spec.limitsStorage)
        used.emptyDirs = ["v": mebibyte]
        used.containerDisk = ["c": 3 * mebibyte, "d": 4 * mebibyte]
        used.disk = 8 * mebibyte
        #expect(storageExcess(of: used) == nil)
        used.containerDisk["c"] = 3 * mebibyte + 1
        #expect(storageExcess(of: used) == #"Container c exceeded its local ephemeral storage limit "3Mi". "#)
        used.disk += 1
        #expect(storageExcess(of: used) == "Pod ephemeral local storage usage exceeds the total limit of containers 8Mi. ")
        used.emptyDirs["v"]? += 1
        #expect(storageExcess(of: used) == #"Usage of EmptyDir volume "v" exceeds the limit "1Mi". "#)
    }

    @Test("under pressure a node takes on who can bear it", arguments: [
        (["MemoryPressure"], "0", nil), (["MemoryPressure"], "1Mi", true), (["DiskPressure"], "1Mi", nil), ([], "0", true),
    ] as [(Set<String>, String, Bool?)])
    func admission(conditions: Set<String>, request: String, isAdmitted: Bool?) throws {
        let failure = pressureFailure(of: try consumer("a", request: request, uses: 0).pod, under: conditions)
        #expect((failure == nil) == (isAdmitted ?? false))
        if let failure { #expect(failure.reason == "Evicted" && failure.message == "The node had condition: [\(conditions.first ?? "")]. ") }
    }

    @Test("an evicted pod ends within the grace it is given, and says why")
    func ending() throws {
        var world = try PodWorld(#"{"terminationGracePeriodSeconds":60,"containers":[{"name":"a"}]}"#)
        world.settle()
        world.record.failure = PodFailure(reason: "Evicted", message: "m")
        world.record.graceLimit = 1
        world.record.disruption = PodFailure(reason: "TerminationByKubelet", message: "m")
        #expect(world.settle() == ["kill a"])
        #expect(TerminationPlan(of: world.pod.spec.containers[0], in: world.pod, imageSignal: nil, reason: .podEnding, graceLimit: 1).gracePeriod == 1)
        #expect(world.status.conditions.contains { $0.type == "DisruptionTarget" && $0.reason == "TerminationByKubelet" })
        world.end("a", code: 137)
        #expect(world.settle() == ["finish"])
        #expect(world.status.phase == "Failed" && world.status.reason == "Evicted")
    }
}
