import SandboxPlan
import ContainerRuntime
import FoundationEssentials
import KubeAPI
import PodPlanning

/// Probes and hooks: when they are due is decided in `step`, what they mean by `ProbeMachine`.
extension PodWorker {
    /// Starts every probe that is due.
    ///
    /// - Returns: when the others will be.
    func beginProbes(_ now: Date) -> [Date] {
        guard !isDeleted, suspendedGrace == nil, !memory.record.isTerminal, memory.record.failure == nil else { return [] }
        var later: [Date] = []
        for container in pod.spec.containers + pod.spec.initContainers.filter(\.isSidecar) {
            let progress = memory.record[container: container.name]
            guard let run = progress.current, run.end == nil, progress.mustRestart == nil else { continue }
            for (kind, probe) in container.probes {
                let machine = memory[kind, run, container: container.name]
                guard !isWorking(on: .probe(container.name, kind)), let next = machine.nextProbe(probe, containerStarted: progress.isStarted)
                else { continue }
                let regular = machine.slot(near: next, of: probe)
                let due = kind == .readiness && !progress.passesReadiness ? early(regular, probe, run) : regular
                if due <= now || due.timeIntervalSince(now) > probe.longestWait {
                    begin(.probe(container.name, kind)) { await $0.run(probe, kind, of: container, run) }
                } else {
                    later.append(due)
                }
            }
        }
        return later
    }

    /// While a young container is not ready, it is asked more often than its period says, so that it becomes so sooner.
    /// Source: Kubernetes, "Probes": a readiness probe may run at other times until the container is ready.
    private func early(_ regular: Date, _ probe: Probe, _ run: ContainerRun) -> Date {
        guard let last = memory[.readiness, run, container: ""].lastProbe else { return regular }
        let age = last.timeIntervalSince(run.startedAt) - Double(probe.initialDelaySeconds)
        guard age >= 0 else { return regular }  // the clock was set back
        return min(regular, last.addingTimeInterval(max(age / 4, 0.02)))
    }

    private func run(_ probe: Probe, _ kind: ProbeMachine.Kind, of container: Container, _ run: ContainerRun) async {
        let result = await execute(probe, of: container)
        if Task.isCancelled { return }
        let name = container.name
        guard memory.record[container: name].current?.id == run.id, memory.record[container: name].isRunning else { return }
        let isYoung = kind == .readiness && Date().timeIntervalSince(run.startedAt) < Double(probe.initialDelaySeconds + probe.period)
        let probeName = "\(kind.rawValue.prefix(1).uppercased() + kind.rawValue.dropFirst()) probe"
        switch result {
        case .passed: break
        case .warned(let message): node.events.record(.warning, "ProbeWarning", "\(probeName) warning: \(message)", about: pod, container: name)
        case .failed(let message):
            if !isYoung { node.events.record(.warning, "Unhealthy", "\(probeName) failed: \(message)", about: pod, container: name) }
        }
        let decision = memory[kind, run, container: name].record(passed: result.hasPassed, of: probe, at: Date())
        switch decision {
        case .nothing: return
        case .started:
            memory.record[container: name].isStarted = true
            if container.readinessProbe == nil { memory.record[container: name].passesReadiness = true }
        case .ready(let ready): memory.record[container: name].passesReadiness = ready
        case .kill(let kind): memory.record[container: name].mustRestart = .failedProbe(kind)
        }
        await persist()
    }

    private func execute(_ probe: Probe, of container: Container) async -> ProbeResult {
        let timeout = Duration.seconds(probe.timeout)
        let ip = probeAddress
        if let action = probe.exec { return await exec(container.expandingWritten(action.command), in: container.name, timeout: timeout) }
        if let action = probe.httpGet { return await node.probes.get(action, podIP: ip, ports: container.ports, timeout: timeout) }
        if let action = probe.tcpSocket { return await node.probes.connect(action, podIP: ip, ports: container.ports, timeout: timeout) }
        if let action = probe.grpc { return await node.probes.check(action, podIP: ip, timeout: timeout) }
        return .failed("missing probe handler for \(identity.namespace)/\(identity.name)")
    }

    /// Runs a lifecycle hook to its end, at most `timeout` seconds.
    func runHook(_ hook: LifecycleHandler, of container: Container, timeout: Double) async -> ProbeResult {
        let limit = Duration.seconds(timeout)
        if let action = hook.exec { return await exec(action.command, in: container.name, timeout: limit) }
        if let action = hook.httpGet { return await node.probes.get(action, podIP: probeAddress, ports: container.ports, timeout: limit) }
        if let action = hook.tcpSocket { return await node.probes.connect(action, podIP: probeAddress, ports: container.ports, timeout: limit) }
        if let action = hook.sleep {
            // Interrupted by the container's exit: then the hook has no purpose left.
            try? await Task.sleep(for: min(.seconds(action.seconds), limit))
        }
        return .passed
    }

    /// A failing postStart hook ends the container.
    func runPostStart(of container: Container) async {
        guard let hook = container.lifecycle?.postStart, let run = memory.record[container: container.name].current else { return }
        runningPostStart.insert(container.name)
        let result = await runHook(hook, of: container, timeout: 3600)
        runningPostStart.remove(container.name)
        guard memory.record[container: container.name].current?.id == run.id, memory.record[container: container.name].isRunning else { return }
        switch result {
        case .passed, .warned: noteHookDone(container)
        case .failed(let message):
            node.events.record(.warning, "FailedPostStartHook", "PostStartHook failed: \(message)", about: pod, container: container.name)
            memory.record[container: container.name].mustRestart = .failedPostStart
        }
        await persist()
    }

    private var probeAddress: String { memory.record.podIPs.first ?? node.facts.nodeIPs.first ?? "127.0.0.1" }
}

extension Container {
    var probes: [(ProbeMachine.Kind, Probe)] {
        [(.startup, startupProbe), (.liveness, livenessProbe), (.readiness, readinessProbe)].compactMap { kind, probe in
            probe.map { (kind, $0) }
        }
    }
}
