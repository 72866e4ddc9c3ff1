import Glibc
internal import GRDB
import KubeAPI
import LinuxSystem
import Sealing

/// Why the ledger could not do what was asked.
package enum LedgerError: ActionableError {
    case cannotOpen(path: String, reason: String)
    /// Pages or structure are wrong. At open the file is set aside instead; this is thrown when it happens later.
    case damaged(path: String, reason: String)
    /// Another process holds the write lock.
    case busy(path: String)
    case diskFull(path: String)
    /// Written by a later version of Berth.
    case newerSchema(path: String)
    case keyUnavailable(file: String, reason: String)
    /// A sealed value was written under another key or machine, or was altered.
    case unsealable(what: String)
    /// A row holds a value that its type does not.
    case unreadable(what: String, reason: String)
    /// The caller's own closure threw something else.
    case refused(reason: String)
    case failed(path: String, reason: String)

    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason): "opening ledger \(path): \(reason)"
        case .damaged(let path, let reason): "ledger \(path) is damaged: \(reason)"
        case .busy(let path): "ledger \(path) is locked by another process"
        case .diskFull(let path): "no space left for ledger \(path)"
        case .newerSchema(let path): "ledger \(path) was written by a later version of Berth"
        case .keyUnavailable(let file, let reason): "ledger key \(file): \(reason)"
        case .unsealable(let what): "\(what) cannot be decrypted with this machine's key"
        case .unreadable(let what, let reason): "reading \(what) from the ledger: \(reason)"
        case .refused(let reason): reason
        case .failed(let path, let reason): "ledger \(path): \(reason)"
        }
    }

    package var remedy: String? {
        switch self {
        case .cannotOpen(let path, _): "check that the directory of \(path) exists and is writable by root"
        case .damaged: "restart berthd: it sets the damaged ledger aside and rebuilds it from what runs on the node"
        case .busy: "stop the other berthd, or the program that has the ledger open for writing"
        case .diskFull(let path): "free space on the file system of \(path)"
        case .newerSchema: "run the newer berthd, or move the ledger away to start from what runs on the node"
        case .keyUnavailable(let file, _): "restore \(file) (0600, owned by root), or remove it to have a new key made"
        case .unsealable: "reach the control plane once, so that the value is read again"
        case .unreadable, .refused, .failed: nil
        }
    }
}

extension LedgerError {
    /// Puts any error thrown inside the database into the ledger's terms.
    init(_ error: any Error, path: String) {
        switch error {
        case let error as LedgerError: self = error
        case let error as SealError: self = LedgerError(error)
        case let error as DatabaseError:
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged(path: path, reason: error.message ?? "\(error.resultCode)")
            case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
            case .SQLITE_FULL: self = .diskFull(path: path)
            case .SQLITE_CANTOPEN: self = .cannotOpen(path: path, reason: error.message ?? "\(error.resultCode)")
            default: self = .failed(path: path, reason: error.description)
            }
        case let error as SystemCallError:
            self = error.code == ENOSPC ? .diskFull(path: path) : .cannotOpen(path: path, reason: error.description)
        case let error as any ActionableError: self = .refused(reason: error.description)
        default: self = .unreadable(what: path, reason: "\(error)")
        }
    }
}
