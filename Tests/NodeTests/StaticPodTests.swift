import Foundation
import KubeAPI
import Testing

extension NodeTests {
    /// Pods of a folder of manifests.
    @Suite("Static pods")
    struct StaticPodTests {
        let node: StandaloneNode
        let kubectl: Kubectl

        init() throws {
            node = try #require(StandaloneNode.current)
            kubectl = node.kubectl
        }

        private func manifest(_ name: String, _ script: String, more: String = "") -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name), labels: {app: \(name)}}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
              - {name: main, image: "\(StandaloneNode.busybox)", command: [sh, -c, '\(script)']}
            \(more)
            """
        }

        /// As editors do it: the name changes hands in one step.
        private func put(_ name: String, _ text: String) throws {
            try text.write(toFile: "\(node.manifests)/\(name)", atomically: true, encoding: .utf8)
        }

        private func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(node.manifests)/\(name)") }

        @Test("a manifest runs, shows itself at the API, outlives the daemon and its own mirror, and goes with its file")
        func life() async throws {
            try put("guard.yaml", manifest("guard", "echo on guard; sleep 1000"))
            let mirror = "pod/guard-\(node.name)"
            try await eventually("the mirror appears") { try await kubectl.value(mirror, "{.metadata.name}") == "guard-\(node.name)" }
            try await kubectl.waitUntilReady("guard-\(node.name)")
            #expect(try await kubectl("logs", "guard-\(node.name)") == "on guard\n")
            #expect(try await kubectl.shell("guard-\(node.name)", "hostname") == "guard-\(node.name)\n")
            let id = try await kubectl.value(mirror, "{.status.containerStatuses[0].containerID}")
            let object = try await kubectl.object(mirror)
            let annotations = try #require(object.at("metadata", "annotations"))
            #expect(annotations["kubernetes.io/config.mirror"] == annotations["kubernetes.io/config.hash"])
            #expect(annotations["kubernetes.io/config.source"] == "file")
            #expect(object.at("metadata", "ownerReferences")?[0]?["kind"] == "Node")
            #expect(object.at("metadata", "uid") != annotations["kubernetes.io/config.hash"])

            // The mirror is a picture: deleting it ends nothing.
            let uid = try await kubectl.value(mirror, "{.metadata.uid}")
            try await kubectl("delete", mirror, "--wait=false")
            try await eventually("the mirror is there again, and true") {
                let now = try await kubectl.object(mirror)
                return now.at("metadata", "uid")?.string != uid && now.at("status", "containerStatuses")?[0]?["containerID"]?.string == id
            }
            #expect(try await kubectl(
                "patch", "pod", "guard-\(node.name)", "--subresource", "resize", "-p", #"{"spec":{"containers":[{"name":"main","resources":{"limits":{"cpu":"1"}}}]}}"#,
                expecting: 1
            ).contains("static pods cannot be resized"))

            try await node.kill()
            try await node.start()
            try await kubectl.waitUntilReady("guard-\(node.name)")
            #expect(try await kubectl.value(mirror, "{.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}") == "\(id) 0")

            // Another manifest is another pod, under the same name.
            try put("guard.yaml", manifest("guard", "echo changed; sleep 1000"))
            try await eventually("the new one runs") { try await kubectl("logs", "guard-\(node.name)") == "changed\n" }
            try await kubectl.waitUntilReady("guard-\(node.name)")
            #expect(try await kubectl.value(mirror, "{.status.containerStatuses[0].containerID}") != id)

            // A file may go while the daemon is away.
            let last = try await kubectl.value(mirror, #"{.metadata.annotations.kubernetes\.io/config\.hash}"#)
            #expect(node.supervisors()[last] != nil)
            try await node.kill()
            try remove("guard.yaml")
            try await node.start()
            try await eventually("it ends, and its mirror goes") { try await kubectl("get", mirror, "--ignore-not-found").isEmpty }
            try await eventually("nothing of it runs") { node.supervisors()[last] == nil }
        }

        @Test("JSON is read as well, a finished pod does not run again, and what is no pod harms no other")
        func files() async throws {
            try put("broken.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: broken}\nspec: {containers: []}\n")
            try put("needy.yaml", manifest("needy", "true", more: "  volumes: [{name: v, configMap: {name: nowhere}}]"))
            try put(".hidden.yaml", manifest("hidden", "sleep 1000"))
            let command = "echo ran >> /host/runs"
            try put(
                "once.json",
                """
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"once","namespace":"kube-system"},"spec":{"restartPolicy":"Never",
                "volumes":[{"name":"host","hostPath":{"path":"\(node.root)/once","type":"DirectoryOrCreate"}}],
                "containers":[{"name":"main","image":"\(StandaloneNode.busybox)","command":["sh","-c","\(command)"],"volumeMounts":[{"name":"host","mountPath":"/host"}]}]}}
                """)
            var system = kubectl
            system.namespace = "kube-system"
            let mirror = "pod/once-\(node.name)"
            try await eventually("it has run") { try await system.value(mirror, "{.status.phase}") == "Succeeded" }
            try await node.kill()
            try await node.start()
            try await eventually("the manifests were read again") {
                try String(contentsOfFile: node.log, encoding: .utf8).components(separatedBy: "static pods may not reference configmaps").count >= 3
            }
            #expect(try String(contentsOfFile: node.log, encoding: .utf8).contains("spec.containers: Required value"))
            #expect(try String(contentsOfFile: "\(node.root)/once/runs", encoding: .utf8) == "ran\n")
            #expect(try await system.value(mirror, "{.status.phase}") == "Succeeded")
            #expect(try await kubectl("get", "pods", "--all-namespaces", "-o", "name").split(separator: "\n").filter { $0.hasSuffix(node.name) } == [mirror[...]])
            for name in ["broken.yaml", "needy.yaml", ".hidden.yaml", "once.json"] { try remove(name) }
            try await eventually("its mirror goes") { try await system("get", mirror, "--ignore-not-found").isEmpty }
        }
    }
}
