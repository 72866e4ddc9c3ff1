import Glibc
import KubeAPI
package import LinuxSystem

/// Why the runtime could not do what a plan or a request asked.
package enum RuntimeError: ActionableError, Hashable {
    /// One step of a launch, an exec or a request failed in `berth-pod`; `code` is its errno. Nothing is left behind.
    case stepFailed(step: String, subject: String, code: CInt)
    /// The pod's supervisor has ended, or stopped talking.
    case sandboxLost(pod: String)
    /// The pod's supervisor is there, and has not answered a request. Whether it does what it was asked is unknown.
    case unresponsive(pod: String, after: Duration)
    /// A supervisor for this pod is running already.
    case sandboxExists(pod: String)
    case noSuchContainer(id: String)
    /// A plan that cannot be sent as it is.
    case unsuitablePlan(reason: String)
    case systemCall(SystemCallError)

    package var description: String {
        switch self {
        case .stepFailed(let step, let subject, let code):
            // Of an OCI runtime, which says it all in words.
            code == 0 ? "\(step): \(subject)" : subject.isEmpty ? "\(step): \(SystemCallError.text(of: code))" : "\(step) \(subject): \(SystemCallError.text(of: code))"
        case .sandboxLost(let pod): "the supervisor of pod \(pod) has ended"
        case .unresponsive(let pod, let limit): "the supervisor of pod \(pod) has not answered for \(limit)"
        case .sandboxExists(let pod): "pod \(pod) has a supervisor already"
        case .noSuchContainer(let id): "no container \(id)"
        case .unsuitablePlan(let reason): "launch plan: \(reason)"
        case .systemCall(let error): error.description
        }
    }

    /// Nobody is at the other end any more.
    var meansLost: Bool {
        switch self {
        case .sandboxLost: true
        case .systemCall(let error): [EPIPE, ECONNRESET, ENOTCONN].contains(error.code)
        case .stepFailed, .unresponsive, .sandboxExists, .noSuchContainer, .unsuitablePlan: false
        }
    }

    /// Somebody is at the other end, and does not answer.
    package var isSilence: Bool { if case .unresponsive = self { true } else { false } }

    package var remedy: String? {
        switch self {
        case .stepFailed("exec", let subject, ENOENT): "check that the image contains \(subject), or its interpreter, and that PATH leads to it"
        case .stepFailed("exec", let subject, EACCES): "make \(subject) executable in the image"
        case .stepFailed("exec", let subject, ENOEXEC): "check that \(subject) is a program for this machine's architecture"
        case .stepFailed, .noSuchContainer, .unsuitablePlan, .systemCall: nil
        case .sandboxLost: "look for berth-pod in the kernel log; the pod is started again by its restart policy"
        case .unresponsive: "look for what holds its berth-pod: a signal that stopped it, a debugger or a disk; deleting the pod ends it in any case"
        case .sandboxExists: "recover the sandbox in place of creating it"
        }
    }
}
