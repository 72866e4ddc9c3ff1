import FoundationEssentials

/// An intent that is on disk and has no result yet: its effect may be undone, half done or done.
package struct OpenIntent: Hashable, Sendable {
    package let sequence: Int64
}

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
        let open = try await begin(intent, preparing: preparing)
        let value = try await perform(open, effect: effect)
        try await commit(step: "result of \(intent.kind)") { transaction in
            try recording(transaction, value)
            try transaction.finish(open)
        }
        return value
    }

    /// The first half of a bracket whose result goes into a transaction with other rows, by `LedgerTransaction.finish`.
    package nonisolated(nonsending) func begin(
        _ intent: Intent, preparing: @escaping @Sendable (LedgerTransaction) throws -> Void = { _ in }
    ) async throws(LedgerError) -> OpenIntent {
        let bootID = bootID
        return try await commit(step: "intent of \(intent.kind)") { transaction in
            try preparing(transaction)
            return try transaction.open(intent, bootID: bootID)
        }
    }

    /// The deed of an intent. When it throws, the failure is recorded and rethrown.
    package func perform<Value>(
        _ open: OpenIntent, isolation: isolated (any Actor)? = #isolation, effect: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await effect()
        } catch {
            // The caller needs the effect's own error; if this row cannot be written, the intent just stays open.
            let failure = "\(error)"
            post(matters: true, canWait: false) { try $0.finish(open.sequence, failure: failure, at: Date()) }
            throw error
        }
    }
}

extension LedgerTransaction {
    package func open(_ intent: Intent, bootID: String) throws -> OpenIntent {
        OpenIntent(sequence: try begin(intent, bootID: bootID, at: Date()))
    }

    /// The effect is done. Doing so twice is as good.
    package func finish(_ open: OpenIntent) throws { try finish(open.sequence, at: Date()) }
}
