import CLinux

/// Sets the size of a TTY, in characters, and so sends SIGWINCH to its foreground process group. A TTY whose other side
/// has closed has no size to set, and that is no error. Source: ioctl_tty(2), TIOCSWINSZ.
package func setWindowSize(of terminal: CInt, rows: UInt16, columns: UInt16) {
    _ = berth_set_window_size(terminal, rows, columns)
}
