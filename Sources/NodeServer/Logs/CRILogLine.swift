import FoundationEssentials
import KubeAPI

/// One line of a container log: `<RFC 3339 nano> <stream> <P|F> <message>`. Source: Kubernetes design proposal "CRI logging".
struct CRILogLine {
    /// As written, so that `--timestamps` shows all nine digits.
    let timestamp: ArraySlice<UInt8>
    let stream: LogStream
    /// The message goes on in the next line of the same stream.
    let isPartial: Bool
    let message: ArraySlice<UInt8>

    /// Nil when the bytes are not such a line; `line` comes without its newline.
    init?(_ line: ArraySlice<UInt8>) {
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let stream = LogStream(rawValue: String(decoding: parts[1], as: UTF8.self)) else { return nil }
        self.stream = stream
        timestamp = parts[0]
        isPartial = parts[2].first == UInt8(ascii: "P")
        message = parts[3]
    }

    var date: Date? { Timestamp(String(decoding: timestamp, as: UTF8.self))?.date }
}

/// Turns log lines into what the client asked for; pure, fed in order.
struct LogFormatter {
    private let options: PodLogOptions
    private var remaining: Int
    private var isAtLineStart: [LogStream: Bool] = [:]

    init(options: PodLogOptions) {
        self.options = options
        remaining = options.limitBytes ?? Int.max
    }

    /// False once `limitBytes` is used up.
    var wantsMore: Bool { remaining > 0 }

    mutating func append(_ bytes: ArraySlice<UInt8>, to output: inout [UInt8]) {
        guard let line = CRILogLine(bytes) else { return }
        if let stream = options.stream, line.stream != stream { return }
        if let since = options.since, let date = line.date, date < since { return }
        var text: [UInt8] = []
        if options.timestamps, isAtLineStart[line.stream] ?? true {
            text += line.timestamp
            text.append(UInt8(ascii: " "))
        }
        text += line.message
        if !line.isPartial { text.append(UInt8(ascii: "\n")) }
        isAtLineStart[line.stream] = !line.isPartial
        output += text.prefix(remaining)
        remaining -= min(remaining, text.count)
    }
}
