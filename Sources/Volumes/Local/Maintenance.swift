import Synchronization

/// The volumes on whose file systems a program of e2fsprogs is at work, for as long as that takes: killed half way, it may
/// leave the file system worse than it was.
final class Maintenance: Sendable {
    private let ids = Mutex<Set<String>>([])

    func isUnderWay(_ id: String) -> Bool { ids.withLock { $0.contains(id) } }

    func of<Value>(_ id: String, _ body: () throws(VolumeError) -> Value) throws(VolumeError) -> Value {
        ids.withLock { _ = $0.insert(id) }
        defer { ids.withLock { _ = $0.remove(id) } }
        return try body()
    }
}
