import FoundationEssentials
import KubeAPI
import Ledger
@testable import NodeAgent
import Testing
import Volumes

@Suite("Provisioner decisions")
struct ProvisionerActionTests {
    static let provisioner = "berth.io/local"

    private func claim(
        _ name: String = "data-web-0", asks: String = "64Mi", volume: String = "", annotations: JSONValue = [:], status: JSONValue = [:]
    ) throws -> PersistentVolumeClaim {
        var all: JSONValue = ["volume.kubernetes.io/storage-provisioner": .string(Self.provisioner), "volume.kubernetes.io/selected-node": "n1"]
        for (key, value) in annotations.object ?? [:] { all[key] = value == .null ? nil : value }
        let json: JSONValue = [
            "metadata": ["name": .string(name), "namespace": "default", "uid": .string("uid-\(name)"), "annotations": all],
            "spec": [
                "accessModes": ["ReadWriteOnce"], "storageClassName": "berth-local", "volumeName": .string(volume),
                "resources": ["requests": ["storage": .string(asks)]],
            ],
            "status": status,
        ]
        return try json.decode(as: PersistentVolumeClaim.self)
    }

    private func storage(mode: String = "WaitForFirstConsumer", parameters: JSONValue = [:]) throws -> StorageClass {
        let json: JSONValue = [
            "metadata": ["name": "berth-local"], "provisioner": .string(Self.provisioner), "volumeBindingMode": .string(mode), "parameters": parameters,
        ]
        return try json.decode(as: StorageClass.self)
    }

