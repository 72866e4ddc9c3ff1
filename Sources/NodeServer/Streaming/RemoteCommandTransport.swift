import FoundationEssentials
import KubeAPI
package import NIOCore

/// What comes from the client of an exec or attach.
package enum RemoteInput: Sendable {
    case stdin(ByteBuffer)
    case stdinClosed
    case resize(TerminalSize)
}

/// The client's side of an exec or attach, whichever framing carries it.
package protocol RemoteCommandTransport: Sendable {
    /// Ends when the client has gone. Read by one task.
    associatedtype Inputs: AsyncSequence<RemoteInput, any Error> & Sendable
    var inputs: Inputs { get }
    func send(_ bytes: ByteBuffer, on channel: RemoteChannel) async throws
    /// Tells how it ended, and closes.
    func finish(_ outcome: RemoteCommandOutcome) async throws
}

package enum RemoteCommandOutcome: Sendable {
    case exited(code: Int)
    case failed(String)

    /// The body of the error channel, in the client's dialect; nil when success is told by silence.
    func message(asStatus: Bool) -> [UInt8]? {
        guard asStatus else {
            switch self {
            case .exited(0): return nil
            case .exited(let code): return Array("command terminated with non-zero exit code: exit status \(code)".utf8)
            case .failed(let reason): return Array(reason.utf8)
            }
        }
        var status: Status
        switch self {
        case .exited(0):
            status = Status(code: 200, reason: "", message: "")
            status.code = 0
        case .exited(let code):
            status = Status(
                code: 500, reason: "NonZeroExitCode",
                message: "command terminated with non-zero exit code: exit status \(code)",
                details: StatusDetails(causes: [StatusCause(reason: "ExitCode", message: "\(code)")]))
            status.code = 0
        case .failed(let reason):
            status = Status(code: 500, reason: "InternalError", message: reason)
        }
        status.apiVersion = ""
        status.kind = ""
        // A struct of strings and numbers always encodes.
        return (try? JSONEncoder().encode(status)).map(Array.init)
    }
}
