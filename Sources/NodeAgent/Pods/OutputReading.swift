import Glibc
import LinuxSystem
import Synchronization

/// Reads what a command writes, up to its end: its own, not that of a process it left behind, which may hold the pipe open for as
/// long as it lives.
final class OutputReading: Sendable {
    /// Kept of each stream. Bytes.
    private static let limit = 10 << 10
    /// How soon `end` is noticed where nobody writes. Milliseconds.
    private static let interval: CInt = 100

    private let lastMoment = Mutex<ContinuousClock.Instant?>(nil)

    /// From then on, what is in the pipe is still read, but no more is waited for.
    func end(in time: Duration) { lastMoment.withLock { $0 = .now + time } }

    private var isOver: Bool { lastMoment.withLock { $0.map { $0 <= .now } ?? false } }

    /// Everything up to the end of the stream, or until `end`; the first 10 KiB are kept. Closes `descriptor`.
    func text(of descriptor: CInt?) async -> String {
        guard let descriptor else { return "" }
        do throws(SystemCallError) {
            return try await onDedicatedThread { () throws(SystemCallError) in
                let file = OwnedFileDescriptor(adopting: descriptor)
                var kept: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 4096)
                while true {
                    let isOver = self.isOver
                    if isOver, kept.count == Self.limit { break }
                    var asked = pollfd(fd: file.rawValue, events: Int16(POLLIN), revents: 0)
                    let ready = try systemCall("poll", on: "the output of a command") { poll(&asked, 1, isOver ? 0 : Self.interval) }
                    guard ready > 0 else { if isOver { break } else { continue } }
                    let count = try systemCall("read", on: "the output of a command") { read(file.rawValue, &chunk, chunk.count) }
                    if count == 0 { break }
                    kept += chunk[..<min(count, Self.limit - kept.count)]
                }
                return String(decoding: kept, as: UTF8.self)
            }
        } catch {
            return "\(error)"
        }
    }
}
