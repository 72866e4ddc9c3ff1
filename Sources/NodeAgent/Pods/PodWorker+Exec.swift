package import ContainerRuntime
import FoundationEssentials
import Glibc
import KubeAPI
import LinuxSystem
package import PodPlanning
package import SandboxPlan

/// Commands inside running containers: for probes and hooks, and for people.
extension PodWorker {
    /// Runs a command to its end and judges it by its exit code; its output becomes the message.
    func exec(_ command: [String], in name: String, timeout: Duration) async -> ProbeResult {
        let session: ExecSession
        do {
            session = try await openExec(command, in: name, tty: false, stdin: false, within: timeout)
        } catch let error as RuntimeError where error.isSilence {
            return .failed("command timed out: \(command.joined(separator: " ")): \(error)")
        } catch {
            return .failed("\(error)")
        }
        let reading = OutputReading([session.stdout, session.stderr])
        let alarm = Task {
            // Cancelled when the command has ended in time.
            do {
                let patience = min(OutputReading.patience, timeout)
                try await Task.sleep(for: patience)
                reading.follow()
                try await Task.sleep(for: timeout - patience)
            } catch {
                return false
            }
            // Ended in the same moment: no need to kill it.
            try? await session.kill()
            return true
        }
        let code = await session.exitCode()
        alarm.cancel()
        let text = reading.end()
        if await alarm.value { return .failed("command timed out: \(command.joined(separator: " ")) after \(timeout)") }
        return code == 0 ? .passed : .failed(text.isEmpty ? "command exited with code \(code)" : text)
    }

    /// A new process with the world and the credentials of the container.
    ///
    /// - Parameter limit: how long its start may take; nil is as long as any.
    package func openExec(_ command: [String], in name: String, tty: Bool, stdin: Bool, within limit: Duration? = nil) async throws -> ExecSession {
        guard let sandbox, let run = memory.record[container: name].current, run.end == nil else {
            throw ContainerNotRunning(container: name)
        }
        let plan = try await runningPlan(of: name, run)
        return try await sandbox.exec(run.id, execPlan(command: command, tty: tty, in: plan), stdin: stdin, within: limit)
    }

    package func openAttach(_ name: String) async throws -> (session: AttachSession, resize: @Sendable (UInt16, UInt16) async -> Void) {
        guard let sandbox, let run = memory.record[container: name].current, run.end == nil else {
            throw ContainerNotRunning(container: name)
        }
        return (try await sandbox.attach(run.id), { rows, columns in
            // A terminal that has ended has no size.
            try? await sandbox.resizeTTY(run.id, rows: rows, columns: columns)
        })
    }

    /// A socket connected to `port` inside the pod's network; the caller closes it.
    package func connect(port: UInt16) async throws -> CInt {
        guard let sandbox else { throw ContainerNotRunning(container: identity.name) }
        return try await sandbox.connect(port: port)
    }

    /// The plan a running container was started with; after a restart of the daemon, made once more from the same inputs.
    package func runningPlan(of name: String, _ run: ContainerRun) async throws -> ContainerPlan {
        if let plan = plans[name], plan.id == run.id { return plan }
        guard let container = container(name) else { throw ContainerNotRunning(container: name) }
        let plan = try await plan(of: container, run, referencedObjects(of: container))
        plans[name] = plan
        return plan
    }

    func plan(of container: Container, _ run: ContainerRun, _ objects: ReferencedObjects) async throws -> ContainerPlan {
        guard let image = await node.images.stored(run.imageID) else { throw ContainerNotRunning(container: container.name) }
        return try containerPlan(
            for: container, in: granted, attempt: run.attempt, id: run.id, image: ResolvedImage(image), volumes: volumes, objects: objects,
            podIPs: memory.record.podIPs, userMapping: sandbox?.plan.namespaces.user, categories: memory.categories,
            runtime: sandbox?.plan.runtime, seccomp: node.seccomp, on: node.facts)
    }
}

package struct ContainerNotRunning: ActionableError {
    let container: String
    package var description: String { "container \"\(container)\" is not running" }
    package var remedy: String? { nil }
}
