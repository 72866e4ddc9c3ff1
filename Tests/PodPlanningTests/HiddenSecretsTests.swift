import KubeAPI
import PodPlanning
import SandboxPlan
import Testing

@Suite("Plans that are shown")
struct HiddenSecretsTests {
    @Test("no value of a Secret is in them, however it got there; the rest is as it was", arguments: [nil, OCIRuntime(handler: "crun", path: "/usr/bin/crun")])
    func hidden(runtime: OCIRuntime?) throws {
        let pod = try pod("""
            {"containers":[{"name":"c","command":["run","--user=$(S_user)"],"args":["$(PLAIN)"],
             "envFrom":[{"configMapRef":{"name":"c"}},{"prefix":"S_","secretRef":{"name":"s"}}],
             "env":[{"name":"OWN","valueFrom":{"secretKeyRef":{"name":"s","key":"user"}}},{"name":"URL","value":"db://$(OWN)@host"},
              {"name":"PLAIN","value":"x"}]}]}
            """)
        let objects = try ReferencedObjects.test()
        let (real, bare) = (try plan(pod, objects: objects, runtime: runtime), try plan(pod, objects: objects.withoutSecretValues, runtime: runtime))
        #expect("\(real)".contains("admin"))
        let shown = real.hidingSecrets(planned: real, withoutValues: bare)
        #expect(!"\(shown)".contains("admin"))
        #expect(shown.environment("URL") == "db://<from a Secret>@host")
        #expect(shown.process.arguments == ["run", "--user=<from a Secret>", "x"])
        #expect(shown.environment("a") == "1")
        #expect(shown.environment("PATH") == real.environment("PATH"))
    }

    @Test("what a run was started with stays hidden when the Secret has changed since; a changed ConfigMap shows the old value")
    func changed() throws {
        let pod = try pod("""
            {"containers":[{"name":"c","command":["run","$(user)"],"envFrom":[{"configMapRef":{"name":"c"}},{"secretRef":{"name":"s"}}]}]}
            """)
        let running = try plan(pod, objects: .test())
        var objects = try ReferencedObjects.test()
        objects.secrets["s"] = try decoded(#"{"metadata":{"name":"s"},"data":{"other":"bmV3"}}"#)
        objects.configMaps["c"]?.data["a"] = "9"
        let shown = running.hidingSecrets(planned: try plan(pod, objects: objects), withoutValues: try plan(pod, objects: objects.withoutSecretValues))
        #expect(shown.environment("user") == "<from a Secret>")
        #expect(running.process.arguments == ["run", "admin"] && shown.process.arguments == ["run", "$(user)"])
        #expect(shown.environment("a") == "1")
    }

    @Test("a probe's command knows what env says in so many words")
    func probeCommand() throws {
        let pod = try pod(#"{"containers":[{"name":"c","env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]}]}"#)
        #expect(pod.spec.containers[0].expandingWritten(["x", "$(A)", "$(B)", "$$(A)"]) == ["x", "1", "$(B)", "$(A)"])
    }
}
