import LinuxSystem

/// The end of a container's log, as its process wrote it. Source: CRI log format, `time stream flags text`.
enum LogTail {
    /// - Returns: at most so many lines and bytes; empty when there is no log.
    static func read(_ path: String, lines: Int, bytes: Int) -> String {
        // No log, no message.
        guard let text = try? SmallFile.text(path) else { return "" }
        var result = ""
        for line in text.split(separator: "\n").suffix(lines) {
            let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4 else { continue }
            result += parts[3]
            if parts[2] == "F" { result += "\n" }
        }
        return String(decoding: result.utf8.suffix(bytes), as: UTF8.self)
    }
}
