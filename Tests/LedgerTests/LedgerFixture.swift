import Foundation
import GRDB
import KubeAPI
@testable import Ledger
import Logging
import Testing

/// A ledger in a directory of its own, removed with the value.
final class LedgerFixture: Sendable {
    let directory: String
    var location: LedgerLocation { LedgerLocation(directory: directory, machineID: "\(directory)/machine-id") }

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("berth-ledger-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data("0123456789abcdef0123456789abcdef\n".utf8).write(to: URL(fileURLWithPath: "\(directory)/machine-id"))
    }

    // A directory that cannot be removed is left to the system's cleaner.
    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func open() throws -> (ledger: Ledger, damage: LedgerDamage?) {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return try Ledger.open(location, bootID: "boot-1", logger: logger)
    }

    /// Every byte SQLite keeps, in all its files.
    func databaseBytes() throws -> Data {
        var bytes = Data()
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name.hasPrefix("ledger.sqlite") {
            bytes += try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)"))
        }
        return bytes
    }
}

let noon = Date(timeIntervalSince1970: 1_700_000_000.25)

func podEntry(_ uid: String, name: String = "web-0") -> PodEntry {
    PodEntry(uid: uid, namespace: "default", name: name, resourceVersion: "7", object: Data(#"{"kind":"Pod"}"#.utf8), bootID: "boot-1", admittedAt: noon)
}

extension LedgerSchema {
    /// Brings the file at `path` to an earlier, or with `later` to an unknown, version.
    static func migrate(_ path: String, first count: Int, then later: String? = nil) throws {
        var migrator = DatabaseMigrator()
        for (name, sql) in migrations.prefix(count) {
            migrator.registerMigration(name) { try $0.execute(sql: sql) }
        }
        if let later { migrator.registerMigration(later) { try $0.execute(sql: "CREATE TABLE future (x)") } }
        let queue = try DatabaseQueue(path: path)
        try migrator.migrate(queue)
        try queue.close()
    }
}
