import ContainerRuntime
import Glibc
import KubeAPI
import LinuxSystem
import Logging
import OCISpec
import PodPlanning
import SandboxPlan

/// The same container again and again: planned as for any pod, and run by Berth, crun and runc in turn. What is timed
/// goes from the request until the container has ended and its cgroup is gone. Each runtime inherits the same priority.
///
/// Berth mounts the root file system from the image's layers, and removes its writable layer. The others are given a directory by whoever
/// runs them: here once one that is there, with the image in it, and once one that is mounted for them and removed, as containerd does.
struct LaunchBenchmark {
    let count: Int
    let supervisor: String
    let program: String

    func run() async throws {
        let workplace = try Workplace(program: program)
        defer { workplace.remove() }
        var logger = Logger(label: "berth-bench")
        logger.logLevel = .error
        let runtime = try SandboxRuntime(
            configuration: RuntimeConfiguration(podsDirectory: workplace.run, supervisor: supervisor), logger: logger)
        try runtime.prepareCgroups(workplace.layout, paths: [workplace.cgroup])
        try workplace.standOut()
        let sandboxPlan = try workplace.sandboxPlan(uid: "shared")
        let sandbox = try await runtime.createSandbox(sandboxPlan)
        var events = sandbox.events.makeAsyncIterator()
        let container = try workplace.containerPlan(id: Workplace.newID())
        let shared = ["network": sandbox.networkNamespacePath, "ipc": "/proc/\(sandbox.pid)/ns/ipc", "uts": "/proc/\(sandbox.pid)/ns/uts"]
        let inPod = try OCIBundle("\(workplace.root)/in-pod", container, program: program, namespaces: shared, hostname: nil)
        let alone = try OCIBundle("\(workplace.root)/alone", container, program: program, namespaces: [:], hostname: "bench")

        var times: [String: [Duration]] = [:]
        let clock = ContinuousClock()
        for round in 0..<count {
            var plan = try workplace.containerPlan(id: Workplace.newID())
            plan.cgroup = workplace.moved(plan.cgroup, to: sandboxPlan)
            var start = clock.now
            _ = try await sandbox.start(plan)
            while case .some(let event) = await events.next() {
                if case .exited = event { break }
            }
            try await sandbox.remove(plan.id)
            times["container in a pod, berth", default: []].append(clock.now - start)

            start = clock.now
            let pod = try await runtime.createSandbox(try workplace.sandboxPlan(uid: "pod-\(round)"))
            var own = try workplace.containerPlan(id: Workplace.newID())
            own.cgroup = workplace.moved(own.cgroup, to: pod.plan)
            _ = try await pod.start(own)
            for await event in pod.events { if case .exited = event { break } }
            try await pod.shutDown()
            times["pod and container, berth", default: []].append(clock.now - start)

            for runtime in ["crun", "runc"] {
                for (name, bundle) in [("container in a pod", inPod), ("pod and container", alone)] {
                    for isLayered in [false, true] {
                        start = clock.now
                        if isLayered { try bundle.mountLayers() }
                        try bundle.run(with: runtime, id: "\(workplace.cgroup)-\(round)", cgroup: "/\(workplace.cgroup)/\(runtime)-\(round)")
                        if isLayered { try bundle.unmountLayers() }
                        times["\(name), \(runtime)\(isLayered ? Self.layered : "")", default: []].append(clock.now - start)
                    }
                }
            }
        }
        try await sandbox.shutDown()
        report(times)
    }

    private func report(_ times: [String: [Duration]]) {
        print("\(count) launches each; milliseconds from request until ended and removed\n")
        for group in ["container in a pod", "pod and container"] {
            print("\(group):")
            let medians = ["berth", "crun", "runc", "crun\(Self.layered)", "runc\(Self.layered)"].map { runtime in
                let sorted = (times["\(group), \(runtime)"] ?? []).sorted()
                let (median, p90) = (sorted[sorted.count / 2].milliseconds, sorted[sorted.count * 9 / 10].milliseconds)
                print("  \(runtime)   median \(rounded(median))   p90 \(rounded(p90))")
                return median
            }
            print("  berth / crun \(rounded(medians[0] / medians[1]))   berth / runc \(rounded(medians[0] / medians[2]))")
            print("  with a root mounted and removed each time: berth / crun \(rounded(medians[0] / medians[3]))   berth / runc \(rounded(medians[0] / medians[4]))\n")
        }
    }

    private static let layered = ", root mounted and removed each time"
}

extension Duration {
    var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15 }
}

/// To hundredths.
func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
