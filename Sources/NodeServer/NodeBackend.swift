import Glibc
package import KubeAPI
import Synchronization

/// What the node API serves from: the pods of this node and the ways into their containers.
package protocol NodeBackend: Sendable {
    /// Every pod assigned to this node, each with the status as the node knows it.
    func pods() async -> [Pod]
    /// A new process in a running container.
    func exec(_ target: ContainerTarget, _ request: ExecRequest) async throws(NodeServerError) -> ProcessStreams
    /// The streams of the container's own process.
    func attach(_ target: ContainerTarget, _ request: AttachRequest) async throws(NodeServerError) -> ProcessStreams
    /// A connected socket inside the pod's network namespace; the caller closes it.
    func connect(_ pod: PodTarget, port: UInt16) async throws(NodeServerError) -> CInt
    /// The CRI log file of the current or the previous attempt.
    func logFile(_ target: ContainerTarget, previous: Bool) async throws(NodeServerError) -> LogFile
    func usage() async -> NodeUsage
    /// Answers `/berth/v1/<path>` for `berthctl`; nil when there is nothing at that path.
    func debug(method: String, path: [String], query: [String: String], body: [UInt8]) async throws(NodeServerError) -> DebugAnswer?
}

package struct PodTarget: Hashable, Sendable {
    package var namespace: String
    package var name: String
    /// Nil: whichever pod has the name now.
    package var uid: String?
    package init(namespace: String, name: String, uid: String? = nil) {
        self.namespace = namespace
        self.name = name
        self.uid = uid
    }
}

package struct ContainerTarget: Hashable, Sendable {
    package var pod: PodTarget
    package var container: String
    package init(pod: PodTarget, container: String) {
        self.pod = pod
        self.container = container
    }
}

package struct ExecRequest: Hashable, Sendable {
    package var command: [String]
    package var stdin: Bool
    package var stdout: Bool
    package var stderr: Bool
    package var tty: Bool
}

package struct AttachRequest: Hashable, Sendable {
    package var stdin: Bool
    package var stdout: Bool
    package var stderr: Bool
    package var tty: Bool
}

/// Descriptors of a process; nil where the stream was not asked for. With a TTY, `stdin` and `stdout` are descriptors of one
/// terminal and `stderr` is nil. Closed here unless taken, for a client may go before it has had any use of them.
package final class ProcessStreams: Sendable {
    package struct Descriptors: Sendable {
        package var stdin: CInt?
        package var stdout: CInt?
        package var stderr: CInt?
        package init(stdin: CInt?, stdout: CInt?, stderr: CInt?) {
            self.stdin = stdin
            self.stdout = stdout
            self.stderr = stderr
        }
    }

    private let descriptors: Mutex<Descriptors>
    package let resize: @Sendable (TerminalSize) async -> Void
    /// 0...255 when the process has ended; nil when that cannot be told, as for an attach that the client left.
    package let exitCode: @Sendable () async -> Int?

    package init(
        _ descriptors: Descriptors, resize: @escaping @Sendable (TerminalSize) async -> Void,
        exitCode: @escaping @Sendable () async -> Int?
    ) {
        self.descriptors = Mutex(descriptors)
        self.resize = resize
        self.exitCode = exitCode
    }

    /// Hands the descriptors to the caller, who closes them from now on.
    func take() -> Descriptors {
        descriptors.withLock { held in
            defer { held = Descriptors(stdin: nil, stdout: nil, stderr: nil) }
            return held
        }
    }

    deinit {
        let held = take()
        for descriptor in [held.stdin, held.stdout, held.stderr].compactMap(\.self) { close(descriptor) }
    }
}

/// Character cells. Sent by clients as `{"Width":80,"Height":24}`.
package struct TerminalSize: Codable, Hashable, Sendable {
    package var width: UInt16
    package var height: UInt16
    enum CodingKeys: String, CodingKey { case width = "Width", height = "Height" }
}

package struct LogFile: Sendable {
    /// Absolute.
    package var path: String
    /// Returns when the container has ended and all that it wrote is in the file; at once when that is so already.
    package var ended: @Sendable () async -> Void
    package init(path: String, ended: @escaping @Sendable () async -> Void) {
        self.path = path
        self.ended = ended
    }
}

package struct DebugAnswer: Sendable {
    package var contentType: String
    package var body: [UInt8]
    package init(json body: [UInt8]) {
        contentType = "application/json"
        self.body = body
    }
}
