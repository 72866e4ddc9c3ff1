package import FoundationEssentials
internal import GRDB
import Sealing

/// Rows to be written together: all on disk when `Ledger.commit` returns, or none.
package struct LedgerTransaction {
    let database: Database
    let seal: MachineSeal

    /// The rows as this transaction sees them.
    package var snapshot: LedgerSnapshot { LedgerSnapshot(database: database, seal: seal) }

    /// Inserts the entry, or replaces the one with the same key.
    package func save<Entry: LedgerEntry>(_ entry: Entry) throws { try Stored(entry).upsert(database) }

    package func set(_ fact: NodeFact, to value: String?) throws {
        if let value {
            try database.execute(
                sql: "INSERT INTO node_fact VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", arguments: [fact.rawValue, value])
        } else {
            try database.execute(sql: "DELETE FROM node_fact WHERE key = ?", arguments: [fact.rawValue])
        }
    }

    // MARK: Pods

    /// Stores `object` with the pod, Secrets and tokens encrypted. The pod's row must be there.
    package func save(_ object: ResolvedObject, for podUID: String) throws {
        var row = PodObjectEntry(
            podUID: podUID, kind: object.kind, name: object.name, resourceVersion: object.resourceVersion, isSealed: object.kind.isSealed,
            body: object.body, expiresAt: object.expiresAt)
        if row.isSealed { row.body = try seal.close(object.body, context: row.sealContext) }
        try save(row)
    }

    package func removeObject(_ kind: ResolvedObject.Kind, named name: String, of podUID: String) throws {
        try database.execute(
            sql: "DELETE FROM pod_object WHERE pod_uid = ? AND kind = ? AND name = ?", arguments: [podUID, kind.rawValue, name])
    }

    package func setState(_ state: PodEntry.State, ofPod uid: String) throws {
        try database.execute(sql: "UPDATE pod SET state = ? WHERE uid = ?", arguments: [state.rawValue, uid])
    }

    package func setStatus(_ status: Data, ofPod uid: String) throws {
        try database.execute(sql: "UPDATE pod SET status = ? WHERE uid = ?", arguments: [status, uid])
    }

    package func setRecord(_ record: Data, ofPod uid: String) throws {
        try database.execute(sql: "UPDATE pod SET record = ? WHERE uid = ?", arguments: [record, uid])
    }

    /// With it go its objects and sandboxes, and what the API server, which has it no longer either, was still to be told of it: a namesake
    /// on another node would have that refused for ever. Network and publications stay until they are removed
    /// themselves, because what they describe may still be there.
    package func removePod(_ uid: String) throws {
        try database.execute(sql: "DELETE FROM pod WHERE uid = ?", arguments: [uid])
        try database.execute(sql: "DELETE FROM outbox WHERE key = ? AND kind != 'event'", arguments: [uid])
    }

    package func removeSandbox(of podUID: String, attempt: Int) throws {
        try database.execute(sql: "DELETE FROM sandbox WHERE pod_uid = ? AND attempt = ?", arguments: [podUID, attempt])
    }

    package func removeNetwork(of podUID: String) throws {
        try database.execute(sql: "DELETE FROM network WHERE pod_uid = ?", arguments: [podUID])
    }

    // MARK: Volumes and images

    package func removeVolume(_ id: String) throws {
        try database.execute(sql: "DELETE FROM volume WHERE id = ?", arguments: [id])
    }

    package func removePublication(of podUID: String, volume name: String) throws {
        try database.execute(sql: "DELETE FROM publication WHERE pod_uid = ? AND volume_name = ?", arguments: [podUID, name])
    }

    package func removeImageUse(_ imageID: String) throws {
        try database.execute(sql: "DELETE FROM image_use WHERE image_id = ?", arguments: [imageID])
    }

    package func removeFromCatalog(_ kind: String, key: String) throws {
        try database.execute(sql: "DELETE FROM catalog WHERE kind = ? AND key = ?", arguments: [kind, key])
    }

    // MARK: Journal

    /// - Returns: the number to finish it by.
    @discardableResult
    package func begin(_ intent: Intent, bootID: String, at time: Date) throws -> Int64 {
        try database.execute(
            sql: "INSERT INTO intent (kind, subject, detail, boot_id, begun_at) VALUES (?, ?, ?, ?, ?)",
            arguments: [intent.kind.rawValue, intent.subject, intent.detail, bootID, time.timeIntervalSince1970])
        return database.lastInsertedRowID
    }

    /// Records the result. Keeps the newest 1000 finished intents, for whoever asks what happened.
    package func finish(_ sequence: Int64, failure: String? = nil, at time: Date) throws {
        try database.execute(
            sql: "UPDATE intent SET finished_at = ?, failure = ? WHERE sequence = ?", arguments: [time.timeIntervalSince1970, failure, sequence])
        try database.execute(sql: "DELETE FROM intent WHERE sequence <= ? AND finished_at IS NOT NULL", arguments: [sequence - 1000])
    }

    // MARK: Outbox

    /// A status takes the place of an older one with the same key, at the end of the line. Beyond
    /// `Ledger.outboxLimit` entries the oldest events are dropped; statuses never are.
    package func send(_ kind: OutboxEntry.Kind, key: String, body: Data, at time: Date) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO outbox (kind, key, body, created_at) VALUES (?, ?, ?, ?)",
            arguments: [kind.rawValue, key, body, time.timeIntervalSince1970])
        let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM outbox") ?? 0
        guard count > Ledger.outboxLimit else { return }
        try database.execute(
            sql: "DELETE FROM outbox WHERE sequence IN (SELECT sequence FROM outbox WHERE kind = 'event' ORDER BY sequence LIMIT ?)",
            arguments: [count - Ledger.outboxLimit])
    }

    /// Takes what was delivered out. A newer status of the same key has a number of its own and stays.
    package func acknowledge(_ sequence: Int64) throws {
        try database.execute(sql: "DELETE FROM outbox WHERE sequence = ?", arguments: [sequence])
    }
}
