import Glibc
import Synchronization

/// Holds up the machine's shutdown until it is let go. Source: systemd, "Inhibitor Locks".
package final class ShutdownInhibitor: Sendable {
    private static let manager = "org.freedesktop.login1.Manager"
    private static let login = "org.freedesktop.login1"
    private static let path = "/org/freedesktop/login1"

    private let bus: DBusConnection
    private let lock: Mutex<CInt?>

    /// Seconds for which logind waits at most for those who hold a lock.
    package let limit: Double
    /// Why it could not be raised, though it is less than wanted.
    package let refusal: SystemCallError?

    /// Takes a delay lock.
    ///
    /// - Parameters:
    ///   - bus: path of the system bus' socket.
    ///   - wanted: seconds; where logind waits for less, it is asked for more.
    ///   - file: of logind's configuration, to do so.
    /// - Throws: `ENOENT` where there is no bus; `EAGAIN` when nobody answers within 5 s; other codes when logind refuses.
    package init(bus path: String, wanted: Double, raisingBy file: String) throws(SystemCallError) {
        bus = try DBusConnection(path: path)
        let rule = "type='signal',interface='\(Self.manager)',member='PrepareForShutdown'"
        _ = try bus.call("AddMatch", of: "org.freedesktop.DBus", at: "/org/freedesktop/DBus", on: "org.freedesktop.DBus", [rule])
        let delay = LogindDelay(bus: bus)
        var (seconds, failure) = (try delay.current(), SystemCallError?.none)
        if seconds < wanted {
            do throws(SystemCallError) { seconds = try delay.raise(to: wanted, by: file) } catch { failure = error }
        }
        (limit, refusal) = (seconds, failure)
        let answer = try bus.call("Inhibit", of: Self.manager, at: Self.path, on: Self.login, ["shutdown", "berthd", "Pods are ended in order", "delay"])
        guard let number = answer.descriptors.first else { throw SystemCallError(call: "Inhibit", subject: Self.login, code: EPROTO) }
        for extra in answer.descriptors.dropFirst() { close(extra) }
        // What comes next may take as long as the machine is up.
        try bus.limitWaits(seconds: 0)
        lock = Mutex(number)
    }

    /// Waits until logind says that the machine goes down, or, after it has said so, that it does not. For a thread of its own.
    ///
    /// - Throws: when the bus is gone, or after `interrupt`.
    package func nextAnnouncement() throws(SystemCallError) -> Bool {
        while true {
            let signal = try bus.nextSignal()
            guard signal.member == "PrepareForShutdown", signal.interface == Self.manager else { continue }
            var body = DBusReader(signal.body)
            return body.number() == 1
        }
    }

    /// Lets the machine go down.
    package func release() {
        lock.withLock { number in
            if let number { close(number) }
            number = nil
        }
    }

    package func interrupt() { bus.interrupt() }

    deinit { release() }
}
