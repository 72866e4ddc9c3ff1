import ArgumentParser
import FoundationEssentials
import NIOHTTP1
import PodPlanning
import SandboxPlan

struct Plan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the launch plan of a pod's running containers.")

    @OptionGroup var node: NodeSelection
    @OptionGroup var name: PodName

    func run() async throws {
        let (namespace, pod) = name.identity
        let plans: [String: ContainerPlan] = try await node.api().value(path: "/berth/v1/plan/\(namespace.escaped)/\(pod.escaped)")
        if node.output == .json { return try printJSON(plans) }
        for (container, plan) in plans.sorted(by: { $0.key < $1.key }) { print(Self.text(container, plan)) }
    }

    /// Environment values may be secrets, so only names are shown.
    private static func text(_ container: String, _ plan: ContainerPlan) -> String {
        let process = plan.process
        var lines = ["container \(container)  (attempt \(plan.attempt), \(plan.id.prefix(12)))"]
        func line(_ label: String, _ value: String) {
            if !value.isEmpty { lines.append("  " + label + String(repeating: " ", count: max(1, 14 - label.count)) + value) }
        }
        func list(_ label: String, _ values: [String]) {
            for (index, value) in values.enumerated() { line(index == 0 ? label : "", value) }
        }
        line("command", process.arguments.joined(separator: " "))
        line("directory", process.workingDirectory)
        line("user", "\(process.uid):\(process.gid)" + (process.groups.isEmpty ? "" : " groups \(process.groups.map(String.init).joined(separator: ","))"))
        line("environment", process.environment.compactMap { $0.split(separator: "=").first.map(String.init) }.joined(separator: " "))
        line("capabilities", "bounding \(String(process.capabilities.bounding, radix: 16)), effective \(String(process.capabilities.effective, radix: 16))")
        line("seccomp", process.seccomp.isEmpty ? "unconfined" : "\(process.seccomp.count / 8) instructions")
        line("privileges", process.noNewPrivileges ? "no new ones" : "may grow by setuid")
        list("root", plan.root.layers.reversed())
        line("", plan.root.isReadOnly ? "read-only" : "writable in \(plan.root.scratch)")
        list("mounts", plan.mounts.map { "\($0.destination)  \(source($0.source))\($0.options.contains(.readOnly) ? "  ro" : "")" })
        line("masked", plan.maskedPaths.joined(separator: " "))
        line("read-only", plan.readOnlyPaths.joined(separator: " "))
        list("cgroup", plan.cgroup.directories)
        list("limits", plan.cgroup.writes.map { "\($0.file.split(separator: "/").last ?? "")  \($0.value)" })
        line("log", plan.logPath)
        return lines.joined(separator: "\n")
    }

    private static func source(_ source: MountPlan.Source) -> String {
        switch source {
        case .filesystem(let type, let data): data.isEmpty ? type : "\(type) (\(data))"
        case .bind(let root, let path, _): path.isEmpty ? root : "\(root) beneath it \(path)"
        case .cgroup: "cgroup"
        case .podSharedMemory: "shared memory of the pod"
        }
    }
}
