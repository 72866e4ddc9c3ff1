import KubeAPI
import Testing

extension NodeTests {
    /// `examples/`, and the data of its StatefulSet.
    @Suite("Examples")
    struct ExampleTests {
        let node: StandaloneNode
        let kubectl: Kubectl

        init() throws {
            node = try #require(StandaloneNode.current)
            kubectl = node.kubectl
        }

        @Test("the StatefulSet comes up in order on bound claims, the DaemonSet beside it")
        func comesUp() async throws {
            try await node.applyExamples()
            #expect(try await kubectl("get", "pvc", "-o", "jsonpath={.items[*].metadata.name} {.items[*].status.phase}")
                == "www-web-0 www-web-1 www-web-2 Bound Bound Bound")
            #expect(try await kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].status.phase}") == "Running Running Running")
            for (earlier, later) in [("web-0", "web-1"), ("web-1", "web-2")] {
                let ready = try await kubectl.value("pod/\(earlier)", #"{.status.conditions[?(@.type=="Ready")].lastTransitionTime}"#)
                #expect(ready <= (try await kubectl.value("pod/\(later)", "{.metadata.creationTimestamp}")))
            }
            #expect(try await kubectl("logs", "daemonset/node-logger").contains("\(node.name): logs of "))
            #expect(try await kubectl.shell("ds/node-logger", "echo x > /var/log/x", expecting: 1).contains("Read-only file system"))

            let before = try await kubectl.value("statefulset/web", "{.metadata.generation} {.status.updateRevision}")
            try await node.applyExamples()
            #expect(try await kubectl.value("statefulset/web", "{.metadata.generation} {.status.updateRevision}") == before)
        }

        @Test("data of each pod survives its deletion, scaling to zero, and a stop of the whole node")
        func dataSurvives() async throws {
            try await node.applyExamples()
            for pod in pods { try await kubectl.shell(pod, "echo 'kept by \(pod)' > /usr/share/nginx/html/index.html") }
            let volumes = try await volumes()
            let uids = try await uids()

            try await kubectl("delete", "pods", "-l", "app=web")
            try await kubectl("rollout", "status", "statefulset/web", "--timeout=60s")
            #expect(try await self.uids().isDisjoint(with: uids))
            try await expectKept(volumes)

            try await kubectl("scale", "statefulset/web", "--replicas=0")
            try await kubectl("wait", "pods", "-l", "app=web", "--for=delete", "--timeout=60s")
            try await kubectl("scale", "statefulset/web", "--replicas=3")
            try await kubectl("rollout", "status", "statefulset/web", "--timeout=60s")
            try await expectKept(volumes)

            try await node.stop()
            try await node.killPods(patience: 3)
            try await node.start()
            try await kubectl("wait", "pods", "-l", "app=web", "--for=condition=Ready", "--timeout=60s")
            try await eventually("each pod answers") {
                for pod in pods { try await kubectl.shell(pod, "true") }
                return true
            }
            try await expectKept(volumes)
        }

        @Test("a pod finds another by its name: addresses, service records, and its page")
        func names() async throws {
            try await node.applyExamples()
            try await kubectl.shell("web-1", "echo 'page of web-1' > /usr/share/nginx/html/name.html")
            let address = try await kubectl.value("pod/web-1", "{.status.podIP}")
            #expect(try await kubectl.shell("web-0", "nslookup web-1.web.default.svc.cluster.local").contains(address))
            #expect(try await kubectl.shell("web-0", "wget -qO- http://web-1.web/name.html") == "page of web-1\n")
            let everyone = try await kubectl.shell("web-0", "nslookup web.default.svc.cluster.local")
            for pod in pods { #expect(everyone.contains(try await kubectl.value("pod/\(pod)", "{.status.podIP}"))) }
            let services = try await kubectl.shell("web-0", "nslookup -type=srv _http._tcp.web.default.svc.cluster.local")
            for pod in pods { #expect(services.contains("80 \(pod).web.default.svc.cluster.local")) }
            #expect(try await kubectl.shell("web-0", "nslookup web-9.web.default.svc.cluster.local", expecting: 1).contains("NXDOMAIN"))
        }

        private var pods: [String] { ["web-0", "web-1", "web-2"] }

        private func volumes() async throws -> String {
            try await kubectl("get", "pvc", "-o", "jsonpath={.items[*].spec.volumeName}")
        }

        private func uids() async throws -> Set<Substring> {
            Set(try await kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.uid}").split(separator: " "))
        }

        private func expectKept(_ volumes: String) async throws {
            #expect(try await self.volumes() == volumes)
            for pod in pods {
                #expect(try await kubectl.shell(pod, "wget -qO- http://localhost/") == "kept by \(pod)\n")
            }
        }
    }
}
