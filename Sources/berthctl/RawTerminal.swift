import Glibc

/// The caller's terminal in raw mode, so that the container's terminal alone interprets keys. Source: termios(3).
struct RawTerminal {
    private let saved: termios

    /// Nil when standard input is not a terminal.
    init?() {
        var mode = termios()
        guard tcgetattr(STDIN_FILENO, &mode) == 0 else { return nil }
        saved = mode
        cfmakeraw(&mode)
        tcsetattr(STDIN_FILENO, TCSANOW, &mode)
    }

    func restore() {
        var mode = saved
        tcsetattr(STDIN_FILENO, TCSANOW, &mode)
    }

    /// Character cells; 80 by 24 where the terminal does not say.
    static func size() -> (width: UInt16, height: UInt16) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 24) }
        return (size.ws_col, size.ws_row)
    }
}
