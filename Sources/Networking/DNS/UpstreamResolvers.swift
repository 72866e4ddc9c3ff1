import FoundationEssentials
package import NIOCore
import Synchronization

/// Where names outside the cluster are looked up.
package enum UpstreamResolvers: Hashable, Sendable {
    /// A resolv.conf, read again when it is older than a few seconds, because DHCP and VPNs rewrite it.
    case file(String)
    /// In order of preference.
    case fixed([SocketAddress])
}

/// The resolvers of a file, remembered for a while.
final class UpstreamList: Sendable {
    private let source: UpstreamResolvers
    /// Our own address: asking it would go round in circles.
    private let excluded: String
    private let memory = Mutex<(readAt: NIODeadline, addresses: [SocketAddress])?>(nil)

    init(_ source: UpstreamResolvers, excluding address: String) {
        self.source = source
        excluded = address
    }

    func current() -> [SocketAddress] {
        let path: String
        switch source {
        case .fixed(let addresses): return addresses
        case .file(let file): path = file
        }
        return memory.withLock { memory in
            if let memory, NIODeadline.now() - memory.readAt < .seconds(5) { return memory.addresses }
            // An unreadable file has no resolvers; queries then fail at once, and it is read again later.
            let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            let addresses = ResolverConfiguration(parsing: text).nameservers.filter { $0 != excluded }
                // One that is no plain address, such as a scoped IPv6 one, is of no use here.
                .compactMap { try? SocketAddress(ipAddress: $0, port: 53) }
            memory = (NIODeadline.now(), addresses)
            return addresses
        }
    }
}
