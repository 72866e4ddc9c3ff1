import FoundationEssentials

extension Ledger {
    /// Brackets a side effect: the intent is on disk before it, the result after it.
    ///
    /// An intent that a crash left without a result is found by `LedgerSnapshot.openIntents()` at the next start. Effects
    /// are idempotent, so recovery performs or undoes them again.
    ///
    /// - Parameters:
    ///   - preparing: rows that go into the same transaction as the intent.
    ///   - effect: the deed. When it throws, the failure is recorded and rethrown.
    ///   - recording: rows that go into the same transaction as the result.
    package func bracket<Value: Sendable>(
        _ intent: Intent,
        isolation: isolated (any Actor)? = #isolation,
        preparing: @escaping @Sendable (LedgerTransaction) throws -> Void = { _ in },
        effect: () async throws -> Value,
        recording: @escaping @Sendable (LedgerTransaction, Value) throws -> Void = { _, _ in }
    ) async throws -> Value {
        let bootID = bootID
        let sequence = try await commit(step: "intent of \(intent.kind)") { transaction in
            try preparing(transaction)
            return try transaction.begin(intent, bootID: bootID, at: Date())
        }
        let value: Value
        do {
            value = try await effect()
        } catch {
            // The caller needs the effect's own error; if this row cannot be written, the intent just stays open.
            let failure = "\(error)"
            post(matters: true) { try $0.finish(sequence, failure: failure, at: Date()) }
            throw error
        }
        try await commit(step: "result of \(intent.kind)") { transaction in
            try recording(transaction, value)
            try transaction.finish(sequence, at: Date())
        }
        return value
    }
}
