import ContainerRuntime
import FoundationEssentials
import Images
import KubeAPI
import LinuxSystem
import NodeAgent
import NodeServer
import PodPlanning

/// What the node API serves, from the agent's pods.
struct AgentBackend: NodeBackend {
    let agent: NodeAgent
    let images: ImageStore
    let logins: NodeLogins
    let facts: NodeFacts
    private let rates = CPURates()

    func pods() async -> [Pod] {
        var all: [Pod] = []
        for worker in await agent.pods.all() { all.append(await worker.currentPod()) }
        return all.sorted { ($0.metadata.namespace, $0.metadata.name) < ($1.metadata.namespace, $1.metadata.name) }
    }

    func exec(_ target: ContainerTarget, _ request: ExecRequest) async throws(NodeServerError) -> ProcessStreams {
        let worker = try await worker(target)
        let session: ExecSession
        do {
            session = try await worker.openExec(request.command, in: target.container, tty: request.tty, stdin: request.stdin)
        } catch {
            throw Self.failure(error)
        }
        let input: CInt?
        let output: CInt?
        if let terminal = session.terminal {
            (input, output) = Self.both(terminal)
        } else {
            (input, output) = (session.stdin, session.stdout)
        }
        return ProcessStreams(
            .init(stdin: input, stdout: output, stderr: session.stderr),
            resize: { session.resize(rows: $0.height, columns: $0.width) }, exitCode: { await session.exitCode() })
    }

    func attach(_ target: ContainerTarget, _ request: AttachRequest) async throws(NodeServerError) -> ProcessStreams {
        let worker = try await worker(target)
        do {
            let (session, resize) = try await worker.openAttach(target.container)
            return ProcessStreams(
                .init(stdin: session.terminal ?? session.stdin, stdout: session.stdout, stderr: session.stderr),
                resize: { await resize($0.height, $0.width) }, exitCode: { nil })
        } catch {
            throw Self.failure(error)
        }
    }

    func connect(_ pod: PodTarget, port: UInt16) async throws(NodeServerError) -> CInt {
        let worker = try await worker(pod)
        do {
            return try await worker.connect(port: port)
        } catch {
            throw Self.failure(error)
        }
    }

    func logFile(_ target: ContainerTarget, previous: Bool) async throws(NodeServerError) -> LogFile {
        let worker = try await worker(target)
        guard let (path, run) = await worker.logFile(of: target.container, previous: previous) else {
            let name = "\"\(target.container)\" in pod \"\(target.pod.name)\""
            if previous { throw .badRequest("previous terminated container \(name) not found") }
            throw .badRequest("container \(name) is waiting to start: ContainerCreating")
        }
        return LogFile(path: path) {
            for await _ in await worker.endings(ofRun: run) {}
        }
    }

    func usage() async -> NodeUsage {
        let now = Date()
        var pods: [PodUsage] = []
        for worker in await agent.pods.all() {
            let pod = await worker.currentPod()
            let path = cgroupPath(of: pod)
            var containers: [ContainerUsage] = []
            for status in pod.status.initContainerStatuses + pod.status.containerStatuses {
                guard let running = status.state.running, let id = status.containerID.split(separator: "/").last else { continue }
                let start = running.startedAt?.date ?? now
                containers.append(ContainerUsage(name: status.name, usage: resources("\(path)/\(id)", since: start)))
            }
            guard !containers.isEmpty else { continue }
            pods.append(
                PodUsage(
                    namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid,
                    total: resources(path, since: pod.status.startTime?.date ?? now), containers: containers))
        }
        var usage = NodeUsage(time: now, nodeName: facts.nodeName, node: machine(), pods: pods)
        // Both were made at start; one that does not answer now is left out.
        usage.fileSystem = try? FileSystemSpace(of: facts.paths.kubelet)
        usage.imageFileSystem = try? FileSystemSpace(of: facts.paths.state)
        return rates.complete(usage)
    }

    func debug(method: String, path: [String], query: [String: String], body: [UInt8]) async throws(NodeServerError) -> DebugAnswer? {
        try await DebugRoutes(agent: agent, images: images, logins: logins).answer(method: method, path: path, query: query, body: body)
    }

    /// Not of the root cgroup, which in v2 does not count memory.
    private func machine() -> ResourceUsage {
        let time = ProcessorTime.read()
        return ResourceUsage(
            startTime: Date(timeIntervalSince1970: Double(time.bootTime)), cpuNanoseconds: time.busyNanoseconds,
            workingSetBytes: UInt64(MemoryInfo.read().workingSet))
    }

    private func resources(_ path: String, since start: Date) -> ResourceUsage {
        // A cgroup that is gone has used nothing any more.
        let usage = CgroupStatistics(of: path, in: facts.cgroups)
        return ResourceUsage(
            startTime: start, cpuNanoseconds: usage?.cpuNanoseconds ?? 0, workingSetBytes: usage?.memoryWorkingSetBytes ?? 0)
    }

    private func worker(_ target: ContainerTarget) async throws(NodeServerError) -> PodWorker {
        let worker = try await worker(target.pod)
        guard await worker.hasContainer(target.container) else {
            throw .notFound("container \"\(target.container)\" is not in pod \(target.pod.namespace)/\(target.pod.name)")
        }
        return worker
    }

    private func worker(_ pod: PodTarget) async throws(NodeServerError) -> PodWorker {
        guard let worker = await agent.pods.worker(namespace: pod.namespace, name: pod.name, uid: pod.uid) else {
            throw .notFound("pod \(pod.namespace)/\(pod.name) is not on this node")
        }
        return worker
    }

    /// A terminal is one descriptor; whoever reads and whoever writes closes its own.
    private static func both(_ terminal: CInt) -> (CInt, CInt) { (terminal, duplicate(terminal)) }

    private static func failure(_ error: any Error) -> NodeServerError {
        if error is ContainerNotRunning { return .badRequest("\(error)") }
        let remedy = (error as? any ActionableError)?.remedy
        return .failed("\(error)", remedy: remedy)
    }
}
