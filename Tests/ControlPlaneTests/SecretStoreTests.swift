@testable import ControlPlane
import Foundation
import GRDB
import KubeAPI
import Sealing
import Testing

@Suite("Secrets in the store")
struct SecretStoreTests {
    let directory: TemporaryDirectory
    let path: String
    static let word = Data("correct-horse-battery-staple".utf8).base64EncodedString()
    static let key = ObjectKey(ResourceCatalog.secrets, namespace: "default", name: "s")

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/db"
    }

    /// As `kubectl apply` leaves it: the data twice.
    private var secret: JSONValue {
        [
            "metadata": [
                "name": "s", "namespace": "default",
                "annotations": ["kubectl.kubernetes.io/last-applied-configuration": .string(#"{"data":{"word":"\#(Self.word)"}}"#)],
            ],
            "data": ["word": .string(Self.word)],
        ]
    }

    /// Everything that lies on the disk: the database, its WAL, and whatever else is beside them.
    private func bytesOnDisk() throws -> Data {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).reduce(into: Data()) { all, name in
            all += try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(name)"))
        }
    }

    private func isOnDisk(_ text: String) throws -> Bool { try bytesOnDisk().range(of: Data(text.utf8)) != nil }

    @Test("their values are in no file, also when changed and deleted; what is no Secret is there to read")
    func sealed() async throws {
        let map = ObjectKey(ResourceCatalog.configMaps, namespace: "default", name: "c")
        do {
            let store = try ObjectStore(path: path, seal: .test)
            var stored = try await store.put(secret, at: Self.key, replacing: nil)
            _ = try await store.put(["metadata": ["name": "c"], "data": ["a": "plain-configuration"]], at: map, replacing: nil)
            #expect(try !isOnDisk(Self.word))
            stored = try await store.put(stored.value, at: Self.key, replacing: stored.resourceVersion)
            #expect(try !isOnDisk(Self.word))
            #expect(try isOnDisk("plain-configuration"))
        }
        #expect(try !isOnDisk(Self.word))
        let reopened = try ObjectStore(path: path, seal: .test)
        #expect(reopened.object(Self.key)?.value.at("data", "word")?.string == Self.word)
    }

    @Test("a store of an earlier version, with Secrets in plain text, is sealed when it is opened, and nothing of them remains")
    func migration() async throws {
        do {
            let queue = try DatabaseQueue(path: path)
            try await queue.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA journal_mode = WAL")
            }
            try ObjectDatabase.migrator.migrate(queue)
            let json = secret.serialized()
            try await queue.write { database in
                let insert = "INSERT OR REPLACE INTO object VALUES ('secrets', 'default', ?, 2, ?)"
                for index in 0..<50 { try database.execute(sql: insert, arguments: ["old\(index)", Data(json)]) }
                try database.execute(sql: insert, arguments: ["s", Data(json)])
                // Its pages are free now, and still say it.
                try database.execute(sql: "DELETE FROM object WHERE name LIKE 'old%'")
            }
            #expect(try isOnDisk(Self.word))
        }
        let store = try ObjectStore(path: path, seal: .test)
        #expect(try !isOnDisk(Self.word))
        #expect(store.object(Self.key)?.value.at("data", "word")?.string == Self.word)
    }

    @Test("another key opens nothing, changes nothing, and says what to restore")
    func otherKey() async throws {
        do {
            let store = try ObjectStore(path: path, seal: .test)
            _ = try await store.put(secret, at: Self.key, replacing: nil)
        }
        let other = MachineSeal(secret: Array(1..<33), machineID: "test", purpose: "test")
        let error = #expect(throws: StoreError.self) { try ObjectStore(path: path, seal: other) }
        #expect(error?.description.contains("secrets/default/s") == true)
        #expect(error?.remedy?.contains("restore the key file") == true)
        #expect(try ObjectStore(path: path, seal: .test).object(Self.key) != nil)
    }

    @Test("one Secret's row does not pass for another's")
    func exchanged() async throws {
        do {
            let store = try ObjectStore(path: path, seal: .test)
            _ = try await store.put(secret, at: Self.key, replacing: nil)
        }
        do {
            let queue = try DatabaseQueue(path: path)
            try await queue.write { try $0.execute(sql: "UPDATE object SET name = 'other' WHERE resource = 'secrets'") }
        }
        #expect(throws: StoreError.self) { try ObjectStore(path: path, seal: .test) }
    }
}
