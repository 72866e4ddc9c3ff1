import KubeAPI
import LinuxSystem
import Testing

extension NodeTests {
    /// What `kubectl top` and dashboards read.
    @Suite("Metrics")
    struct MetricsTests {
        let node: StandaloneNode
        init() throws { node = try #require(StandaloneNode.current) }

        @Test("pods have used what they used, and the node what the whole machine did")
        func usage() async throws {
            try await node.inNamespace("metrics") { kubectl in
                // 20 MiB in a file system of memory, and some work.
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: busy}
                    spec:
                      terminationGracePeriodSeconds: 0
                      volumes: [{name: memory, emptyDir: {medium: Memory}}]
                      containers:
                      - name: main
                        image: "\(StandaloneNode.busybox)"
                        command: [sh, -c, "dd if=/dev/zero of=/memory/file bs=1M count=20; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; sleep 1000"]
                        volumeMounts: [{name: memory, mountPath: /memory}]
                    """)
                try await kubectl.waitUntilReady("busy")
                func summary() async throws -> JSONValue {
                    try JSONValue(parsing: try await kubectl("get", "--raw", "/api/v1/nodes/\(node.name)/proxy/stats/summary"))
                }
                func pod(_ summary: JSONValue) -> JSONValue? {
                    summary["pods"]?.array?.first { $0.at("podRef", "name")?.string == "busy" && $0.at("podRef", "namespace")?.string == "metrics" }
                }
                try await eventually("its memory and work are counted") {
                    let pod = pod(try await summary())
                    return (pod?.at("memory", "workingSetBytes")?.int ?? 0) >= 20 << 20 && (pod?.at("cpu", "usageCoreNanoSeconds")?.int ?? 0) > 10_000_000
                }
                let seen = try await summary()
                let working = try #require(seen.at("node", "memory", "workingSetBytes")?.int)
                let machine = MemoryInfo.read()
                #expect(working > machine.workingSet / 2 && working < machine.total)
                let busy = try #require(seen.at("node", "cpu", "usageCoreNanoSeconds")?.int)
                #expect(UInt64(busy) <= ProcessorTime.read().busyNanoseconds && UInt64(busy) > ProcessorTime.read().busyNanoseconds / 2)
                #expect(seen.at("node", "fs", "capacityBytes")?.int == (try FileSystemSpace(of: node.root)).capacityBytes)

                let metrics = try await kubectl("get", "--raw", "/api/v1/nodes/\(node.name)/proxy/metrics/resource")
                #expect(metrics.contains(#/node_memory_working_set_bytes [1-9]\d{7,} \d+/#))
                #expect(metrics.contains(#/container_memory_working_set_bytes\{container="main",namespace="metrics",pod="busy"\} [1-9]\d{7,} \d+/#))
                #expect(metrics.contains(#/pod_cpu_usage_seconds_total\{namespace="metrics",pod="busy"\} \d+\.\d+/#))
            }
        }
    }
}
