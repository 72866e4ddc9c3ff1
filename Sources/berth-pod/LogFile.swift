import CPodLaunch

/// A CRI log: `<RFC 3339 time> stdout|stderr F|P <text>`, a line a record; P is a line that goes on in the next record.
/// Records are gathered in a buffer that all logs share, and written before anyone else uses it.
/// Source: Kubernetes' kuberuntime/logs, "CRI log format".
final class LogFile {
    /// Longer lines are cut into records of this size. Bytes.
    static let longestRecord = 16384
    private static let prefix = 40
    static let bufferSize = 2 * longestRecord + 2 * prefix

    private let path: Text
    private let maxBytes: UInt64
    private let maxFiles: Int
    private var descriptor: Int32
    private var size: UInt64 = 0
    /// Streams that are in the middle of a line: a rotation would part its records.
    var openLines = 0
    private let buffer: UnsafeMutablePointer<UInt8>
    private var buffered = 0

    /// `descriptor` of the result is negative, minus an errno, when the file cannot be opened.
    init(_ path: Text, maxBytes: UInt64, maxFiles: UInt32, buffer: UnsafeMutablePointer<UInt8>) {
        self.path = Text(pod_copy(path))
        self.maxBytes = maxBytes
        self.maxFiles = Int(maxFiles)
        self.buffer = buffer
        descriptor = 0
        open()
    }

    deinit {
        pod_close(descriptor)
        pod_free(path)
    }

    /// Zero, or the errno of opening it.
    var error: Int32 { descriptor < 0 ? -descriptor : 0 }

    private func open() {
        size = 0
        descriptor = pod_open_log(path, &size)
        guard descriptor == -2 else { return }  // ENOENT
        let made = pod_make_parents(path, 0o755)
        descriptor = made < 0 ? made : pod_open_log(path, &size)
    }

    func append(_ text: UnsafePointer<UInt8>, _ count: Int, isError: Bool, isWhole: Bool, at time: UnsafePointer<CChar>) {
        let needed = Self.prefix + count
        if buffered + needed > Self.bufferSize { flush() }
        if maxBytes > 0, size + UInt64(buffered) > 0, size + UInt64(buffered + needed) > maxBytes, openLines == 0 {
            flush()
            rotate()
        }
        var end = buffer + buffered
        for i in 0..<30 { end[i] = UInt8(bitPattern: time[i]) }
        end += 30
        let name: StaticString = isError ? " stderr " : " stdout "
        name.withUTF8Buffer { for byte in $0 { end.pointee = byte; end += 1 } }
        end[0] = isWhole ? UInt8(ascii: "F") : UInt8(ascii: "P")
        end[1] = UInt8(ascii: " ")
        end += 2
        end.update(from: text, count: count)
        end[count] = UInt8(ascii: "\n")
        buffered = (end - buffer) + count + 1
    }

    /// Writes what has been gathered. What a full disk refuses is lost: the container must not stand still for it.
    func flush() {
        var written = 0
        while written < buffered {
            let count = pod_write(descriptor, buffer + written, UInt(buffered - written))
            if count <= 0 { break }
            written += count
        }
        size += UInt64(written)
        buffered = 0
    }

    /// `0.log` becomes `0.log.1`, that becomes `0.log.2`, and so on; the oldest is replaced.
    private func rotate() {
        pod_close(descriptor)
        let room = length(path) + 12
        let from = UnsafeMutablePointer<CChar>.allocate(capacity: room)
        let to = UnsafeMutablePointer<CChar>.allocate(capacity: room)
        var number = maxFiles > 1 ? maxFiles - 1 : 1
        while number >= 1 {
            pod_numbered(path, UInt32(number), to, UInt(room))
            pod_numbered(path, UInt32(number - 1), from, UInt(room))
            _ = pod_rename(from, to)
            number -= 1
        }
        from.deallocate()
        to.deallocate()
        open()
    }
}
