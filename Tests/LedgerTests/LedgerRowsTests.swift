import Foundation
import KubeAPI
@testable import Ledger
import LinuxSystem
import Testing

@Suite("Ledger rows")
struct LedgerRowsTests {
    @Test("every entry reads back as it was written, also after a restart")
    func roundTrip() async throws {
        let fixture = try LedgerFixture()
        var pod = podEntry("u1")
        pod.status = Data("{}".utf8)
        pod.startedAt = noon
        let sandbox = SandboxEntry(
            podUID: "u1", attempt: 1, state: .ready, pid: 42, processStartTime: 987_654, bootID: "boot-1", cgroup: "/kubepods/podu1", createdAt: noon)
        let network = NetworkEntry(
            podUID: "u1", network: "berth", namespacePath: "/proc/42/ns/net", ips: ["10.88.0.2"], result: Data("{}".utf8), addedAt: noon)
        let identity = SourceIdentity(filesystemUUID: "a-b", device: 1793, inode: .max)
        let volume = VolumeEntry(
            id: "pvc-1", kind: .localImage, state: .provisioned, claimNamespace: "default", claimName: "data-web-0", capacityBytes: 64 << 20,
            source: "/v/pvc-1/image", stagingPath: "/v/pvc-1/data", identity: identity, createdAt: noon)
        let publication = PublicationEntry(
            podUID: "u1", volumeName: "data", volumeID: "pvc-1", kind: "persistentVolumeClaim", state: .published, path: "/v/pvc-1/data",
            identity: identity, fsGroup: 1000, publishedAt: noon)
        let use = ImageUseEntry(imageID: "sha256:1", name: "nginx", lastUsedAt: noon)

        let ledger = try fixture.open().ledger
        try await ledger.commit { [pod] transaction in
            try transaction.save(pod)
            try transaction.save(sandbox)
            try transaction.save(network)
            try transaction.save(volume)
            try transaction.save(publication)
            try transaction.save(use)
            try transaction.set(.nodeName, to: "n1")
        }
        try await ledger.close()

        let again = try fixture.open()
        #expect(again.damage == nil)
        let identical = try await again.ledger.read { [pod] rows in
            try [
                rows.pods() == [pod], rows.pod(namespace: "default", name: "web-0") == pod, rows.sandboxes(of: "u1") == [sandbox],
                rows.network(of: "u1") == network,
                rows.volume("pvc-1") == volume, rows.publications(ofVolume: "pvc-1") == [publication], rows.imageUses() == [use],
                rows.fact(.nodeName) == "n1", rows.stagedVolumes() == ["pvc-1"],
            ]
        }
        #expect(identical == Array(repeating: true, count: 9))
    }

