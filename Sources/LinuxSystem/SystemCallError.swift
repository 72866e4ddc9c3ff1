import Glibc

/// One failed system call: which, on what, and the `errno` it left. Source: errno(3).
package struct SystemCallError: Error, Hashable, Sendable, CustomStringConvertible {
    package let call: String
    package let subject: String
    package let code: CInt

    package init(call: String, subject: String, code: CInt) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    package var description: String { "\(call) \(subject): \(Self.text(of: code))" }

    /// What strerror(3) says, in the C locale.
    package static func text(of code: CInt) -> String { String(cString: strerror(code)) }
}

/// Calls `body` again while it fails with `EINTR`; throws for any other -1.
@discardableResult
package func systemCall<Value: FixedWidthInteger>(
    _ call: String, on subject: @autoclosure () -> String, _ body: () -> Value
) throws(SystemCallError) -> Value {
    while true {
        let value = body()
        guard value == -1 else { return value }
        let code = errno  // read first: building a message may allocate, and overwrite it
        guard code == EINTR else { throw SystemCallError(call: call, subject: subject(), code: code) }
    }
}

extension SystemCallError {
    package var isNotFound: Bool { code == ENOENT }
    package var isNoSpace: Bool { code == ENOSPC || code == EDQUOT }
}
