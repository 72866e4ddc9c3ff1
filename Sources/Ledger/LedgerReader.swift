import Foundation
internal import GRDB

/// The ledger read by another program, with the daemon up or down. Cannot write, and holds no key: sealed bodies read
/// as empty.
package final class LedgerReader: Sendable {
    private let path: String
    private let database: DatabaseQueue

    /// - Throws: `cannotOpen` when there is no ledger, `damaged` when it cannot be read.
    package init(path: String) throws(LedgerError) {
        self.path = path
        var configuration = Configuration()
        configuration.label = "berth.ledger.reader"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw LedgerError(error, path: path)
        }
    }

    /// Blocks; meant for a command-line program.
    package func read<Value>(_ body: (LedgerSnapshot) throws -> Value) throws(LedgerError) -> Value {
        do {
            return try database.read { try body(LedgerSnapshot(database: $0, seal: nil)) }
        } catch {
            throw LedgerError(error, path: path)
        }
    }
}
