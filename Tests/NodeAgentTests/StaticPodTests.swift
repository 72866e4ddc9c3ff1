import FoundationEssentials
import KubeAPI
import Testing

@testable import NodeAgent

@Suite("Static pods")
struct StaticPodTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)
    private var owner: ObjectMeta { ObjectMeta(name: "n1", uid: "node") }

    private func manifest(_ spec: String = #"{"containers":[{"name":"a","image":"i"}]}"#) throws -> Pod {
        try JSONDecoder().decode(Pod.self, from: Data(#"{"metadata":{"name":"web"},"spec":\#(spec)}"#.utf8))
    }

    private func pod(_ manifest: Pod, file: String = "/m/web.yaml", node: String = "N1") throws -> Pod {
        try Pod(manifest: manifest, file: file, nodeName: node, now: now)
    }

    @Test("the hash is that of the algorithm's authors", arguments: [
        ("", "6c62272e07bb014262b821756295c58d"), ("a", "d228cb696f1a8caf78912b704e4a8964"), ("foobar", "343e1662793c64bf6f0d3597ba446f18"),
    ])
    func hash(text: String, expected: String) {
        var hash = FowlerNollVo()
        hash.update(Array(text.utf8))
        #expect(hash.text == expected)
    }

    @Test("the same manifest at the same place is the same pod; another manifest, file or node is another")
    func identity() throws {
        let one = try pod(manifest())
        #expect(one.metadata.uid == (try pod(manifest())).metadata.uid)
        #expect(one.metadata.name == "web-n1" && one.metadata.namespace == "default" && one.spec.nodeName == "N1")
        #expect(one.metadata.annotations["kubernetes.io/config.hash"] == one.metadata.uid)
        #expect(one.spec.tolerations.contains { $0.operator == "Exists" && $0.effect == "NoExecute" })
        let others = try [pod(manifest(#"{"containers":[{"name":"a","image":"j"}]}"#)), pod(manifest(), file: "/m/other.yaml"), pod(manifest(), node: "n2")]
        #expect(Set(others.map(\.metadata.uid) + [one.metadata.uid]).count == 4)
        var named = try manifest()
        named.metadata.uid = "given"
        #expect(try pod(named).metadata.uid == "given")
    }

    @Test("a manifest cannot name what only a control plane has", arguments: [
        (#"{"containers":[{"name":"a","envFrom":[{"secretRef":{"name":"s"}}]}]}"#, "secrets"),
        (#"{"containers":[{"name":"a"}],"volumes":[{"name":"v","configMap":{"name":"c"}}]}"#, "configmaps"),
        (#"{"containers":[{"name":"a"}],"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"c"}}]}"#, "persistentvolumeclaims"),
        (#"{"containers":[{"name":"a"}],"serviceAccountName":"x"}"#, "serviceaccounts"),
    ])
    func references(spec: String, resource: String) throws {
        let manifest = try manifest(spec)
        let error = #expect(throws: StaticPodError.self) { try pod(manifest) }
        #expect(error?.description == "/m/web.yaml: static pods may not reference \(resource)")
    }

    @Test("a missing mirror is made, a false, orphaned or dying one goes first, one too many goes")
    func mirrors() throws {
        let pod = try pod(manifest())
        guard case .create(let mirror)? = mirrorActions(wanted: [pod], present: [:], node: owner).first else { throw Missing() }
        #expect(mirror.metadata.annotations["kubernetes.io/config.mirror"] == pod.metadata.uid)
        #expect(mirror.metadata.uid.isEmpty)
        #expect(mirrorActions(wanted: [pod], present: [mirror.fullName: mirror], node: owner).isEmpty)
        #expect(mirrorActions(wanted: [], present: [mirror.fullName: mirror], node: owner) == [.delete(PodReference(mirror))])
        var (old, dying, orphan) = (mirror, mirror, mirror)
        old.metadata.annotations["kubernetes.io/config.mirror"] = "another"
        dying.metadata.deletionTimestamp = Timestamp(now)
        orphan.metadata.ownerReferences[0].uid = "another node"
        for mirror in [old, dying, orphan] {
            #expect(mirrorActions(wanted: [pod], present: [mirror.fullName: mirror], node: owner) == [.delete(PodReference(mirror))])
        }
    }

    private struct Missing: Error {}
}
