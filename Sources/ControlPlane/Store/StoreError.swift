import KubeAPI

package enum StoreError: ActionableError {
    case openFailed(path: String, cause: String)
    case writeFailed(cause: String)
    /// The object is not, or no longer, at the version that the write builds on.
    case conflict
    /// The changes since this revision are no longer kept.
    case compacted(requested: Int, oldest: Int)

    package var description: String {
        switch self {
        case .openFailed(let path, let cause): "opening the API store \(path): \(cause)"
        case .writeFailed(let cause): "writing to the API store: \(cause)"
        case .conflict: "the object has changed"
        case .compacted(let requested, let oldest): "too old resource version: \(requested) (\(oldest))"
        }
    }

    package var remedy: String? {
        switch self {
        case .openFailed(let path, _): "restore \(path) from a backup, or move it away to start with an empty API"
        case .writeFailed: "free space on the file system of the store"
        case .conflict: "read the object again and repeat the change"
        case .compacted: "list again, and watch from the list's resourceVersion"
        }
    }
}
