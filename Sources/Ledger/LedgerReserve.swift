import Glibc
import LinuxSystem
import Synchronization

/// Space that is kept for the day the disk is full: a file beside the ledger that is given up then, so that what must be
/// written down still can be. It is taken back as soon as there is room again.
final class LedgerReserve: Sendable {
    /// Enough for the WAL to grow to its limit, twice.
    static let bytes = 8 << 20
    private let path: String
    private let isGivenUp = Mutex(false)

    /// - Parameter database: the ledger's file.
    init(beside database: String) { path = "\(database)-reserve" }

    /// Whether the disk was full when the ledger last wrote, and only the reserve let it.
    var isInUse: Bool { isGivenUp.withLock(\.self) }

    /// - Returns: false when there was nothing to give up.
    func giveUp() -> Bool {
        isGivenUp.withLock { isGivenUp in
            isGivenUp = true
            return unlink(path) == 0
        }
    }

    /// Makes the file where it is missing, if that leaves others as much again. A disk too full for it is no error.
    func takeBack() {
        isGivenUp.withLock { isGivenUp in
            if access(path, F_OK) == 0 {
                isGivenUp = false
                return
            }
            let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            // A file system that does not tell its space is treated as full: the reserve is made another time.
            guard let space = try? FileSystemSpace(of: directory), space.availableBytes > 2 * Self.bytes else {
                isGivenUp = true
                return
            }
            do throws(SystemCallError) {
                let file = try OwnedFileDescriptor(opening: path + ".new", flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
                let code = posix_fallocate(file.rawValue, 0, off_t(Self.bytes))
                guard code == 0 else { throw SystemCallError(call: "posix_fallocate", subject: path, code: code) }
                try systemCall("rename", on: path) { rename(path + ".new", path) }
                isGivenUp = false
            } catch {
                unlink(path + ".new")
                isGivenUp = true
            }
        }
    }
}