    @Test("a removed pod takes its sandbox with it, and leaves network and publications until they are taken down")
    func removal() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        try await ledger.commit { transaction in
            try transaction.save(podEntry("u1"))
            try transaction.save(SandboxEntry(podUID: "u1", attempt: 0, state: .ready, pid: 42, bootID: "boot-1", cgroup: "", createdAt: noon))
            try transaction.save(NetworkEntry(podUID: "u1", network: "b", namespacePath: "", ips: [], result: Data(), addedAt: noon))
            try transaction.save(PublicationEntry(podUID: "u1", volumeName: "v", kind: "emptyDir", state: .published, path: "/p", publishedAt: noon))
            try transaction.removePod("u1")
        }
        let counts = try await ledger.read { try [$0.sandboxes().count, $0.networks().count, $0.publications().count] }
        #expect(counts == [0, 1, 1])
    }

    @Test("saving a pod again keeps its sandbox")
    func upsertKeepsChildren() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        try await ledger.commit { transaction in
            try transaction.save(podEntry("u1"))
            try transaction.save(SandboxEntry(podUID: "u1", attempt: 0, state: .ready, pid: 42, bootID: "boot-1", cgroup: "", createdAt: noon))
            try transaction.save(podEntry("u1", name: "web-0"))
        }
        #expect(try await ledger.read { try $0.sandboxes(of: "u1").count } == 1)
    }

    @Test("a value that is no more is gone from a row that is saved again")
    func upsertClears() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        var volume = VolumeEntry(
            id: "pvc-1", kind: .localImage, state: .trashed, source: "/v/pvc-1/image", identity: SourceIdentity(filesystemUUID: "a-b", device: 1, inode: 2),
            createdAt: noon, trashedAt: noon)
        try await ledger.commit { [volume] in try $0.save(volume) }
        (volume.state, volume.identity, volume.trashedAt) = (.provisioned, nil, nil)
        let read = try await ledger.commit { [volume] in
            try $0.save(volume)
            return try $0.snapshot.volume("pvc-1")
        }
        #expect(read == volume)
    }

    @Test("a record is written without touching the status that is still the same")
    func recordAlone() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        let pod = try await ledger.commit { transaction in
            try transaction.save(podEntry("u1"))
            try transaction.setRecord(Data("1".utf8), status: Data("Running".utf8), ofPod: "u1")
            try transaction.setRecord(Data("2".utf8), status: nil, ofPod: "u1")
            return try transaction.snapshot.pod("u1")
        }
        #expect(pod?.record == Data("2".utf8))
        #expect(pod?.status == Data("Running".utf8))
    }

    @Test("a commit that throws takes back its own rows only, alone and in company", arguments: [false, true])
    func takenBack(inCompany: Bool) async throws {
        struct Refusal: Error {}
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        // The next commit takes it along.
        if inCompany { ledger.post { try $0.save(podEntry("posted")) } }
        await #expect(throws: LedgerError.self) {
            try await ledger.commit { transaction in
                try transaction.save(podEntry("bad"))
                throw Refusal()
            }
        }
        #expect(try await ledger.read { try $0.pods().map(\.uid) } == (inCompany ? ["posted"] : []))
        try await ledger.commit { try $0.save(podEntry("next")) }
        #expect(try await ledger.read { try $0.pod("next") } != nil)
    }

    @Test("a commit whose closure throws leaves nothing, and does not disturb one made at the same time")
    func failingCommit() async throws {
        struct Refusal: Error {}
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        async let good: Void = ledger.commit { try $0.save(podEntry("good")) }
        await #expect(throws: LedgerError.self) {
            try await ledger.commit { transaction in
                try transaction.save(podEntry("bad"))
                throw Refusal()
            }
        }
        try await good
        #expect(try await ledger.read { try $0.pods().map(\.uid) } == ["good"])
    }

    @Test("a row that breaks the schema is refused with an error, and the ledger goes on")
    func constraint() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        await #expect(throws: LedgerError.self) {
            try await ledger.commit {
                try $0.save(SandboxEntry(podUID: "nobody", attempt: 1, state: .creating, bootID: "b", cgroup: "", createdAt: noon))
            }
        }
        try await ledger.commit { try $0.save(podEntry("u1")) }
        #expect(try await ledger.read { try $0.pods().count } == 1)
    }

    @Test("commits made at the same time are all kept, and posts keep their order")
    func grouping() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 { group.addTask { try await ledger.commit { try $0.save(podEntry("u\(number)")) } } }
            try await group.waitForAll()
        }
        for number in 0..<50 { ledger.post { try $0.set(.upstream, to: "\(number)") } }
        // It takes along what was posted before it.
        let before = try await ledger.commit { try $0.snapshot.fact(.upstream) }
        #expect(before == "49")
        let seen = try await ledger.read { try ($0.pods().count, $0.fact(.upstream)) }
        #expect(seen.0 == 200)
        #expect(seen.1 == "49")
    }

    @Test("what is posted is written without a commit to take it along")
    func post() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        await withCheckedContinuation { continuation in
            ledger.post { try $0.set(.upstream, to: "a") } done: { continuation.resume() }
        }
        #expect(try await ledger.read { try $0.fact(.upstream) } == "a")
        ledger.post { try $0.set(.upstream, to: "b") }
        try await ledger.close()
        #expect(try LedgerReader(path: fixture.location.database).read { try $0.fact(.upstream) } == "b")
    }
}
