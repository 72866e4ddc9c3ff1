/// How long to wait before asking again: doubles from 0.2 s to 30 s, with up to half of it taken off at random so that
/// clients which failed together do not return together.
package struct RetryDelay: Sendable {
    private(set) package var failures = 0
    private static let first = 0.2
    private static let longest = 30.0

    package init() {}

    /// The delay after one more failure.
    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let whole = min(Self.first * Double(1 << min(failures, 16)), Self.longest)
        failures += 1
        return .seconds(whole * Double.random(in: 0.5...1, using: &generator))
    }

    package mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    package mutating func reset() { failures = 0 }
}
