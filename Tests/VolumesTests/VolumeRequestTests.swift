import KubeAPI
import Testing
import Volumes

@Suite("Volume requests")
struct VolumeRequestTests {

    @Test("the memory medium takes the smaller of its own and the pod's limit")
    func memory() throws {
        let entry = try JSONValue(parsing: Array(#"{"name":"v","emptyDir":{"medium":"Memory","sizeLimit":"64Mi"}}"#.utf8)).decode(as: Volume.self)
        #expect(try VolumeRequest(entry)?.source == .memory(sizeBytes: 64 << 20))
        #expect(try VolumeRequest(entry, memoryLimit: 1 << 20)?.source == .memory(sizeBytes: 1 << 20))
        #expect(try VolumeRequest(entry, memoryLimit: 1 << 30)?.source == .memory(sizeBytes: 64 << 20))
    }

    @Test("huge pages are of the size that medium or pod name, and as many as the pod may have or the volume is limited to", arguments: [
        ("HugePages", "", ["hugepages-2Mi": "8Mi"], VolumeRequest.Source.hugePages(pageBytes: 2 << 20, sizeBytes: 8 << 20)),
        ("HugePages-1Gi", "", ["hugepages-2Mi": "8Mi", "hugepages-1Gi": "2Gi"], .hugePages(pageBytes: 1 << 30, sizeBytes: 2 << 30)),
        ("HugePages-2Mi", "4Mi", ["hugepages-2Mi": "8Mi"], .hugePages(pageBytes: 2 << 20, sizeBytes: 4 << 20)),
        ("HugePages", "", ["hugepages-2Mi": "8Mi", "hugepages-1Gi": "2Gi"], nil),
        ("HugePages-2Mi", "", ["hugepages-1Gi": "2Gi"], nil),
        ("HugePages", "", [:], nil),
    ])
    func hugePages(medium: String, sizeLimit: String, limits: [String: String], expected: VolumeRequest.Source?) throws {
        var emptyDir: JSONValue = ["medium": .string(medium)]
        if !sizeLimit.isEmpty { emptyDir["sizeLimit"] = .string(sizeLimit) }
        let volume = try JSONValue.object(["name": "v", "emptyDir": emptyDir]).decode(as: Volume.self)
        var container = Container()
        for (name, amount) in limits { container.resources.limits[name] = Quantity(amount) }
        var spec = PodSpec()
        spec.containers = [container]
        if let expected {
            #expect(try VolumeRequest(volume, in: spec)?.source == expected)
        } else {
            #expect(throws: VolumeError.self) { try VolumeRequest(volume, in: spec) }
        }
    }

    @Test("a PersistentVolume of the provisioner is its image, another one its directory")
    func persistentVolumes() throws {
        var persistent = PersistentVolume()
        persistent.metadata.name = "pv1"
        persistent.spec.local = try JSONValue(parsing: Array(#"{"path":"/mnt/disk"}"#.utf8)).decode(as: LocalVolumeSource.self)
        #expect(try VolumeRequest("data", from: persistent, isReadOnly: true).source == .directory(path: "/mnt/disk", type: "Directory", volume: "pv1", claim: ""))
        persistent.metadata.annotations[VolumeRequest.volumeIDAnnotation] = "pvc-7"
        #expect(try VolumeRequest("data", from: persistent, isReadOnly: false).source == .localImage(id: "pvc-7"))
        persistent.spec.volumeMode = "Block"
        #expect(throws: VolumeError.self) { try VolumeRequest("data", from: persistent, isReadOnly: false) }
    }

    @Test("kinds that need other objects are not requests yet")
    func others() throws {
        let entry = try JSONValue(parsing: Array(#"{"name":"v","configMap":{"name":"c"}}"#.utf8)).decode(as: Volume.self)
        #expect(try VolumeRequest(entry) == nil)
    }

    @Test("a generic ephemeral volume's claim is named for pod and volume")
    func ephemeral() { #expect(VolumeRequest.ephemeralClaimName(pod: "web-0", volume: "scratch") == "web-0-scratch") }
}
