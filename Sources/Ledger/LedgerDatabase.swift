import Glibc
internal import GRDB
import LinuxSystem

/// Opening the file itself.
enum LedgerDatabase {
    /// - Throws: `damaged` when SQLite cannot make sense of the file.
    static func open(_ path: String) throws(LedgerError) -> DatabaseQueue {
        do {
            try keepToOneself(path)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            // Only now: GRDB asks for NORMAL when it has switched the journal to WAL, and a commit would then not outlast a power cut.
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            let fault = try queue.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
            guard fault == "ok" else { throw LedgerError.damaged(path: path, reason: fault ?? "quick_check gave no answer") }
            let migrator = LedgerSchema.migrator
            guard try queue.read(migrator.hasBeenSuperseded) == false else { throw LedgerError.newerSchema(path: path) }
            try migrator.migrate(queue)
            return queue
        } catch {
            throw LedgerError(error, path: path)
        }
    }

    /// What SQLite puts beside the file has its mode.
    private static func keepToOneself(_ path: String) throws(SystemCallError) {
        do throws(SystemCallError) {
            _ = try OwnedFileDescriptor(opening: path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        } catch where error.code == EEXIST {
            // By name: whoever opens and closes a file that SQLite has open gives up SQLite's locks.
            try systemCall("chmod", on: path) { chmod(path, 0o600) }
        }
    }

    /// One connection, 1 MiB of cache. The WAL is moved into the file about every 4 MiB and cut back to that size, so
    /// it stays bounded as long as no reader holds an old snapshot for ever.
    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "berth.ledger"
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA cache_size = -512;
                    PRAGMA wal_autocheckpoint = 1000;
                    PRAGMA journal_size_limit = 4194304;
                    PRAGMA secure_delete = ON;
                    """)
        }
        return configuration
    }
}
