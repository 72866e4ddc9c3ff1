import FoundationEssentials

/// `/metrics/resource` in the Prometheus text format, as metrics-server reads it. Source: KEP-1748, kubelet resource metrics.
struct ResourceMetrics {
    let usage: NodeUsage

    var text: String {
        var output = ""
        family(&output, "node_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed by the node in core-seconds") {
            $0("", seconds(usage.node.cpuNanoseconds))
        }
        family(&output, "node_memory_working_set_bytes", "gauge", "Current working set of the node in bytes") {
            $0("", "\(usage.node.workingSetBytes)")
        }
        family(&output, "container_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed by the container in core-seconds") { line in
            eachContainer { line($0, seconds($1.cpuNanoseconds)) }
        }
        family(&output, "container_memory_working_set_bytes", "gauge", "Current working set of the container in bytes") { line in
            eachContainer { line($0, "\($1.workingSetBytes)") }
        }
        family(&output, "container_start_time_seconds", "gauge", "Start time of the container since unix epoch in seconds") { line in
            eachContainer { line($0, "\($1.startTime.timeIntervalSince1970)") }
        }
        family(&output, "pod_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed by the pod in core-seconds") { line in
            for pod in usage.pods { line(labels(pod), seconds(pod.total.cpuNanoseconds)) }
        }
        family(&output, "pod_memory_working_set_bytes", "gauge", "Current working set of the pod in bytes") { line in
            for pod in usage.pods { line(labels(pod), "\(pod.total.workingSetBytes)") }
        }
        output += "# HELP resource_scrape_error 1 if there was an error while getting container metrics, 0 otherwise\n"
        output += "# TYPE resource_scrape_error gauge\nresource_scrape_error 0\n"
        return output
    }

    private func family(
        _ output: inout String, _ name: String, _ type: String, _ help: String, _ lines: ((_ labels: String, _ value: String) -> Void) -> Void
    ) {
        let milliseconds = Int(usage.time.timeIntervalSince1970 * 1000)
        var text = "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        lines { labels, value in text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(value) \(milliseconds)\n" }
        output += text
    }

    private func eachContainer(_ body: (_ labels: String, ResourceUsage) -> Void) {
        for pod in usage.pods {
            for container in pod.containers { body("container=\"\(container.name)\",\(labels(pod))", container.usage) }
        }
    }

    private func labels(_ pod: PodUsage) -> String { "namespace=\"\(pod.namespace)\",pod=\"\(pod.name)\"" }
    private func seconds(_ nanoseconds: UInt64) -> String { "\(Double(nanoseconds) / 1e9)" }
}
