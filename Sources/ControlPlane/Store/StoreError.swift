import KubeAPI
package import Sealing

package enum StoreError: ActionableError {
    case openFailed(path: String, cause: String)
    /// What the file holds is not, or no longer, a database of objects. It is left as it is.
    case damaged(path: String, cause: String)
    /// Its Secrets were sealed with another key. It is left as it is.
    case sealed(path: String, cause: SealError)
    case writeFailed(cause: String)
    /// The object is not, or no longer, at the version that the write builds on.
    case conflict
    /// The changes since this revision are no longer kept.
    case compacted(requested: Int, oldest: Int)

    package var description: String {
        switch self {
        case .openFailed(let path, let cause): "opening the API store \(path): \(cause)"
        case .damaged(let path, let cause): "the API store \(path) is damaged: \(cause)"
        case .sealed(let path, let cause): "the API store \(path) cannot be read: \(cause)"
        case .writeFailed(let cause): "writing to the API store: \(cause)"
        case .conflict: "the object has changed"
        case .compacted(let requested, let oldest): "too old resource version: \(requested) (\(oldest))"
        }
    }

    package var remedy: String? {
        switch self {
        case .openFailed(let path, _): "see that \(path) can be read and written and that its file system has room, then restart berthd"
        case .damaged(let path, _):
            "restore \(path) from a backup and restart berthd; moved away instead, the API starts empty, which ends every pod but keeps the volumes"
        case .sealed(_, let cause): cause.remedy
        case .writeFailed: "free space on the file system of the store"
        case .conflict: "read the object again and repeat the change"
        case .compacted: "list again, and watch from the list's resourceVersion"
        }
    }
}
