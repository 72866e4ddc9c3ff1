import FoundationEssentials
import GRDB
import KubeAPI
import Sealing

/// The objects on disk: one row each, as the JSON it is served as; Secrets as sealed JSON.
///
/// WAL with `synchronous=FULL`: a commit that returned survives a power cut. One connection, hence one writer.
struct ObjectDatabase: Sendable {
    let connection: DatabaseQueue
    private let seal: MachineSeal

    /// `ObjectKey.resource` of what is sealed: whole, because annotations repeat the data.
    private static let sealedResources: Set = ["secrets"]

    /// Append only: a released migration never changes.
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("objects") { database in
            try database.execute(
                sql: """
                    CREATE TABLE object (
                        resource TEXT NOT NULL,   -- plural and group: pods, statefulsets.apps
                        namespace TEXT NOT NULL,  -- empty for cluster-wide resources
                        name TEXT NOT NULL,
                        version INTEGER NOT NULL, -- metadata.resourceVersion
                        json BLOB NOT NULL,       -- sealed for Secrets: then its first byte is MachineSeal.format
                        PRIMARY KEY (resource, namespace, name)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE revision (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        value INTEGER NOT NULL    -- the highest version ever given out, also to objects since deleted
                    ) STRICT;
                    INSERT INTO revision VALUES (1, 1);
                    """)
        }
        return migrator
    }()

    /// - Parameter path: created with mode 0600, because Secrets are in it.
    init(path: String, seal: MachineSeal) throws(StoreError) {
        self.seal = seal
        do {
            let files = FileManager.default
            if !files.fileExists(atPath: path) {
                guard files.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
                    throw StoreError.openFailed(path: path, cause: "the file cannot be created")
                }
            }
            var configuration = Configuration()
            configuration.label = "berth.api-store"
            configuration.prepareDatabase { database in
                // Objects are read once, at start: a cache of pages would serve nobody.
                try database.execute(
                    sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -256")
            }
            connection = try DatabaseQueue(path: path, configuration: configuration)
            try Self.migrator.migrate(connection)
            try sealPlaintext()
        } catch {
            throw StoreError(opening: path, error)
        }
    }

    func load() throws -> (revision: Int, objects: [StoredObject]) {
        try connection.read { database in
            let revision = try Int.fetchOne(database, sql: "SELECT value FROM revision") ?? 1
            var objects: [StoredObject] = []
            let rows = try Row.fetchCursor(database, sql: "SELECT resource, namespace, name, version, json FROM object")
            while let row = try rows.next() {
                let key = ObjectKey(resource: row[0], namespace: row[1], name: row[2])
                let bytes = [UInt8](try opened(row[4], of: key))
                objects.append(StoredObject(key: key, resourceVersion: row[3], value: try JSONValue(parsing: bytes), bytes: bytes))
            }
            return (revision, objects)
        }
    }

    /// One transaction, one fsync. On the connection's own queue.
    func write(_ changes: some Sequence<StoredChange>, revision: Int, to database: Database) throws {
        try database.inTransaction {
            let put = try database.cachedStatement(sql: "INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?)")
            let remove = try database.cachedStatement(sql: "DELETE FROM object WHERE resource = ? AND namespace = ? AND name = ?")
            for change in changes {
                let key = change.object.key
                if change.isRemoval {
                    try remove.execute(arguments: [key.resource, key.namespace, key.name])
                } else {
                    let json = try closed(Data(change.object.bytes), of: key)
                    try put.execute(arguments: [key.resource, key.namespace, key.name, change.object.resourceVersion, json])
                }
            }
            try database.cachedStatement(sql: "UPDATE revision SET value = ?").execute(arguments: [revision])
            return .commit
        }
    }

    // MARK: Secrets

    private func closed(_ json: Data, of key: ObjectKey) throws(SealError) -> Data {
        Self.sealedResources.contains(key.resource) ? try seal.close(json, context: Self.context(of: key)) : json
    }

    private func opened(_ stored: Data, of key: ObjectKey) throws(SealError) -> Data {
        Self.sealedResources.contains(key.resource) ? try seal.open(stored, context: Self.context(of: key)) : stored
    }

    private static func context(of key: ObjectKey) -> String { "\(key.resource)/\(key.namespace)/\(key.name)" }

    /// Earlier versions stored Secrets as plain JSON. They are sealed, and what SQLite keeps of the old pages, in the file's free
    /// space and in the WAL, is written over. `user_version` says that this is done, so that a crash in between repeats it.
    private func sealPlaintext() throws {
        try connection.writeWithoutTransaction { database in
            guard try Int.fetchOne(database, sql: "PRAGMA user_version") == 0 else { return }
            try database.inTransaction {
                for resource in Self.sealedResources {
                    let rows = try Row.fetchAll(database, sql: "SELECT namespace, name, json FROM object WHERE resource = ?", arguments: [resource])
                    for row in rows {
                        let json: Data = row[2]
                        guard json.first != MachineSeal.format else { continue }
                        let key = ObjectKey(resource: resource, namespace: row[0], name: row[1])
                        try database.execute(
                            sql: "UPDATE object SET json = ? WHERE resource = ? AND namespace = ? AND name = ?",
                            arguments: [try closed(json, of: key), key.resource, key.namespace, key.name])
                    }
                }
                return .commit
            }
            try database.execute(sql: "VACUUM")
            try database.checkpoint(.truncate)
            try database.execute(sql: "PRAGMA user_version = 1")
        }
    }
}

extension StoreError {
    /// What opening the database at `path`, or reading all of it, ran into.
    init(opening path: String, _ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode):
            self = .damaged(path: path, cause: error.message ?? "\(error.resultCode)")
        case let error as SealError: self = .sealed(path: path, cause: error)
        case let error as JSONError: self = .damaged(path: path, cause: "an object in it is not JSON: \(error)")
        default: self = .openFailed(path: path, cause: "\(error)")
        }
    }
}

/// A write that has its revision and waits for the disk.
struct StoredChange: Sendable {
    let object: StoredObject
    let isRemoval: Bool
}
