import KubeAPI
import PodPlanning
import Testing

@Suite("Unsupported fields")
struct UnsupportedFieldTests {
    @Test("each is named by its path, and fails the pod of a joined node", arguments: [
        (#"{"volumes":[{"name":"a","emptyDir":{}},{"name":"b","iscsi":{"lun":0}}]}"#, "volumes[1].iscsi"),
        (#"{"volumes":[{"name":"a","nfs":{"server":"s","path":"/"}}]}"#, "volumes[0].nfs"),
        (#"{"volumes":[{"name":"a","emptyDir":{"medium":"HugePages"}}]}"#, "volumes[0].emptyDir.medium"),
        (#"{"volumes":[{"name":"a","projected":{"sources":[{"secret":{"name":"s"}},{"podCertificate":{"signerName":"x"}}]}}]}"#, "volumes[0].projected.sources[1].podCertificate"),
        (#"{"resourceClaims":[{"name":"gpu"}]}"#, "resourceClaims"),
        (#"{"securityContext":{"windowsOptions":{}}}"#, "securityContext.windowsOptions"),
        (#"{"initContainers":[{"name":"i","securityContext":{"windowsOptions":{}}}]}"#, "initContainers[0].securityContext.windowsOptions"),
        (#"{"containers":[{"name":"a"},{"name":"b","resources":{"claims":[{"name":"gpu"}]}}]}"#, "containers[1].resources.claims"),
    ])
    func refused(spec: String, path: String) throws {
        let pod = try pod(spec)
        #expect(pod.spec.unsupportedFields.map(\.path) == [path])
        let failure = try admissionFailure(of: pod, admitted: [], taints: [], on: .test())
        #expect(failure?.reason == "UnexpectedAdmissionError")
        #expect(failure?.message.hasPrefix("spec.\(path): ") == true)
    }

    @Test("what is supported is not refused")
    func supported() throws {
        let spec = """
            {"volumes":[{"name":"a","emptyDir":{"medium":"Memory"}},{"name":"b","hostPath":{"path":"/"}},{"name":"c","configMap":{"name":"c"}},
             {"name":"d","projected":{"sources":[{"serviceAccountToken":{"path":"t"}}]}},{"name":"e","persistentVolumeClaim":{"claimName":"c"}}],
             "containers":[{"name":"a","resources":{"limits":{"cpu":"1"}}}]}
            """
        #expect(try pod(spec).spec.unsupportedFields == [])
    }

    @Test("a label that nobody would enforce is refused", arguments: [
        (#"{"securityContext":{"seLinuxOptions":{"level":"s0"}}}"#, "spec.securityContext.seLinuxOptions:"),
        (#"{"containers":[{"name":"a","securityContext":{"seLinuxOptions":{"type":"spc_t"}}}]}"#, "spec.containers[0].securityContext.seLinuxOptions:"),
    ])
    func seLinux(spec: String, text: String) throws {
        let failure = try admissionFailure(of: pod(spec), admitted: [], taints: [], on: .test())
        #expect(failure?.reason == "SELinux")
        #expect(failure?.message.contains(text) == true)
    }
}

@Suite("Limits on disk")
struct StorageLimitTests {
    private static func excess(_ spec: String, volumes: [String: Int] = [:], containers: [String: Int] = [:]) throws -> String? {
        var usage = StorageUsage()
        usage.volumes = volumes
        usage.containers = containers
        return try pod(spec).spec.storageExcess(usage)?.message
    }

    @Test("an emptyDir on disk may be as large as its limit, and not larger")
    func volumes() throws {
        let spec = #"{"volumes":[{"name":"v","emptyDir":{"sizeLimit":"1Mi"}},{"name":"m","emptyDir":{"medium":"Memory","sizeLimit":"1Mi"}}]}"#
        #expect(try Self.excess(spec, volumes: ["v": 1 << 20]) == nil)
        #expect(try Self.excess(spec, volumes: ["v": 1 << 20 + 1]) == #"Usage of EmptyDir volume "v" exceeds the limit "1Mi". "#)
        #expect(try Self.excess(spec, volumes: ["m": 1 << 30]) == nil)
    }

    @Test("a container's own limit counts its layer and logs, the pod's counts everything")
    func containers() throws {
        let one = #"{"name":"a","resources":{"limits":{"ephemeral-storage":"1Mi"}}}"#
        let mixed = #"{"containers":[\#(one),{"name":"b"}]}"#
        #expect(try Self.excess(mixed, containers: ["a": 1 << 20, "b": 1 << 30]) == nil)
        #expect(try Self.excess(mixed, containers: ["a": 1 << 21]) == #"Container a exceeded its local ephemeral storage limit "1Mi". "#)
        let limited = #"{"volumes":[{"name":"v","emptyDir":{}}],"containers":[\#(one)]}"#
        #expect(try Self.excess(limited, volumes: ["v": 1 << 21]) == "Pod ephemeral local storage usage exceeds the total limit of containers 1048576. ")
        #expect(try !pod(#"{"containers":[{"name":"a"}]}"#).spec.hasStorageLimits)
        #expect(try pod(mixed).spec.hasStorageLimits)
    }
}
