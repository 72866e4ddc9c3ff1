import Glibc

/// The signals that may end a container, by name. Source: signal(7).
package enum StopSignal {
    private static let numbers: [String: Int32] = [
        "SIGABRT": SIGABRT, "SIGALRM": SIGALRM, "SIGBUS": SIGBUS, "SIGCHLD": SIGCHLD, "SIGCONT": SIGCONT, "SIGFPE": SIGFPE, "SIGHUP": SIGHUP,
        "SIGILL": SIGILL, "SIGINT": SIGINT, "SIGIO": SIGIO, "SIGIOT": SIGABRT, "SIGKILL": SIGKILL, "SIGPIPE": SIGPIPE, "SIGPOLL": SIGIO,
        "SIGPROF": SIGPROF, "SIGPWR": SIGPWR, "SIGQUIT": SIGQUIT, "SIGSEGV": SIGSEGV, "SIGSTKFLT": SIGSTKFLT, "SIGSTOP": SIGSTOP,
        "SIGSYS": SIGSYS, "SIGTERM": SIGTERM, "SIGTRAP": SIGTRAP, "SIGTSTP": SIGTSTP, "SIGTTIN": SIGTTIN, "SIGTTOU": SIGTTOU,
        "SIGURG": SIGURG, "SIGUSR1": SIGUSR1, "SIGUSR2": SIGUSR2, "SIGVTALRM": SIGVTALRM, "SIGWINCH": SIGWINCH, "SIGXCPU": SIGXCPU,
        "SIGXFSZ": SIGXFSZ, "SIGRTMIN": 34, "SIGRTMAX": 64,
    ]

    /// `SIGQUIT`, `QUIT`, `3` and `SIGRTMIN+3` are all signals; nil when `text` is none.
    package static func number(_ text: String) -> Int32? {
        if let number = Int32(text) { return (1...64).contains(number) ? number : nil }
        let upper = text.uppercased()
        let name = upper.hasPrefix("SIG") ? upper : "SIG\(upper)"
        if let number = numbers[name] { return number }
        for (base, sign): (String, Int32) in [("SIGRTMIN+", 1), ("SIGRTMAX-", -1)] where name.hasPrefix(base) {
            guard let offset = Int32(name.dropFirst(base.count)), (0...30).contains(offset) else { return nil }
            return (sign > 0 ? 34 : 64) + sign * offset
        }
        return nil
    }
}
