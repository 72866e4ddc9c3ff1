import KubeAPI
import Testing

@testable import NodeAgent

@Suite("Objects a pod names")
struct PodReferencesTests {
    @Test("every way of naming a ConfigMap or Secret is found")
    func references() throws {
        let pod: Pod = try JSONValue(
            parsing: """
                {"metadata":{"namespace":"shop","name":"p"},"spec":{"imagePullSecrets":[{"name":"pull"}],
                 "initContainers":[{"name":"i","envFrom":[{"secretRef":{"name":"init"}}]}],
                 "containers":[{"name":"c","env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"one","key":"k"}}},
                   {"name":"B","valueFrom":{"secretKeyRef":{"name":"two","key":"k"}}}]}],
                 "volumes":[{"name":"a","configMap":{"name":"files"}},{"name":"b","secret":{"secretName":"keys"}},
                   {"name":"c","projected":{"sources":[{"configMap":{"name":"root"}},{"secret":{"name":"more"}}]}}]}}
                """
        ).decode(as: Pod.self)
        let keys = pod.referencedObjects
        #expect(Set(keys.filter { $0.kind == .configMap }.map(\.name)) == ["one", "files", "root"])
        #expect(Set(keys.filter { $0.kind == .secret }.map(\.name)) == ["pull", "init", "two", "keys", "more"])
        #expect(keys.allSatisfy { $0.namespace == "shop" })
    }

    @Test(
        "the pull policy is the container's, else follows from the tag",
        arguments: [
            ("", "nginx", PullPolicy.always), ("", "nginx:latest", .always), ("", "nginx:1", .ifNotPresent),
            ("", "registry:5000/nginx", .always), ("", "nginx@sha256:00", .ifNotPresent), ("Never", "nginx", .never),
        ])
    func policy(named: String, image: String, expected: PullPolicy) {
        var container = Container()
        container.image = image
        container.imagePullPolicy = named
        #expect(PullPolicy(of: container) == expected)
    }
}
