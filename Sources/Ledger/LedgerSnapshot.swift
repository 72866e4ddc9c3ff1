import FoundationEssentials
internal import GRDB
import KubeAPI
import Sealing

/// The ledger's rows at one moment, valid inside the closure that it was handed to.
package struct LedgerSnapshot {
    let database: Database
    let seal: MachineSeal?

    // MARK: Node

    package func fact(_ fact: NodeFact) throws -> String? {
        try String.fetchOne(database.cachedStatement(sql: "SELECT value FROM node_fact WHERE key = ?"), arguments: [fact.rawValue])
    }

    // MARK: Pods

    package func pods() throws -> [PodEntry] { try all("ORDER BY admitted_at, uid") }
    package func pod(_ uid: String) throws -> PodEntry? { try all(PodEntry.self, "WHERE uid = ?", [uid]).first }
    package func pod(namespace: String, name: String) throws -> PodEntry? {
        try all(PodEntry.self, "WHERE namespace = ? AND name = ? ORDER BY admitted_at DESC LIMIT 1", [namespace, name]).first
    }

    /// What the pod was resolved with, decrypted.
    ///
    /// - Throws: `LedgerError.unsealable` when the key is not the one it was written with; reading through
    ///   `LedgerReader` leaves sealed bodies empty instead.
    package func objects(of podUID: String) throws -> [ResolvedObject] {
        let rows: [PodObjectEntry] = try all("WHERE pod_uid = ? ORDER BY kind, name", [podUID])
        return try rows.map { row in
            var body = row.body
            if row.isSealed { body = try seal?.open(row.body, context: row.sealContext) ?? Data() }
            return ResolvedObject(
                kind: row.kind, name: row.name, resourceVersion: row.resourceVersion, body: body, expiresAt: row.expiresAt)
        }
    }

    // MARK: Sandboxes and network

    package func sandboxes() throws -> [SandboxEntry] { try all("ORDER BY pod_uid, attempt") }
    package func sandboxes(of podUID: String) throws -> [SandboxEntry] { try all("WHERE pod_uid = ? ORDER BY attempt", [podUID]) }

    package func networks() throws -> [NetworkEntry] { try all("ORDER BY pod_uid") }
    package func network(of podUID: String) throws -> NetworkEntry? { try all(NetworkEntry.self, "WHERE pod_uid = ?", [podUID]).first }

    // MARK: Volumes and images

    package func volumes() throws -> [VolumeEntry] { try all("ORDER BY id") }
    package func volume(_ id: String) throws -> VolumeEntry? { try all(VolumeEntry.self, "WHERE id = ?", [id]).first }
    package func publications() throws -> [PublicationEntry] { try all("ORDER BY pod_uid, volume_name") }
    package func publications(of podUID: String) throws -> [PublicationEntry] {
        try all("WHERE pod_uid = ? ORDER BY volume_name", [podUID])
    }
    package func publications(ofVolume id: String) throws -> [PublicationEntry] {
        try all("WHERE volume_id = ? ORDER BY pod_uid, volume_name", [id])
    }
    /// Ids of the volumes that stand for some pod: mounted on the node from the first publication to the last.
    package func stagedVolumes() throws -> Set<String> {
        Set(try publications().filter { $0.state == .published && !$0.volumeID.isEmpty }.map(\.volumeID))
    }
    package func imageUses() throws -> [ImageUseEntry] { try all("ORDER BY last_used_at DESC, image_id") }

    /// Every object of a kind.
    package func catalog(_ kind: String) throws -> [CatalogEntry] { try all("WHERE kind = ? ORDER BY key", [kind]) }

    // MARK: Journal and outbox

    /// Intents without a result: what a crash may have left half done, oldest first.
    package func openIntents() throws -> [IntentEntry] { try all("WHERE finished_at IS NULL ORDER BY sequence") }
    /// The newest `limit` intents, newest first.
    package func journal(limit: Int) throws -> [IntentEntry] { try all("ORDER BY sequence DESC LIMIT ?", [limit]) }
    /// What waits to be sent, oldest first, except what has one of the keys `held`.
    package func outbox(
        _ kinds: [OutboxEntry.Kind] = OutboxEntry.Kind.allCases, except held: [String] = [], limit: Int
    ) throws -> [OutboxEntry] {
        // Lists as JSON: one statement for all of them.
        try all(
            """
            WHERE kind IN (SELECT value FROM json_each(?)) AND key NOT IN (SELECT value FROM json_each(?)) ORDER BY sequence LIMIT ?
            """, [JSONValue.array(kinds.map { .string($0.rawValue) }).description, JSONValue.array(held.map { .string($0) }).description, limit])
    }

    // MARK: -

    private func all<Entry: LedgerEntry>(_ clause: String, _ arguments: StatementArguments = []) throws -> [Entry] {
        try all(Entry.self, clause, arguments)
    }

    private func all<Entry: LedgerEntry>(_: Entry.Type, _ clause: String, _ arguments: StatementArguments = []) throws -> [Entry] {
        do {
            let statement = try database.cachedStatement(sql: "SELECT * FROM \(Entry.table.name) \(clause)")
            return try Stored<Entry>.fetchAll(statement, arguments: arguments).map(\.entry)
        } catch let error as DecodingError {
            throw LedgerError.unreadable(what: "table \(Entry.table)", reason: "\(error)")
        } catch let error as RowDecodingError {
            throw LedgerError.unreadable(what: "table \(Entry.table)", reason: "\(error)")
        }
    }
}

/// Single values about the node.
package enum NodeFact: String, Sendable {
    /// `/proc/sys/kernel/random/boot_id` of the boot in which the ledger was last written.
    case bootID = "boot_id"
    case nodeName = "node_name"
    case nodeUID = "node_uid"
    /// Set by a clean stop, cleared at start.
    case cleanShutdown = "clean_shutdown"
    /// How the control plane was last reached.
    case upstream
}
