import ContainerRuntime
import Glibc
import KubeAPI
import LinuxSystem
import Logging
import OCISpec
import PodPlanning
import SandboxPlan

/// The same container again and again: planned as for any pod, and run by Berth, crun and runc in turn. What is timed goes from a plan,
/// or a bundle, that is ready until the container has ended and everything of it is gone. Each runtime inherits the same priority.
///
/// Berth mounts the root file system from the image's layers, and removes its writable layer. The others are given a directory by whoever
/// runs them: here once one that is mounted for them and removed, as containerd does, and once one that is there, with the image in it.
struct LaunchBenchmark {
    let count: Int
    let supervisor: String
    let program: String

    private struct Contender: Hashable {
        let runtime: String
        /// A pod with its container, not a container in a pod that is there.
        let isPod: Bool
        /// With a root of its own, mounted and removed each time.
        let isLayered: Bool
    }

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

        var contenders = [false, true].map { Contender(runtime: "berth", isPod: $0, isLayered: true) }
        for runtime in ["crun", "runc"] {
            for isPod in [false, true] { contenders += [true, false].map { Contender(runtime: runtime, isPod: isPod, isLayered: $0) } }
        }
        var times: [Contender: [Duration]] = [:]
        var planning: [Duration] = []
        var writing: [Duration] = []
        let clock = ContinuousClock()
        for round in 0..<count {
            // In another order each time: what the kernel still clears away of one launch is a burden on the next.
            for contender in contenders.shuffled() {
                var start = clock.now
                if contender.runtime != "berth" {
                    let bundle = contender.isPod ? alone : inPod
                    try bundle.write(cgroup: "/\(workplace.cgroup)/\(contender.runtime)-\(round)")
                    writing.append(clock.now - start)
                    start = clock.now
                    if contender.isLayered { try bundle.mountLayers() }
                    try bundle.run(with: contender.runtime, id: "\(workplace.cgroup)-\(round)")
                    if contender.isLayered { try bundle.unmountLayers() }
                } else if contender.isPod {
                    let podPlan = try workplace.sandboxPlan(uid: "pod-\(round)")
                    var plan = try workplace.containerPlan(id: Workplace.newID())
                    planning.append(clock.now - start)
                    plan.cgroup = workplace.moved(plan.cgroup, to: podPlan)
                    start = clock.now
                    let pod = try await runtime.createSandbox(podPlan)
                    _ = try await pod.start(plan)
                    for await event in pod.events { if case .exited = event { break } }
                    try await pod.shutDown()
                } else {
                    var plan = try workplace.containerPlan(id: Workplace.newID())
                    plan.cgroup = workplace.moved(plan.cgroup, to: sandboxPlan)
                    start = clock.now
                    _ = try await sandbox.start(plan)
                    while case .some(let event) = await events.next() {
                        if case .exited = event { break }
                    }
                    try await sandbox.remove(plan.id)
                }
                times[contender, default: []].append(clock.now - start)
            }
        }
        let commit = try workplace.durableWrite(repetitions: 20)
        try await sandbox.shutDown()
        report(times, planning: planning, writing: writing, commit: commit, container)
    }

    private func report(
        _ times: [Contender: [Duration]], planning: [Duration], writing: [Duration], commit: [Duration], _ plan: ContainerPlan
    ) {
        print("\(count) launches each, in an order that changes; milliseconds from a plan or bundle that is ready until the container has ended")
        print("and everything of it is gone.\n")
        for isPod in [false, true] {
            let group = isPod ? "pod and container, the namespaces new" : "container in a pod that is there: network, IPC and UTS namespaces joined"
            print("\(group):")
            let berth = times[Contender(runtime: "berth", isPod: isPod, isLayered: true)] ?? []
            print("  berth   \(summary(berth))")
            for isLayered in [true, false] {
                print("  \(isLayered ? "the others with a root mounted for them and removed each time, as Berth does:" : "the others with a root that is there:")")
                for runtime in ["crun", "runc"] {
                    let other = times[Contender(runtime: runtime, isPod: isPod, isLayered: isLayered)] ?? []
                    print("    \(runtime)   \(summary(other))   berth / \(runtime) \(rounded(median(berth) / median(other)))")
                }
            }
            print("")
        }
        let capabilities = plan.process.capabilities.bounding.nonzeroBitCount
        print("equal: PID, mount and cgroup namespaces new, network, IPC and UTS as said; \(capabilities) capabilities; the RuntimeDefault filter;")
        print("  \(plan.mounts.count) mounts, \(plan.maskedPaths.count) masked and \(plan.readOnlyPaths.count) read-only paths; the same hierarchies of cgroup v1, where that is used")
        print("Berth's time has more in it: the pod's supervisor started and ended, a cgroup of the pod around the container's, loopback up, sysctls,")
        print("  the plan, the exit and a log written to files")
        print("not in any time: Berth's planning of a pod \(rounded(median(planning))), writing config.json \(rounded(median(writing)));")
        print("  nor what the daemon alone does, its ledger's commits: one synced write on this disk takes \(rounded(median(commit))) (see bench pods)")
    }

    private func summary(_ times: [Duration]) -> String {
        "p10 \(rounded(times.sorted()[times.count / 10].milliseconds))   median \(rounded(median(times)))   p90 \(rounded(times.sorted()[times.count * 9 / 10].milliseconds))"
    }

    private func median(_ times: [Duration]) -> Double { times.sorted()[times.count / 2].milliseconds }
}

extension Duration {
    var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15 }
}

/// To hundredths.
func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
