import LinuxSystem
import Synchronization

/// Tells a thread that the task it works for was cancelled.
final class Cancellation: Sendable {
    private let flag = Atomic(false)
    var isCancelled: Bool { flag.load(ordering: .relaxed) }
    fileprivate func cancel() { flag.store(true, ordering: .relaxed) }
}

/// Runs `body`, which blocks, on a thread of its own.
func blocking<Value: Sendable>(
    _ body: @escaping @Sendable (Cancellation) throws(ImageError) -> Value
) async throws(ImageError) -> Value {
    let cancellation = Cancellation()
    let result: Result<Value, ImageError> = await withTaskCancellationHandler {
        do throws(SystemCallError) {
            return try await onDedicatedThread { () throws(SystemCallError) -> Result<Value, ImageError> in
                do throws(ImageError) { return .success(try body(cancellation)) } catch { return .failure(error) }
            }
        } catch {
            return .failure(.system(error))
        }
    } onCancel: {
        cancellation.cancel()
    }
    return try result.get()
}
