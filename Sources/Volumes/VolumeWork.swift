import LinuxSystem
import Synchronization

/// Blocking work on a thread of its own, with a deadline. A thread that hangs in the kernel cannot be ended: it is left
/// behind and its late result dropped, so that one dead disk holds up one volume and nothing else.
enum VolumeWork {
    /// - Parameter excuse: why it takes long, if that is known: asked early, and again at the deadline.
    static func run<Value: Sendable>(
        _ operation: String, deadline: Duration, excuse: @escaping @Sendable () -> VolumeError? = { nil }, _ body: @escaping @Sendable () throws(VolumeError) -> Value
    ) async throws(VolumeError) -> Value {
        let result: Result<Value, VolumeError> = await withCheckedContinuation { continuation in
            let answer = FirstAnswer(continuation)
            // Ends at the deadline or by cancellation; nobody waits for it.
            let alarm = Task {
                do {
                    try await Task.sleep(for: deadline / 30)
                    if let excuse = excuse() { return answer.give(.failure(excuse)) }
                    try await Task.sleep(for: deadline - deadline / 30)
                } catch {
                    return
                }
                answer.give(.failure(excuse() ?? .deadlineExceeded(operation: operation, deadline: deadline)))
            }
            // Ends with the thread, whose end resumes the caller.
            Task {
                do throws(SystemCallError) {
                    try await onDedicatedThread { () throws(SystemCallError) in
                        let outcome: Result<Value, VolumeError>
                        do throws(VolumeError) { outcome = .success(try body()) } catch { outcome = .failure(error) }
                        answer.give(outcome)
                    }
                } catch {
                    answer.give(.failure(.failed(error)))
                }
                alarm.cancel()
            }
        }
        return try result.get()
    }
}

/// Resumes a continuation with whatever comes first.
private final class FirstAnswer<Value: Sendable>: Sendable {
    typealias Answer = Result<Value, VolumeError>
    private let continuation: Mutex<CheckedContinuation<Answer, Never>?>

    init(_ continuation: CheckedContinuation<Answer, Never>) { self.continuation = Mutex(continuation) }

    func give(_ answer: Answer) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(returning: answer)
    }
}

/// Runs system calls in the terms of volumes.
func volumeCall<Value: ~Copyable>(_ body: () throws(SystemCallError) -> Value) throws(VolumeError) -> Value {
    do throws(SystemCallError) { return try body() } catch { throw .failed(error) }
}
