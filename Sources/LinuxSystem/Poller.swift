import CLinux

/// An epoll(7) instance for readable descriptors, level-triggered. `token` comes back with each event; the caller chooses it.
package struct Poller: ~Copyable, Sendable {
    private let descriptor: OwnedFileDescriptor

    package init() throws(SystemCallError) {
        descriptor = OwnedFileDescriptor(adopting: try systemCall("epoll_create1", on: "poller") { berth_poller() })
    }

    package borrowing func add(_ watched: CInt, token: UInt64) throws(SystemCallError) {
        let raw = descriptor.rawValue
        try systemCall("epoll_ctl", on: "descriptor \(watched)") { berth_poller_add(raw, watched, token) }
    }

    /// No effect when it is not being watched.
    package borrowing func remove(_ watched: CInt) {
        _ = berth_poller_remove(descriptor.rawValue, watched)
    }

    /// Blocks until something is readable or has ended, then returns the tokens.
    package borrowing func wait() throws(SystemCallError) -> [UInt64] {
        var tokens = [UInt64](repeating: 0, count: 32)
        let raw = descriptor.rawValue
        let count = try systemCall("epoll_wait", on: "poller") { berth_poller_wait(raw, &tokens, CInt(tokens.count)) }
        return Array(tokens.prefix(Int(count)))
    }
}