    private func volume(
        _ name: String = "pvc-uid-data-web-0", has: String = "64Mi", node: String = "n1", phase: String = "Bound", policy: String = "Delete",
        deleting: Bool = false, claimUID: String = "uid-data-web-0"
    ) throws -> PersistentVolume {
        let wanted = try ProvisionedVolume(try claim(asks: has), of: try storage())
        let image = try JSONValue(parsing: Array(#"{"id":"\#(name)","capacityBytes":\#(wanted.bytes),"filesystemUUID":"u","claimNamespace":"","claimName":"","claimUID":"","createdAt":0}"#.utf8))
        var json = wanted.manifest(for: try image.decode(as: LocalVolume.self), at: "/v/\(name)/data", on: node)
        json["metadata"]?["name"] = .string(name)
        json["metadata"]?["uid"] = .string("uid-\(name)")
        if deleting { json["metadata"]?["deletionTimestamp"] = "2026-01-01T00:00:00Z" }
        json["spec"]?["persistentVolumeReclaimPolicy"] = .string(policy)
        json["spec"]?["claimRef"]?["uid"] = .string(claimUID)
        json["status"] = ["phase": .string(phase)]
        return try json.decode(as: PersistentVolume.self)
    }

    private func actions(
        claims: [PersistentVolumeClaim] = [], classes: [StorageClass]? = nil, volumes: [PersistentVolume] = [], takesUnplaced: Bool = true
    ) throws -> [ProvisionerAction] {
        let classes = try classes ?? [storage()]
        return ProvisionerView(claims: claims, classes: classes, volumes: volumes, nodeName: "n1", takesUnplaced: takesUnplaced).actions()
    }

    @Test("a claim that was placed here gets a volume, once")
    func provision() throws {
        let wanted = try claim()
        #expect(try actions(claims: [wanted]) == [.provision(wanted, try storage())])
        #expect(try actions(claims: [wanted], volumes: [try volume()]).isEmpty)
    }

    @Test("a claim that waits, is placed elsewhere, or was not given to a provisioner is left alone", arguments: [
        ["volume.kubernetes.io/selected-node": JSONValue.null], ["volume.kubernetes.io/selected-node": "n2"],
        ["volume.kubernetes.io/storage-provisioner": .null], ["volume.kubernetes.io/storage-provisioner": "other.io/disk"],
    ] as [JSONValue])
    func notOurs(annotations: JSONValue) throws {
        #expect(try actions(claims: [try claim(annotations: annotations)]).isEmpty)
    }

    @Test("a class that binds at once is served without a pod, but only by a node of its own")
    func immediate() throws {
        let unplaced = try claim(annotations: ["volume.kubernetes.io/selected-node": .null])
        let immediate = try storage(mode: "Immediate")
        #expect(try actions(claims: [unplaced], classes: [immediate]) == [.provision(unplaced, immediate)])
        #expect(try actions(claims: [unplaced], classes: [immediate], takesUnplaced: false).isEmpty)
    }

    @Test("a larger claim grows its volume; then its status follows; then there is peace")
    func grow() throws {
        let name = "pvc-uid-data-web-0"
        let bound: JSONValue = ["phase": "Bound", "capacity": ["storage": "64Mi"]]
        let larger = try claim(asks: "128Mi", volume: name, status: bound)
        #expect(try actions(claims: [larger], volumes: [try volume()]) == [.expand(larger, try volume())])
        #expect(try actions(claims: [larger], volumes: [try volume(has: "128Mi")]) == [.report(larger, capacity: try #require(Quantity("128Mi")))])
        let done = try claim(asks: "128Mi", volume: name, status: ["phase": "Bound", "capacity": ["storage": "128Mi"]])
        #expect(try actions(claims: [done], volumes: [try volume(has: "128Mi")]).isEmpty)
        let smaller = try claim(asks: "32Mi", volume: name, status: bound)
        #expect(try actions(claims: [smaller], volumes: [try volume()]).isEmpty)
    }

    @Test("only a released volume with policy Delete goes to the trash")
    func reclaim() throws {
        let released = try volume(phase: "Released")
        #expect(try actions(volumes: [released]) == [.reclaim(released)])
        #expect(try actions(volumes: [try volume(phase: "Released", policy: "Retain")]).isEmpty)
        #expect(try actions(volumes: [try volume(phase: "Bound")]).isEmpty)
        #expect(try actions(volumes: [try volume(node: "n2", phase: "Released")]).isEmpty)
    }

    @Test("a deleted volume waits for its claim; without one, the policy decides about the data")
    func deletion() throws {
        let claimed = try claim(volume: "pvc-uid-data-web-0", status: ["phase": "Bound", "capacity": ["storage": "64Mi"]])
        #expect(try actions(claims: [claimed], volumes: [try volume(deleting: true)]).isEmpty)
        let delete = try volume(deleting: true)
        #expect(try actions(volumes: [delete]) == [.reclaim(delete)])
        let retain = try volume(policy: "Retain", deleting: true)
        #expect(try actions(volumes: [retain]) == [.letGo(retain)])
    }

    private func image(_ uid: String, claim: String = "data-web-0", isReleased: Bool = false) throws -> LocalVolume {
        var json: JSONValue = [
            "id": .string("pvc-\(uid)"), "capacityBytes": 67_108_864, "filesystemUUID": "u", "claimNamespace": "default",
            "claimName": .string(claim), "claimUID": .string(uid), "createdAt": 0,
        ]
        if isReleased { json["releasedAt"] = 1 }
        return try json.decode(as: LocalVolume.self)
    }

    @Test("a claim finds the image of its name again whose control plane was lost, and nobody else's")
    func lost() throws {
        let new = try claim()
        let old = try image("old")
        func found(_ known: [LocalVolume], state: VolumeEntry.State = .provisioned, used: [PersistentVolume] = [], underWay: Set<String> = []) -> String? {
            let states = known.map { VolumeEntry(id: $0.id, kind: .localImage, state: state, source: "", createdAt: $0.createdAt) }
            return new.lostImage(among: known, states: states, used: used, underWay: underWay.union(["uid-data-web-0"]))?.id
        }
        #expect(found([try image("other", claim: "data-web-1"), old]) == "pvc-old")
        #expect(found([old, try image("uid-data-web-0")]) == nil)
        #expect(found([old], used: [try volume("pvc-old")]) == nil)
        #expect(found([old], state: .released) == nil)
        #expect(found([try image("old", isReleased: true)]) == nil)
        // An earlier claim of the name was deleted while its volume was being made: two pods must not get one volume.
        #expect(found([old], underWay: ["old"]) == nil)
    }

    @Test("what would have to be ignored is refused, with a remedy")
    func refusals() throws {
        var block = try claim()
        block.spec.volumeMode = "Block"
        var selecting = try claim()
        selecting.spec.selector = LabelSelector()
        let tiny = try claim(asks: "1Ki")
        for refused in [block, selecting, tiny] {
            #expect(throws: ProvisionerError.self) { try ProvisionedVolume(refused, of: try storage()) }
        }
        #expect(throws: ProvisionerError.self) { try ProvisionedVolume(try claim(), of: try storage(parameters: ["fsType": "xfs"])) }
        _ = try ProvisionedVolume(try claim(), of: try storage(parameters: ["fsType": "ext4"]))
    }
}
