import Glibc

/// For how long logind holds up a shutdown at most for those who ask for it: a setting of its own, which whoever needs more
/// raises by a file. Source: logind.conf(5), `InhibitDelayMaxSec`.
struct LogindDelay {
    private static let login = "org.freedesktop.login1"
    private static let systemd = "org.freedesktop.systemd1"
    /// logind reads its files after the signal, at its own time.
    private static let patience = Duration.seconds(3)
    private static let pause: UInt32 = 20_000

    let bus: DBusConnection

    /// Seconds.
    func current() throws(SystemCallError) -> Double {
        let answer = try bus.call(
            "Get", of: "org.freedesktop.DBus.Properties", at: "/org/freedesktop/login1", on: Self.login, ["\(Self.login).Manager", "InhibitDelayMaxUSec"])
        // A variant of `t`: its signature takes three bytes, and the number is aligned to eight.
        let bytes = answer.message.body.dropFirst(8).prefix(8)
        return Double(bytes.enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }) / 1_000_000
    }

    /// Writes the file and has logind read it.
    ///
    /// - Returns: what holds then: less, if somebody else's file comes after this one.
    func raise(to seconds: Double, by file: String) throws(SystemCallError) -> Double {
        try DirectoryTree.make(String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]), mode: 0o755)
        let text = "# Written by berthd, so that pods get their --shutdown-grace-period.\n[Login]\nInhibitDelayMaxSec=\(Int(seconds.rounded(.up)))\n"
        try DurableFile.write(Array(text.utf8), to: file, mode: 0o644)
        _ = try bus.call(
            "KillUnit", of: "\(Self.systemd).Manager", at: "/org/freedesktop/systemd1", on: Self.systemd, ["systemd-logind.service", "all"],
            number: UInt32(SIGHUP))
        let end = ContinuousClock.now + Self.patience
        while true {
            let delay = try current()
            if delay >= seconds || ContinuousClock.now > end { return delay }
            usleep(Self.pause)  // between two looks, on a thread of its own
        }
    }
}
