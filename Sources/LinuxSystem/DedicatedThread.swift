import Glibc

/// Runs `body` on a thread of its own, which ends with it, and suspends the caller meanwhile.
///
/// For work that would block the cooperative pool (waiting for a child, a system call without a deadline) or that
/// changes the thread itself: a thread that has called setns(2) must never carry another task. All signals are blocked
/// on it, so a broken pipe is an `EPIPE`, not a `SIGPIPE`. What `body` holds, the thread has let go of before the caller goes on.
/// - Throws: what `body` throws, or `EAGAIN` when the process may not have another thread. Source: pthread_create(3).
package func onDedicatedThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws(SystemCallError) -> Value
) async throws(SystemCallError) -> Value {
    let result: Result<Value, SystemCallError> = await withCheckedContinuation { continuation in
        let work = ThreadWork {
            let outcome: Result<Value, SystemCallError>
            do throws(SystemCallError) { outcome = .success(try body()) } catch { outcome = .failure(error) }
            return { continuation.resume(returning: outcome) }
        }
        let code = work.start()
        if code != 0 {
            continuation.resume(returning: .failure(SystemCallError(call: "pthread_create", subject: "a helper thread", code: code)))
        }
    }
    return try result.get()
}

private final class ThreadWork: Sendable {
    /// - Returns: how to tell of its end.
    typealias Body = @Sendable () -> @Sendable () -> Void
    private let body: Body
    init(_ body: @escaping Body) { self.body = body }

    /// Returns 0, or the errno of pthread_create(3), in which case the body never runs.
    func start() -> CInt {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 256 << 10)
        defer { pthread_attr_destroy(&attributes) }
        let work = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { context in
                var everything = sigset_t()
                sigfillset(&everything)
                pthread_sigmask(SIG_BLOCK, &everything, nil)
                // `start` passes a retained reference, never nil.
                guard let context else { return nil }
                let tell = Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().body()
                tell()
                return nil
            }, work.toOpaque())
        if code != 0 { work.release() }
        return code
    }
}
