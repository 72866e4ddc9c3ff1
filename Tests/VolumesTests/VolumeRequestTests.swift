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
