import FoundationEssentials
import KubeAPI

enum PodColumns {
    static let all: [TablePrinter.Column] = [
        TablePrinter.name,
        .init("Ready") { pod in
            let ready = pod.array("status", "containerStatuses").count { $0["ready"]?.bool ?? false } + restartableInits(of: pod).ready
            return .string("\(ready)/\(pod.array("spec", "containers").count + restartableInits(of: pod).all)")
        },
        .init("Status") { .string(status(of: $0)) },
        .init("Restarts") { .string(restarts(of: $0)) },
        TablePrinter.age,
        .init("IP", wide: true) { .string($0.text(or: "<none>", "status", "podIP")) },
        .init("Node", wide: true) { .string($0.text(or: "<none>", "spec", "nodeName")) },
        .init("Nominated Node", wide: true) { .string($0.text(or: "<none>", "status", "nominatedNodeName")) },
        .init("Readiness Gates", wide: true) { pod in
            let gates = pod.array("spec", "readinessGates")
            if gates.isEmpty { return "<none>" }
            let conditions = pod.array("status", "conditions")
            let met = gates.count { gate in conditions.contains { $0["type"] == gate["conditionType"] && $0["status"]?.string == "True" } }
            return .string("\(met)/\(gates.count)")
        },
    ]

    private static func restartableInits(of pod: PrintedObject) -> (all: Int, ready: Int) {
        let names = Set(pod.array("spec", "initContainers").filter { $0["restartPolicy"]?.string == "Always" }.compactMap { $0["name"]?.string })
        let ready = pod.array("status", "initContainerStatuses").count { names.contains($0["name"]?.string ?? "") && $0["ready"]?.bool ?? false }
        return (names.count, ready)
    }

    private static func restarts(of pod: PrintedObject) -> String {
        let sidecars = Set(pod.array("spec", "initContainers").filter { $0["restartPolicy"]?.string == "Always" }.compactMap { $0["name"]?.string })
        let inits = pod.array("status", "initContainerStatuses")
        let isInitialising = status(of: pod).hasPrefix("Init:")
        let counted = isInitialising
            ? inits : pod.array("status", "containerStatuses") + inits.filter { sidecars.contains($0["name"]?.string ?? "") }
        let count = counted.reduce(0) { $0 + ($1["restartCount"]?.int ?? 0) }
        let last = counted.compactMap { $0.at("lastState", "terminated", "finishedAt")?.string }.max()
        guard count > 0, let last else { return "\(count)" }
        return "\(count) (\(pod.age(of: .string(last))) ago)"
    }

    /// Source: kubernetes `printPod`.
    static func status(of pod: PrintedObject) -> String {
        var reason = pod.text(or: pod.text("status", "phase"), "status", "reason")
        if pod.array("status", "conditions").contains(where: { $0["type"]?.string == "PodScheduled" && $0["reason"]?.string == "SchedulingGated" }) {
            reason = "SchedulingGated"
        }
        let initial = initStatus(of: pod)
        if let initial, !initial.isEmpty { reason = initial }
        if initial == nil || isInitialised(pod) {
            var isRunning = false
            for status in pod.array("status", "containerStatuses").reversed() {
                if let waiting = status.at("state", "waiting", "reason")?.string, !waiting.isEmpty {
                    reason = waiting
                } else if let terminated = status.at("state", "terminated") {
                    reason = describe(terminated)
                } else if status["ready"]?.bool ?? false, status.at("state", "running") != nil {
                    isRunning = true
                }
            }
            if reason == "Completed", isRunning {
                let isReady = pod.array("status", "conditions").contains { $0["type"]?.string == "Ready" && $0["status"]?.string == "True" }
                reason = isReady ? "Running" : "NotReady"
            }
        }
        guard pod.value.at("metadata", "deletionTimestamp")?.string != nil else { return reason }
        if pod.text("status", "reason") == "NodeLost" { return "Unknown" }
        return ["Succeeded", "Failed"].contains(pod.text("status", "phase")) ? reason : "Terminating"
    }

    private static func isInitialised(_ pod: PrintedObject) -> Bool {
        pod.array("status", "conditions").contains { $0["type"]?.string == "Initialized" && $0["status"]?.string == "True" }
    }

    private static func describe(_ terminated: JSONValue) -> String {
        if let reason = terminated["reason"]?.string, !reason.isEmpty { return reason }
        if let signal = terminated["signal"]?.int, signal != 0 { return "Signal:\(signal)" }
        return "ExitCode:\(terminated["exitCode"]?.int ?? 0)"
    }

    /// What the first unfinished init container says; nil when all are done.
    private static func initStatus(of pod: PrintedObject) -> String? {
        let specs = pod.array("spec", "initContainers")
        for (index, status) in pod.array("status", "initContainerStatuses").enumerated() {
            let isSidecar = specs.contains { $0["name"] == status["name"] && $0["restartPolicy"]?.string == "Always" }
            if let terminated = status.at("state", "terminated") {
                if terminated["exitCode"]?.int ?? 0 == 0 { continue }
                return "Init:" + describe(terminated)
            }
            if isSidecar, status["started"]?.bool ?? false { continue }
            if let waiting = status.at("state", "waiting", "reason")?.string, !waiting.isEmpty, waiting != "PodInitializing" { return "Init:" + waiting }
            return "Init:\(index)/\(specs.count)"
        }
        return nil
    }
}
