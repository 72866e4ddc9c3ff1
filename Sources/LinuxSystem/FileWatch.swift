import CLinux
@preconcurrency import Dispatch  // a source may be cancelled from any thread; its overlay does not say so yet
import Glibc

/// Wakes when a file is written to, or when names change in its directory, as on log rotation. Source: inotify(7).
package struct FileWatch: Sendable {
    /// One element per burst of changes; ends when nobody reads it any more.
    package let changes: AsyncStream<Void>

    /// Watches `path` for writes and its directory for new and renamed names.
    package init(path: String) throws(SystemCallError) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try self.init(directory, [IN_CREATE, IN_MOVED_TO, IN_MODIFY, IN_DELETE_SELF])
    }

    /// Watches a directory for everything that happens to its files, or a single file.
    package init(names path: String) throws(SystemCallError) {
        try self.init(path, [IN_CREATE, IN_DELETE, IN_MOVED_TO, IN_MOVED_FROM, IN_MODIFY, IN_CLOSE_WRITE, IN_ATTRIB, IN_DELETE_SELF, IN_MOVE_SELF])
    }

    private init(_ path: String, _ events: [CInt]) throws(SystemCallError) {
        let descriptor = try systemCall("inotify_init1", on: path) { inotify_init1(CInt(IN_CLOEXEC | IN_NONBLOCK)) }
        do throws(SystemCallError) {
            try systemCall("inotify_add_watch", on: path) { inotify_add_watch(descriptor, path, events.reduce(0) { $0 | UInt32(bitPattern: $1) }) }
        } catch {
            close(descriptor)
            throw error
        }
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: DispatchQueue.global())
        source.setEventHandler {
            withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { room in
                while read(descriptor, room.baseAddress, room.count) > 0 {}
            }
            continuation.yield()
        }
        source.setCancelHandler { close(descriptor) }
        continuation.onTermination = { _ in source.cancel() }
        source.activate()
        changes = stream
    }
}
