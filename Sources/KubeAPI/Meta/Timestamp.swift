package import FoundationEssentials

/// `metav1.Time`: RFC 3339 in UTC with whole seconds on the wire. `MicroTime` values (Lease, events.k8s.io) carry six
/// fractional digits; both forms are read, and each value is written as `hasMicroseconds` says.
package struct Timestamp: Codable, Hashable, Sendable, Comparable, CustomStringConvertible {
    package var date: Date
    package var hasMicroseconds: Bool

    package init(_ date: Date, hasMicroseconds: Bool = false) {
        self.date = date
        self.hasMicroseconds = hasMicroseconds
    }

    /// Nil when `text` is not RFC 3339.
    package init?(_ text: String) {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
        // A malformed time is the nil that this initialiser promises.
        guard let date = try? style.parse(text) else { return nil }
        self.init(date, hasMicroseconds: text.contains("."))
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not an RFC 3339 time")
        }
        self = time
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    package var description: String {
        guard hasMicroseconds else { return date.formatted(.iso8601) }
        let micros = Int((date.timeIntervalSince1970 * 1_000_000).rounded())
        let whole = Date(timeIntervalSince1970: Double(micros / 1_000_000)).formatted(.iso8601)
        let fraction = String(micros % 1_000_000)
        return whole.dropLast() + "." + String(repeating: "0", count: 6 - fraction.count) + fraction + "Z"
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.date < right.date }
}
