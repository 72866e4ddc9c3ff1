import Foundation
import GRDB
import Glibc
@testable import Ledger
import Testing

@Suite("Durability")
struct DurabilityTests {
    @Test("a damaged file is set aside whole and reported, and a new ledger takes its place", arguments: ["header", "pages", "truncated", "text"])
    func damage(kind: String) async throws {
        let fixture = try LedgerFixture()
        let path = fixture.location.database
        if kind == "text" {
            try Data(String(repeating: "not a database\n", count: 1000).utf8).write(to: URL(fileURLWithPath: path))
        } else {
            let ledger = try fixture.open().ledger
            try await ledger.commit { transaction in
                for number in 0..<400 { try transaction.save(podEntry("u\(number)", name: String(repeating: "x", count: 200))) }
            }
            try await ledger.close()
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            switch kind {
            case "header": bytes.replaceSubrange(0..<64, with: Data(repeating: 0x5a, count: 64))
            case "pages": bytes.replaceSubrange(8192..<(bytes.count - 4096), with: Data(repeating: 0xa5, count: bytes.count - 12288))
            default: bytes = bytes.prefix(bytes.count / 2 + 100)
            }
            try bytes.write(to: URL(fileURLWithPath: path))
        }
        let opened = try fixture.open()
        let damage = try #require(opened.damage)
        #expect(damage.path.hasPrefix("\(path).damaged-"))
        #expect(FileManager.default.fileExists(atPath: damage.path))
        #expect(try await opened.ledger.read { try $0.pods().isEmpty })
        try await opened.ledger.commit { try $0.save(podEntry("new")) }
    }

    @Test("the log of writes is flushed to the disk by every commit, in a new ledger and in one that was there")
    func flushed() throws {
        let fixture = try LedgerFixture()
        for _ in 0..<2 {
            let database = try LedgerDatabase.open(fixture.location.database)
            let (journal, synchronous) = try database.read { database in
                (try String.fetchOne(database, sql: "PRAGMA journal_mode"), try Int.fetchOne(database, sql: "PRAGMA synchronous"))
            }
            #expect(journal == "wal")
            #expect(synchronous == 2)  // FULL. Source: sqlite.org/pragma.html
            try database.close()
        }
    }

    @Test("nobody else may read it, its log of writes included", arguments: [true, false])
    func mode(isNew: Bool) async throws {
        let fixture = try LedgerFixture()
        let path = fixture.location.database
        if !isNew { #expect(FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o644])) }
        let ledger = try fixture.open().ledger
        try await ledger.commit { try $0.save(podEntry("one")) }
        for file in [path, "\(path)-wal"] { #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600) }
    }

    @Test("every earlier schema opens and becomes the newest", arguments: 0...LedgerSchema.migrations.count)
    func migrations(applied: Int) async throws {
        let fixture = try LedgerFixture()
        try LedgerSchema.migrate(fixture.location.database, first: applied)
        let opened = try fixture.open()
        #expect(opened.damage == nil)
        try await opened.ledger.commit { try $0.save(podEntry("u1")) }
        #expect(try await opened.ledger.read { try $0.pods().count } == 1)
    }

    @Test("a ledger of a later version is left alone, with a remedy")
    func newer() async throws {
        let fixture = try LedgerFixture()
        try LedgerSchema.migrate(fixture.location.database, first: LedgerSchema.migrations.count, then: "999 the future")
        #expect(throws: LedgerError.self) { try fixture.open() }
        #expect(LedgerError.newerSchema(path: "").remedy != nil)
    }

    @Test("a reader works beside the writer, and after it was killed without closing")
    func reader() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        try await ledger.commit { try $0.save(podEntry("u1")) }
        #expect(try LedgerReader(path: fixture.location.database).read { try $0.pods().count } == 1)
        // What a killed daemon leaves: the files as they are, without anyone's shared memory.
        let copy = try LedgerFixture()
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: fixture.location.database + suffix, toPath: copy.location.database + suffix)
        }
        #expect(try LedgerReader(path: copy.location.database).read { try $0.pods().count } == 1)
        #expect(throws: LedgerError.self) { try LedgerReader(path: "\(copy.directory)/absent.sqlite") }
    }

    @Test("the write-ahead log stays bounded")
    func boundedLog() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        let body = Data(repeating: 7, count: 64 << 10)
        for number in 0..<400 {
            try await ledger.commit { transaction in
                var pod = podEntry("u\(number % 4)")
                pod.object = body
                try transaction.save(pod)
            }
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: fixture.location.database + "-wal")
        #expect(try #require(attributes[.size] as? Int) < 8 << 20)
    }

    /// The writer is a process of its own: a fork of this one would share SQLite's locks. It is this test bundle's own
    /// sqlite3 shell, because what is tested is the file: schema, mode and recovery, not who writes.
    @Test("a writer killed in the middle of its transactions loses nothing that was acknowledged", .enabled(if: access("/usr/bin/sqlite3", X_OK) == 0))
    func killedWriter() async throws {
        let fixture = try LedgerFixture()
        try await fixture.open().ledger.close()
        for _ in 0..<3 {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/sqlite3")
            process.arguments = [fixture.location.database]
            let input = Pipe()
            let output = Pipe()
            process.standardInput = input
            process.standardOutput = output
            try process.run()
            let start = try await fixture.open().ledger.read { try $0.imageUses().count }
            var script = "PRAGMA synchronous=FULL;\n"
            for number in start..<(start + 5000) {
                script += "BEGIN; INSERT INTO image_use VALUES ('i\(number)', 'x', \(number)); COMMIT; SELECT 'ack', \(number);\n"
            }
            let text = Data(script.utf8)
            let feeder = Thread {
                // The pipe breaks when the child is killed, as it must.
                try? input.fileHandleForWriting.write(contentsOf: text)
            }
            signal(SIGPIPE, SIG_IGN)
            feeder.start()
            var acknowledged = ""
            while acknowledged.split(separator: "\n").count < 20 {
                acknowledged += String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            acknowledged += String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            let last = try #require(acknowledged.split(separator: "\n").filter { $0.hasPrefix("ack|") && $0.count > 4 }.dropLast().last)
            let number = try #require(Int(last.dropFirst("ack|".count)))
            let opened = try fixture.open()
            #expect(opened.damage == nil)
            let kept = try await opened.ledger.read { Set(try $0.imageUses().map(\.imageID)) }
            #expect((0...number).allSatisfy { kept.contains("i\($0)") })
        }
    }
}
