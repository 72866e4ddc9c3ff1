package import FoundationEssentials
internal import GRDB
import LinuxSystem
package import Logging
import Sealing

/// The node's memory: SQLite in WAL mode with `synchronous=FULL`, one writer, group commit.
///
/// What `commit` returned from is on the disk. Nothing here blocks a thread of the cooperative pool: the database works
/// on its own queue.
package final class Ledger: Sendable {
    /// Entries beyond which the oldest events are dropped.
    package static let outboxLimit = 2000

    package let location: LedgerLocation
    /// The boot this daemon runs in, written into every intent.
    package let bootID: String
    /// The newest intent that was there when the ledger was opened: newer ones are this daemon's own.
    package let lastIntentBefore: Int64
    private let database: DatabaseQueue
    private let group: CommitGroup
    private let reserve: LedgerReserve
    private let seal: MachineSeal
    private let logger: Logger

    private init(location: LedgerLocation, bootID: String, database: DatabaseQueue, reserve: LedgerReserve, seal: MachineSeal, logger: Logger) throws {
        self.location = location
        lastIntentBefore = try database.read { try Int64.fetchOne($0, sql: "SELECT max(sequence) FROM intent") } ?? 0
        self.bootID = bootID
        self.database = database
        self.seal = seal
        self.logger = logger
        self.reserve = reserve
        group = CommitGroup(database, reserve: reserve)
    }

    /// Opens the ledger, makes it if need be, and brings it to the newest schema. A damaged one is renamed, with the
    /// time in its name, and an empty one takes its place. Blocks; meant for the start of a program.
    ///
    /// - Parameter bootID: `/proc/sys/kernel/random/boot_id`.
    /// - Returns: the ledger, and what was set aside: the caller then rebuilds from the world.
    /// - Throws: `cannotOpen`, `newerSchema`, `keyUnavailable`, `busy`, `diskFull`; never for damage.
    package static func open(
        _ location: LedgerLocation, bootID: String, logger: Logger, now: Date = Date()
    ) throws(LedgerError) -> (ledger: Ledger, damage: LedgerDamage?) {
        let seal = try MachineSeal(of: location)
        let reserve = LedgerReserve(beside: location.database)
        var damage: LedgerDamage?
        let database: DatabaseQueue
        do {
            database = try openDatabase(location.database, with: reserve)
        } catch .damaged(_, let reason) {
            let found = try LedgerDamage.setAside(location.database, reason: reason, at: now)
            logger.error("ledger damaged, set aside", metadata: ["ledger.aside": "\(found.path)", "ledger.damage": "\(reason)"])
            damage = found
            database = try openDatabase(location.database, with: reserve)
        }
        reserve.takeBack()
        do {
            return (try Ledger(location: location, bootID: bootID, database: database, reserve: reserve, seal: seal, logger: logger), damage)
        } catch {
            throw LedgerError(error, path: location.database)
        }
    }

    /// Opening makes files, too.
    private static func openDatabase(_ path: String, with reserve: LedgerReserve) throws(LedgerError) -> DatabaseQueue {
        do {
            return try LedgerDatabase.open(path)
        } catch {
            switch error {
            case .diskFull, .cannotOpen, .failed: if !reserve.giveUp() { throw error }
            case .damaged, .busy, .newerSchema, .keyUnavailable, .unsealable, .unreadable, .refused: throw error
            }
        }
        return try LedgerDatabase.open(path)
    }

    /// Writes rows together. They are on disk when this returns; when `body` throws, none of them are.
    /// Calls made at the same time share one transaction and one `fsync`. They are written in the order they were made: an actor's
    /// by the time it lets others in.
    ///
    /// - Parameter step: what is written down, for a `FaultPoint`.
    package nonisolated(nonsending) func commit<Value: Sendable>(
        step: String = #function, _ body: @escaping @Sendable (LedgerTransaction) throws -> Value
    ) async throws(LedgerError) -> Value {
        FaultPoint.pass("before \(step)")
        defer { FaultPoint.pass("after \(step)") }
        let seal = seal
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            group.submit({ try body(LedgerTransaction(database: $0, seal: seal)) }, finish: { continuation.resume(returning: $0) })
        }
        do {
            return try result.get()
        } catch {
            throw LedgerError(error, path: location.database)
        }
    }

    /// The disk is full, and what is written goes into the space that was kept for it.
    package var isOnReserve: Bool { reserve.isInUse }

    /// Writes rows without waiting for them, in order with the commits around it: what is committed later is on the disk later. For
    /// what is a pity to lose, but no more: events, the time an image was used; and for what only a later commit builds on. A failure
    /// is logged.
    ///
    /// - Parameters:
    ///   - matters: as much as what is committed: written also on a full disk.
    ///   - canWait: it goes with the next commit, or after a moment by itself.
    ///   - done: called when it is on the disk, or never will be.
    package func post(
        matters: Bool = false, canWait: Bool = true, _ body: @escaping @Sendable (LedgerTransaction) throws -> Void, done: @escaping @Sendable () -> Void = {}
    ) {
        if isOnReserve, !matters { return done() }
        let seal = seal
        let logger = logger
        group.submit(canWait: canWait) { try body(LedgerTransaction(database: $0, seal: seal)) } finish: { result in
            defer { done() }
            if case .failure(let error) = result {
                logger.error("ledger write failed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Reads rows of one moment. Sees every commit that has returned.
    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (LedgerSnapshot) throws -> Value
    ) async throws(LedgerError) -> Value {
        let seal = seal
        do {
            // Whoever writes is on the same queue, and `LedgerSnapshot` cannot: neither a transaction nor a ban on writing is needed.
            return try await database.unsafeRead { try body(LedgerSnapshot(database: $0, seal: seal)) }
        } catch {
            throw LedgerError(error, path: location.database)
        }
    }

    /// Moves the whole WAL into the database file and closes it; nothing can be read or written afterwards.
    package func close() async throws(LedgerError) {
        group.schedule()
        do {
            try await database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            try database.close()
        } catch {
            throw LedgerError(error, path: location.database)
        }
    }
}
