import KubeAPI
import PodPlanning
import Testing

@Suite("Unsupported fields")
struct UnsupportedFieldTests {
    @Test("each is named by its path, and fails the pod of a joined node", arguments: [
        (#"{"volumes":[{"name":"a","emptyDir":{}},{"name":"b","iscsi":{"lun":0}}]}"#, "volumes[1].iscsi"),
        (#"{"volumes":[{"name":"a","nfs":{"server":"s","path":"/"}}]}"#, "volumes[0].nfs"),
        (#"{"volumes":[{"name":"a","emptyDir":{"medium":"HugePages-moon"}}]}"#, "volumes[0].emptyDir.medium"),
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
            {"volumes":[{"name":"a","emptyDir":{"medium":"Memory"}},{"name":"h","emptyDir":{"medium":"HugePages"}},{"name":"i","emptyDir":{"medium":"HugePages-2Mi"}},{"name":"b","hostPath":{"path":"/"}},{"name":"c","configMap":{"name":"c"}},
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
        var node = try NodeFacts.test()
        node.kernel.seLinux = SELinuxPolicy()
        #expect(try admissionFailure(of: pod(spec), admitted: [], taints: [], on: node) == nil)
    }
}
