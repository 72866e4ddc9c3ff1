import HummingbirdCore

/// Where a server listens.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// Port zero lets the kernel choose.
    case tcp(host: String, port: Int)
    case unixSocket(path: String)

    package var description: String {
        switch self {
        case .tcp(let host, let port): "\(host):\(port)"
        case .unixSocket(let path): path
        }
    }

    var bindAddress: BindAddress {
        switch self {
        case .tcp(let host, let port): .hostname(host, port: port)
        case .unixSocket(let path): .unixDomainSocket(path: path)
        }
    }
}
