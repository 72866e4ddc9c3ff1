/// An error an operator can act on. Messages start in lower case, without a full stop, so that they nest.
package protocol ActionableError: Error, Sendable, CustomStringConvertible {
    /// The operator's next step, in the imperative; `nil` when there is nothing sensible to suggest.
    var remedy: String? { get }
}

extension ActionableError {
    /// What failed and what to do about it, in one line, for where there is room for only one.
    package var advice: String { remedy.map { "\(description) (\($0))" } ?? description }
}
