import Logging
import NIOCore
import Synchronization

/// The connections of one server: no more at once than it can bear, and its end can be theirs, for an idle client, an open
/// watch or a terminal would otherwise keep the server up for as long as they like.
final class OpenConnections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        /// Of addresses that are not loopback.
        var perAddress: [String: Int] = [:]
        var isClosed = false
        var lastComplaint: ContinuousClock.Instant?
    }

    /// One line about refused connections says it; a line each would be a second attack.
    private static let complaintInterval = Duration.seconds(60)

    private let limits: ConnectionLimits
    private let state = Mutex(State())

    init(limits: ConnectionLimits) { self.limits = limits }

    /// False when there are too many already, or after `closeAll`: then the connection is to be closed at once.
    func admit(_ channel: any Channel, logger: Logger) -> Bool {
        let key = ObjectIdentifier(channel)
        let address = channel.remoteAddress?.ipAddress.flatMap { Self.isLoopback($0) ? nil : $0 }
        let (isAdmitted, complaint) = state.withLock { state -> (Bool, String?) in
            if state.isClosed { return (false, nil) }
            var reason: String?
            if state.channels.count >= limits.connections {
                reason = "all \(limits.connections) connections are taken"
            } else if let address, state.perAddress[address, default: 0] >= limits.connectionsPerAddress {
                reason = "\(address) holds \(limits.connectionsPerAddress) connections already"
            }
            if let reason {
                let now = ContinuousClock.now
                if let last = state.lastComplaint, last + Self.complaintInterval > now { return (false, nil) }
                state.lastComplaint = now
                return (false, reason)
            }
            state.channels[key] = channel
            if let address { state.perAddress[address, default: 0] += 1 }
            return (true, nil)
        }
        if let complaint {
            logger.warning(
                "connections are refused", metadata: ["reason": "\(complaint)", "listener": "\(channel.localAddress.map { "\($0)" } ?? "")"])
        }
        guard isAdmitted else { return false }
        channel.closeFuture.whenComplete { [weak self] _ in self?.remove(key, address) }
        return true
    }

    private func remove(_ key: ObjectIdentifier, _ address: String?) {
        state.withLock { state in
            state.channels[key] = nil
            guard let address, let count = state.perAddress[address] else { return }
            state.perAddress[address] = count > 1 ? count - 1 : nil
        }
    }

    func closeAll() {
        let open = state.withLock { state in
            state.isClosed = true
            return Array(state.channels.values)
        }
        for channel in open { channel.close(promise: nil) }
    }

    private static func isLoopback(_ address: String) -> Bool {
        address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }
}
