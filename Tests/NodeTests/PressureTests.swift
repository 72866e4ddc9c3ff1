import KubeAPI
import LinuxSystem
import Testing

extension NodeTests {
    /// What the node takes back.
    @Suite("Pressure")
    struct PressureTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        private func pod(_ name: String, _ script: String = "sleep 1000", main: String = "", spec: String = "") -> String {
            StandaloneNode.pod(name, "trap \"\" TERM; \(script)", grace: 30, main: main, spec: spec)
        }

        @Test("who writes more than its limits allow is evicted with what it exceeded, soon, and nothing of it stays")
        func storage() async throws {
            try await node.inNamespace("storage") { kubectl in
                let write = "dd if=/dev/zero bs=64k count=32"
                try await kubectl.apply(
                    pod("scratch", "\(write) of=/scratch/file; sleep 1000", main: "volumeMounts: [{name: scratch, mountPath: /scratch}]",
                        spec: "  volumes: [{name: scratch, emptyDir: {sizeLimit: 1Mi}}]")
                        + pod("layer", "\(write) of=/file; sleep 1000", main: "resources: {limits: {ephemeral-storage: 1Mi}}")
                        + pod("modest", "\(write) of=/file; sleep 1000", main: "resources: {limits: {ephemeral-storage: 4Mi}}"))
                for (name, message) in [
                    ("scratch", #"Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". "#),
                    ("layer", "Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. "),
                ] {
                    try await kubectl.wait("pod/\(name)", until: "{.status.phase}", is: "Failed")
                    #expect(try await kubectl.value("pod/\(name)", "{.status.reason}: {.status.message}") == "Evicted: \(message)")
                    let uid = try await kubectl.value("pod/\(name)", "{.metadata.uid}")
                    // Long before the pod's own grace period.
                    try await eventually("its containers are gone", within: 10) { node.containers(ofPod: uid).isEmpty }
                }
                #expect(try await kubectl.value("pod/modest", "{.status.phase}") == "Running")
            }
        }

        @Test("a node short of memory says so, takes no more of those who ask for nothing, and evicts who is furthest above its request")
        func memory() async throws {
            try await node.inNamespace("memory") { kubectl in
                let hog = "a=$(head -c 20000000 /dev/zero | tr \"\\\\0\" x); sleep 1000"
                try await kubectl.apply(pod("asked", main: "resources: {requests: {memory: 64Mi}}") + pod("hog", hog))
                try await kubectl.waitUntilReady("asked", "hog")
                try await node.stop()
                try await node.start(with: ["--eviction-hard", "memory.available<100%", "--eviction-pressure-transition-period", "1s"])
                try await kubectl.wait("pod/hog", until: "{.status.reason}", is: "Evicted")
                #expect(try await kubectl.value("pod/hog", "{.status.message}").contains("Container main was using"))
                #expect(try await kubectl.value("pod/hog", #"{.status.conditions[?(@.type=="DisruptionTarget")].reason}"#) == "TerminationByKubelet")
                #expect(try await kubectl.value("pod/asked", "{.status.phase}") == "Running")
                try await kubectl("wait", "node/\(node.name)", "--for=condition=MemoryPressure", "--timeout=30s")
                try await eventually("the threshold is told of") { try await kubectl("get", "events", "--all-namespaces").contains("EvictionThresholdMet") }
                try await kubectl.apply(pod("late", spec: "  nodeName: \(node.name)"))
                try await kubectl.wait("pod/late", until: "{.status.reason}", is: "Evicted")
                try await node.stop()
                try await node.start()
                try await kubectl("wait", "node/\(node.name)", "--for=condition=MemoryPressure=False", "--timeout=30s")
            }
        }

        @Test("a soft threshold leaves the pod the time that the node allows")
        func soft() async throws {
            let flags = [
                "--eviction-hard", "", "--eviction-soft", "memory.available<100%", "--eviction-soft-grace-period", "memory.available=1s",
                "--eviction-max-pod-grace-period", "20", "--eviction-pressure-transition-period", "1s",
            ]
            try await node.inNamespace("soft") { kubectl in
                let book = "\(node.root)/soft/book"
                let script = "trap \"sleep 4; echo done > /soft/book; exit 0\" TERM; echo ready > /soft/book; while :; do sleep 0.1; done"
                try await kubectl.apply(
                    pod("polite", script, main: "volumeMounts: [{name: soft, mountPath: /soft}]",
                        spec: "  volumes: [{name: soft, hostPath: {path: \(node.root)/soft, type: DirectoryOrCreate}}]"))
                try await kubectl.waitUntilReady("polite")
                try await eventually("it can be told") { try SmallFile.text(book) == "ready\n" }
                try await node.with(flags) {
                    try await kubectl.wait("pod/polite", until: "{.status.reason}", is: "Evicted")
                    try await eventually("it has had its time") { try SmallFile.text(book) == "done\n" }
                }
            }
        }

        @Test("a node short of process ids says so, and evicts who has the most")
        func processes() async throws {
            let numbers = ProcessNumbers.read()
            let threshold = numbers.limit - numbers.used - 1500
            let flags = ["--eviction-hard", "pid.available<\(threshold)", "--eviction-pressure-transition-period", "10s"]
            try await node.with(flags) {
                try await node.inNamespace("processes") { kubectl in
                    let crowd = "i=0; while [ $i -lt 3000 ]; do sleep 1000 & i=$((i+1)); done; wait"
                    try await kubectl.apply(pod("few") + pod("crowd", crowd, main: "resources: {requests: {memory: 1Gi}}"))
                    try await kubectl.wait("pod/crowd", until: "{.status.reason}", is: "Evicted", seconds: 80)
                    #expect(try await kubectl.value("pod/crowd", "{.status.message}").hasPrefix("The node was low on resource: pids. Threshold quantity: \(threshold), available: "))
                    try await kubectl("wait", "node/\(node.name)", "--for=condition=PIDPressure", "--timeout=30s")
                    try await kubectl("wait", "node/\(node.name)", "--for=condition=PIDPressure=False", "--timeout=60s")
                    #expect(try await kubectl.value("pod/few", "{.status.phase}") == "Running")
                }
            }
        }
    }
}
