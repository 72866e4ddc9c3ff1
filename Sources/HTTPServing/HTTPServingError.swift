import KubeAPI
import Glibc
import NIOCore

package enum HTTPServingError: ActionableError {
    case addressInUse(address: String)
    case bindFailed(address: String, cause: any Error)
    case unusableCertificate(file: String, cause: any Error)

    package var description: String {
        switch self {
        case .addressInUse(let address): "address \(address) is in use"
        case .bindFailed(let address, let cause): "listening on \(address): \(cause)"
        case .unusableCertificate(let file, let cause): "reading \(file): \(cause)"
        }
    }

    package var remedy: String? {
        switch self {
        case .addressInUse: "stop the program that listens there (ss -ltnp shows it), or choose another port"
        case .bindFailed: "check that the address belongs to this machine"
        case .unusableCertificate(let file, _): "remove \(file) to have it issued again, or put a PEM certificate there"
        }
    }

    static func binding(_ address: String, failed cause: any Error) -> HTTPServingError {
        if let error = cause as? IOError, error.errnoCode == EADDRINUSE { return .addressInUse(address: address) }
        return .bindFailed(address: address, cause: cause)
    }
}
