import FoundationEssentials
import KubeAPI
import LinuxSystem
import PodPlanning
import Testing

@testable import NodeAgent

@Suite("Node status")
struct NodeStatusTests {
    let profile: NodeProfile
    let now = Date(timeIntervalSince1970: 1_800_000_000)

    init() {
        var machine = MachineFacts.read()
        machine.processors = 4
        machine.memoryBytes = 8 << 30
        machine.hugePages = [:]
        machine.bootID = "b1"
        profile = NodeProfile(
            name: "n1", machine: machine, addresses: ["192.0.2.1"], port: 10250, kubeletVersion: "v1.36.0", runtimeVersion: "berth://1",
            reserved: ["cpu": Quantity(milli: 500), "memory": Quantity(bytes: 1 << 30)], supportsUserNamespaces: false,
            supportsRecursiveReadOnly: true)
    }

    @Test("allocatable is capacity less what is reserved")
    func reserves() {
        let amounts = profile.allocatable(storageBytes: 100)
        #expect(amounts["cpu"] == Quantity("3500m"))
        #expect(amounts["memory"] == Quantity(bytes: 7 << 30))
        #expect(amounts["pods"]?.value == 110)
    }

    @Test("huge pages are given away where they can be limited, and their memory to nobody else")
    func hugePages() {
        var profile = profile
        profile.machine.hugePages = [2 << 20: 1 << 30, 1 << 30: 0, 64 << 10: 1 << 20]
        #expect(profile.capacity(storageBytes: 1).filter { $0.key.hasPrefix("hugepages-") } == [
            "hugepages-2Mi": Quantity(bytes: 1 << 30), "hugepages-1Gi": Quantity(bytes: 0), "hugepages-64Ki": Quantity(bytes: 1 << 20),
        ])
        #expect(profile.capacity(storageBytes: 1)["memory"] == Quantity(bytes: 8 << 30))
        #expect(profile.allocatable(storageBytes: 1)["memory"] == Quantity(bytes: (6 << 30) - (1 << 20)))
        profile.limitsHugePages = false
        #expect(profile.allocatable(storageBytes: 1)["hugepages-2Mi"] == Quantity(bytes: 0))
        #expect(profile.allocatable(storageBytes: 1)["memory"] == Quantity(bytes: (6 << 30) - (1 << 20)))
    }

    @Test("what hard thresholds keep free cannot be asked for, but pods are not held to it; soft ones and those of images keep nothing")
    func thresholds() throws {
        var profile = profile
        profile.eviction = try EvictionSettings(
            hard: "memory.available<512Mi,nodefs.available<10%,imagefs.available<50%", soft: "memory.available<2Gi",
            softGrace: "memory.available=1m"
        ).thresholds
        let amounts = profile.allocatable(storageBytes: 1000)
        #expect(amounts["memory"] == Quantity(bytes: (7 << 30) - (512 << 20)))
        #expect(amounts["ephemeral-storage"]?.value == 900)
        #expect(profile.enforced(storageBytes: 1000)["memory"] == Quantity(bytes: 7 << 30))
        profile.eviction = try EvictionSettings(hard: "memory.available<100%").thresholds
        #expect(profile.allocatable(storageBytes: 1000)["memory"]?.value == 0)
    }

    @Test("a condition keeps the time of its last change until its status changes")
    func transitions() throws {
        var seen = NodeObservation(storage: try FileSystemSpace(of: "/"), memory: MemoryInfo(parsing: "MemAvailable: 4000000 kB"))
        let first = profile.status(from: seen, previous: NodeStatus(), now: now)
        let second = profile.status(from: seen, previous: first, now: now.addingTimeInterval(10))
        #expect(second.says(theSameAs: first))
        seen.notReady = "no network"
        let third = profile.status(from: seen, previous: second, now: now.addingTimeInterval(20))
        let ready = try #require(third.conditions.first { $0.type == "Ready" })
        #expect(ready.status == "False" && ready.message == "no network")
        #expect(ready.lastTransitionTime == Timestamp(now.addingTimeInterval(20)))
        let memory = try #require(third.conditions.first { $0.type == "MemoryPressure" })
        #expect(memory.lastTransitionTime == Timestamp(now))
    }

    @Test("what the control plane wrote while the node was silent is not what the node says")
    func unknown() throws {
        let seen = NodeObservation(storage: try FileSystemSpace(of: "/"), memory: MemoryInfo(parsing: "MemAvailable: 4000000 kB"))
        var server = profile.status(from: seen, previous: NodeStatus(), now: now)
        for index in server.conditions.indices { server.conditions[index].status = "Unknown" }
        server.conditions.append(NodeCondition(type: "NetworkUnavailable", status: "False", reason: "", message: ""))
        let next = profile.status(from: seen, previous: server, now: now)
        #expect(!next.says(theSameAs: server))
        #expect(next.conditions.filter { $0.status == "Unknown" }.isEmpty)
        #expect(next.conditions.contains { $0.type == "NetworkUnavailable" })
    }

    @Test("pressure is told by its condition, and by no other", arguments: ["MemoryPressure", "DiskPressure", "PIDPressure"])
    func pressure(condition: String) throws {
        let seen = NodeObservation(storage: try FileSystemSpace(of: "/"), memory: MemoryInfo(parsing: ""), pressure: [condition])
        let status = profile.status(from: seen, previous: NodeStatus(), now: now)
        #expect(status.conditions.filter { $0.type.hasSuffix("Pressure") && $0.status == "True" }.map(\.type) == [condition])
    }

    @Test("the kernel's process ids, and a kernel that does not tell")
    func processNumbers() {
        let told = ProcessNumbers(pidMax: "32768", threadsMax: "15000", loadAverage: "0.10 0.20 0.30 2/345 9999")
        #expect(told == ProcessNumbers(limit: 15000, used: 345))
        #expect(ProcessNumbers(pidMax: "", threadsMax: "", loadAverage: "") == ProcessNumbers(limit: 0, used: 0))
    }

    @Test("declared features are sorted and unique")
    func features() {
        #expect(NodeProfile.declaredFeatures == Array(Set(NodeProfile.declaredFeatures)).sorted())
    }
}
