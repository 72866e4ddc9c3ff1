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
    package func save<Entry: LedgerEntry>(_ entry: Entry) throws {
        try execute(Entry.table.upsert, StatementArguments(try RowEncoder.values(of: entry)))
    }

    /// Prepared once for as long as the ledger is open: `sql` is one of few texts.
    private func execute(_ sql: String, _ arguments: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    package func set(_ fact: NodeFact, to value: String?) throws {
        if let value {
            try execute("INSERT INTO node_fact VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", [fact.rawValue, value])
        } else {
            try execute("DELETE FROM node_fact WHERE key = ?", [fact.rawValue])
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
        try execute("DELETE FROM pod_object WHERE pod_uid = ? AND kind = ? AND name = ?", [podUID, kind.rawValue, name])
    }

    package func setState(_ state: PodEntry.State, ofPod uid: String) throws {
        try execute("UPDATE pod SET state = ? WHERE uid = ?", [state.rawValue, uid])
    }

    /// - Parameter status: nil where it is still what it was.
    package func setRecord(_ record: Data, status: Data?, ofPod uid: String) throws {
        try execute("UPDATE pod SET record = ?, status = ifnull(?, status) WHERE uid = ?", [record, status, uid])
    }

    /// With it go its objects and sandboxes, and what the API server, which has it no longer either, was still to be told of it: a namesake
    /// on another node would have that refused for ever. Network and publications stay until they are removed
    /// themselves, because what they describe may still be there.
    package func removePod(_ uid: String) throws {
        try execute("DELETE FROM pod WHERE uid = ?", [uid])
        try execute("DELETE FROM outbox WHERE key = ? AND kind != 'event'", [uid])
    }

    package func removeSandbox(of podUID: String, attempt: Int) throws {
        try execute("DELETE FROM sandbox WHERE pod_uid = ? AND attempt = ?", [podUID, attempt])
    }

    package func removeNetwork(of podUID: String) throws {
        try execute("DELETE FROM network WHERE pod_uid = ?", [podUID])
    }

    // MARK: Volumes and images

    package func removeVolume(_ id: String) throws {
        try execute("DELETE FROM volume WHERE id = ?", [id])
    }

    package func removePublication(of podUID: String, volume name: String) throws {
        try execute("DELETE FROM publication WHERE pod_uid = ? AND volume_name = ?", [podUID, name])
    }

    package func removeImageUse(_ imageID: String) throws {
        try execute("DELETE FROM image_use WHERE image_id = ?", [imageID])
    }

    package func removeFromCatalog(_ kind: String, key: String) throws {
        try execute("DELETE FROM catalog WHERE kind = ? AND key = ?", [kind, key])
    }

    // MARK: Journal

    /// - Returns: the number to finish it by.
    @discardableResult
    package func begin(_ intent: Intent, bootID: String, at time: Date) throws -> Int64 {
        try execute(
            "INSERT INTO intent (kind, subject, detail, boot_id, begun_at) VALUES (?, ?, ?, ?, ?)",
            [intent.kind.rawValue, intent.subject, intent.detail, bootID, time.timeIntervalSince1970])
        return database.lastInsertedRowID
    }

    /// Records the result. Keeps the newest 1000 finished intents, for whoever asks what happened.
    package func finish(_ sequence: Int64, failure: String? = nil, at time: Date) throws {
        try execute("UPDATE intent SET finished_at = ?, failure = ? WHERE sequence = ?", [time.timeIntervalSince1970, failure, sequence])
        try execute("DELETE FROM intent WHERE sequence <= ? AND finished_at IS NOT NULL", [sequence - 1000])
    }

    // MARK: Outbox

    /// A status takes the place of an older one with the same key, at the end of the line. Beyond
    /// `Ledger.outboxLimit` entries the oldest events are dropped; statuses never are.
    package func send(_ kind: OutboxEntry.Kind, key: String, body: Data, at time: Date) throws {
        try execute(
            "INSERT OR REPLACE INTO outbox (kind, key, body, created_at) VALUES (?, ?, ?, ?)",
            [kind.rawValue, key, body, time.timeIntervalSince1970])
        // Numbers only grow: there are no more entries than numbers from the first to the last. Only beyond that it pays to count them.
        let first = try Int64.fetchOne(database.cachedStatement(sql: "SELECT min(sequence) FROM outbox")) ?? 0
        guard database.lastInsertedRowID - first >= Ledger.outboxLimit else { return }
        let count = try Int.fetchOne(database.cachedStatement(sql: "SELECT count(*) FROM outbox")) ?? 0
        guard count > Ledger.outboxLimit else { return }
        try execute(
            "DELETE FROM outbox WHERE sequence IN (SELECT sequence FROM outbox WHERE kind = 'event' ORDER BY sequence LIMIT ?)",
            [count - Ledger.outboxLimit])
    }

    /// Takes what was delivered out. A newer status of the same key has a number of its own and stays.
    package func acknowledge(_ sequence: Int64) throws {
        try execute("DELETE FROM outbox WHERE sequence = ?", [sequence])
    }
}
