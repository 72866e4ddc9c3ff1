import Foundation
import Ledger
import Testing

@Suite("Secrets at rest")
struct SecrecyTests {
    static let marker = "correct-horse-battery-staple"
    static let secret = ResolvedObject(kind: .secret, name: "db", resourceVersion: "3", body: Data("{\"password\":\"\(marker)\"}".utf8))
    static let token = ResolvedObject(kind: .serviceAccountToken, name: "default/api", body: Data("\(marker).jwt".utf8), expiresAt: noon)
    static let config = ResolvedObject(kind: .configMap, name: "web", body: Data("visible-configuration".utf8))

    private func filled(_ fixture: LedgerFixture) async throws -> Ledger {
        let ledger = try fixture.open().ledger
        try await ledger.commit { transaction in
            try transaction.save(podEntry("u1"))
            for object in [Self.secret, Self.token, Self.config] { try transaction.save(object, for: "u1") }
        }
        return ledger
    }

    @Test("no byte of a Secret or token is readable in any file of the database; a ConfigMap is")
    func sealed() async throws {
        let fixture = try LedgerFixture()
        let ledger = try await filled(fixture)
        let live = try fixture.databaseBytes()
        try await ledger.close()
        for bytes in [live, try fixture.databaseBytes()] {
            #expect(bytes.range(of: Data(Self.marker.utf8)) == nil)
            #expect(bytes.range(of: Data("visible-configuration".utf8)) != nil)
        }
        let objects = try await fixture.open().ledger.read { try $0.objects(of: "u1") }
        #expect(Set(objects) == [Self.secret, Self.token, Self.config])
    }

    @Test("a value describes itself without its body")
    func description() {
        #expect(!"\(Self.secret)".contains(Self.marker))
        var dumped = ""
        dump(Self.token, to: &dumped)
        #expect(!dumped.contains(Self.marker))
    }

    @Test("another machine's id, or another key, opens nothing, and says so")
    func otherMachine() async throws {
        let fixture = try LedgerFixture()
        try await filled(fixture).close()
        try Data("ffffffffffffffffffffffffffffffff\n".utf8).write(to: URL(fileURLWithPath: fixture.location.machineID))
        let ledger = try fixture.open().ledger
        await #expect(throws: LedgerError.self) { try await ledger.read { try $0.objects(of: "u1") } }
    }

    @Test("the key file is private to root")
    func keyMode() async throws {
        let fixture = try LedgerFixture()
        _ = try fixture.open()
        let attributes = try FileManager.default.attributesOfItem(atPath: fixture.location.keyFile)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(attributes[.size] as? Int == 32)
    }

    @Test("a reader without the key sees that a Secret is there, not what is in it")
    func reader() async throws {
        let fixture = try LedgerFixture()
        try await filled(fixture).close()
        let objects = try LedgerReader(path: fixture.location.database).read { try $0.objects(of: "u1") }
        #expect(objects.first { $0.kind == .secret }?.body == Data())
        #expect(objects.first { $0.kind == .configMap } == Self.config)
    }
}
