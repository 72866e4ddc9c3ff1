import FoundationEssentials
import Glibc
import LinuxSystem

/// A ledger that could not be used, and where it was put.
package struct LedgerDamage: Hashable, Sendable {
    /// `<database>.damaged-<time>`; `-wal` and `-shm` went with it.
    package let path: String
    package let reason: String

    /// Renames the file and what belongs to it; never deletes, never overwrites.
    static func setAside(_ database: String, reason: String, at time: Date) throws(LedgerError) -> LedgerDamage {
        let stamp = time.formatted(.iso8601.timeSeparator(.omitted))
        var aside = "\(database).damaged-\(stamp)"
        var attempt = 1
        while access(aside, F_OK) == 0 {
            attempt += 1
            aside = "\(database).damaged-\(stamp)-\(attempt)"
        }
        for suffix in ["", "-wal", "-shm"] {
            do throws(SystemCallError) {
                try systemCall("rename", on: database + suffix) { rename(database + suffix, aside + suffix) }
            } catch {
                guard error.code == ENOENT else { throw .cannotOpen(path: database, reason: error.description) }
            }
        }
        return LedgerDamage(path: aside, reason: reason)
    }
}
