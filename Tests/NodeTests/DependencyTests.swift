import Foundation
import Testing

extension NodeTests {
    /// What a pod needs of other objects, before it starts and while it runs.
    @Suite("Dependencies")
    struct DependencyTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        private func pod(_ name: String, main: String, spec: String = "") -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name)}
            spec:
              terminationGracePeriodSeconds: 0
              containers: [{name: main, image: "\(StandaloneNode.busybox)", command: [sleep, "1000"]\(main.isEmpty ? "" : ", \(main)")}]
            \(spec)
            ---

            """
        }

        @Test("a container waits for the object and the key it names, and starts once they are there")
        func waits() async throws {
            try await node.inNamespace("waits") { kubectl in
                try await kubectl("create", "configmap", "partial", "--from-literal=other=x")
                try await kubectl.apply(
                    pod("key", main: "env: [{name: A, valueFrom: {configMapKeyRef: {name: partial, key: color}}}]")
                        + pod("whole", main: "envFrom: [{secretRef: {name: late}}]"))
                let waiting = "{.status.containerStatuses[0].state.waiting"
                for (pod, message) in [("key", "couldn't find key color in ConfigMap waits/partial"), ("whole", #"secret "late" not found"#)] {
                    try await kubectl.wait("pod/\(pod)", until: "\(waiting).reason}", is: "CreateContainerConfigError")
                    #expect(try await kubectl.value("pod/\(pod)", "\(waiting).message}") == message)
                }
                try await kubectl("patch", "configmap", "partial", "-p", #"{"data": {"color": "blue"}}"#)
                try await kubectl("create", "secret", "generic", "late", "--from-literal=WORD=pass")
                try await kubectl.waitUntilReady("key", "whole")
                #expect(try await kubectl.shell("key", "echo $A") == "blue\n")
                #expect(try await kubectl.shell("whole", "echo $WORD") == "pass\n")
                for pod in ["key", "whole"] { #expect(try await kubectl.value("pod/\(pod)", "{.status.containerStatuses[0].restartCount}") == "0") }
            }
        }

        @Test("a RuntimeClass gives overhead and placement; a handler that the node lacks holds the pod and is named")
        func runtimeClasses() async throws {
            func runtimeClass(_ name: String, _ handler: String) -> String {
                """
                apiVersion: node.k8s.io/v1
                kind: RuntimeClass
                metadata: {name: \(name)}
                handler: \(handler)
                overhead: {podFixed: {cpu: 7m}}
                scheduling: {nodeSelector: {kubernetes.io/os: linux}}
                ---

                """
            }
            try await node.inNamespace("runtimes") { kubectl in
                try await kubectl.apply(
                    runtimeClass("plain", "berth") + runtimeClass("boxed", "moonbox") + pod("own", main: "", spec: "  runtimeClassName: plain")
                        + pod("foreign", main: "", spec: "  runtimeClassName: boxed"))
                try await kubectl.waitUntilReady("own")
                #expect(try await kubectl.value("pod/own", "{.spec.overhead.cpu} {.spec.nodeSelector}") == #"7m {"kubernetes.io/os":"linux"}"#)
                #expect(try await kubectl.value("node/\(node.name)", "{.status.runtimeHandlers[*].name}").contains("berth"))
                try await eventually("the handler is missed") {
                    try await kubectl("get", "events", "--field-selector", "involvedObject.name=foreign").contains(#"no runtime for "moonbox" is configured"#)
                }
                #expect(try await kubectl.value("pod/foreign", "{.status.phase}") == "Pending")
                try await kubectl("delete", "runtimeclass", "plain", "boxed")
            }
        }

        @Test("a NoExecute taint ends the pods that do not tolerate it, at once or after their seconds")
        func taints() async throws {
            try await node.inNamespace("taints") { kubectl in
                func tolerating(_ more: String) -> String { "  tolerations: [{key: moon, operator: Exists, effect: NoExecute\(more)}]" }
                try await kubectl.apply(
                    pod("weak", main: "") + pod("patient", main: "", spec: tolerating(", tolerationSeconds: 4")) + pod("strong", main: "", spec: tolerating("")))
                try await kubectl.waitUntilReady("weak", "patient", "strong")
                try await kubectl("taint", "node", node.name, "moon=full:NoExecute")
                try await kubectl("wait", "pod/weak", "--for=delete", "--timeout=15s")
                #expect(try await kubectl("get", "pods", "-o", "name").contains("pod/strong"))
                try await kubectl("wait", "pod/patient", "--for=delete", "--timeout=20s")
                #expect(try await kubectl("get", "pods", "-o", "name") == "pod/strong\n")
                try await kubectl("taint", "node", node.name, "moon-")
            }
        }
    }
}
