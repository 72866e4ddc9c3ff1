internal import GRDB
import Synchronization

/// Group commit: whatever waits when the writer becomes free goes into one transaction, and so into one `fsync`.
///
/// One job that throws takes back only its own rows. Jobs run in the order they were
/// submitted. Nothing is resumed before the commit is on disk.
final class CommitGroup: Sendable {
    private struct Job: Sendable {
        let apply: @Sendable (Database) throws -> any Sendable
        let finish: @Sendable (Result<any Sendable, any Error>) -> Void
    }

    private struct Line {
        var jobs: [Job] = []
        /// A run is on its way that takes them all.
        var isScheduled = false
        /// One will be, once those that can wait have waited.
        var isTimed = false
    }

    /// How long a job that nobody waits for stays in line, for one that somebody waits for to take it along.
    private static let patience = Duration.milliseconds(50)

    private let database: DatabaseQueue
    private let reserve: LedgerReserve
    private let line = Mutex(Line())
    /// When the reserve is looked at again, after it had to be given up.
    private let nextLook = Mutex(ContinuousClock.now)

    init(_ database: DatabaseQueue, reserve: LedgerReserve) {
        self.database = database
        self.reserve = reserve
    }

    /// - Parameter canWait: nobody waits for it: it does not cause a write of its own so soon.
    func submit<Value: Sendable>(
        canWait: Bool = false, _ apply: @escaping @Sendable (Database) throws -> Value,
        finish: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        let job = Job(apply: apply) { result in
            // The value is the one `apply` returned, so it has that type.
            finish(result.map { $0 as! Value })
        }
        let isTimed = line.withLock { line in
            line.jobs.append(job)
            guard canWait, !line.isScheduled, !line.isTimed else { return false }
            line.isTimed = true
            return true
        }
        if !canWait { schedule() }
        guard isTimed else { return }
        // Awaited by nobody, and cancelled by nobody: it ends when it has slept.
        Task {
            try? await Task.sleep(for: Self.patience)
            line.withLock { $0.isTimed = false }
            schedule()
        }
    }

    /// Has everything in line written, unless that is under way.
    func schedule() {
        let isFirst = line.withLock { line in
            guard !line.jobs.isEmpty, !line.isScheduled else { return false }
            line.isScheduled = true
            return true
        }
        if isFirst { database.asyncWriteWithoutTransaction { self.runWaiting(in: $0) } }
    }

    private func runWaiting(in database: Database) {
        let jobs = line.withLock { line in
            defer { (line.jobs, line.isScheduled) = ([], false) }
            return line.jobs
        }
        do {
            let results: [Result<any Sendable, any Error>]
            do {
                results = try Self.run(jobs, in: database)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL && reserve.giveUp() {
                results = try Self.run(jobs, in: database)
            }
            for (job, result) in zip(jobs, results) { job.finish(result) }
        } catch {
            for job in jobs { job.finish(.failure(error)) }
        }
        restoreReserve()
    }

    private func restoreReserve() {
        guard reserve.isInUse else { return }
        let isDue = nextLook.withLock { next in
            guard ContinuousClock.now >= next else { return false }
            next = ContinuousClock.now + .seconds(1)
            return true
        }
        if isDue { reserve.takeBack() }
    }

    /// All in one transaction.
    ///
    /// - Returns: of each job, what it returned or threw. The rows of one that threw are taken back.
    /// - Throws: when the transaction itself is over: disk full, I/O error, damage.
    private static func run(_ jobs: [Job], in database: Database) throws -> [Result<any Sendable, any Error>] {
        var results: [Result<any Sendable, any Error>] = []
        try database.inTransaction(.immediate) {
            for job in jobs {
                // One alone is the transaction.
                if jobs.count > 1 { try database.cachedStatement(sql: "SAVEPOINT job").execute() }
                let result = Result { try job.apply(database) }
                results.append(result)
                if case .failure(let error) = result {
                    guard database.isInsideTransaction else { throw error }
                    if jobs.count == 1 { return .rollback }
                    try database.cachedStatement(sql: "ROLLBACK TO job").execute()
                }
                if jobs.count > 1 { try database.cachedStatement(sql: "RELEASE job").execute() }
            }
            return .commit
        }
        return results
    }
}
