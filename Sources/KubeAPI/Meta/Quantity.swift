/// A resource amount such as `250m`, `64Mi` or `1e3`, kept as written so that it is sent back unchanged.
///
/// - Note: grammar of apimachinery `resource.Quantity`; suffixes m, k, M, G, T, P, E, Ki … Ei, n, u and decimal exponents.
package struct Quantity: Codable, Hashable, Sendable, CustomStringConvertible {
    package let text: String
    /// Billionths of one unit, rounded up, clamped to ±9.2e18 whole units' worth of precision (`Int128`).
    private let nanos: Int128

    /// Nil when `text` is not a quantity.
    package init?(_ text: String) {
        guard let nanos = Self.parse(text) else { return nil }
        self.text = text
        self.nanos = nanos
    }

    package init(bytes: Int) {
        self.init(exactly: bytes)
    }

    package init(exactly units: Int) {
        text = "\(units)"
        nanos = Int128(units) * 1_000_000_000
    }

    package init(milli: Int) {
        text = milli % 1000 == 0 ? "\(milli / 1000)" : "\(milli)m"
        nanos = Int128(milli) * 1_000_000
    }

    /// Whole units (bytes, pods, CPUs), rounded up.
    package var value: Int { Self.clamp(Self.divideUp(nanos, 1_000_000_000)) }
    /// Thousandths (milliCPU), rounded up.
    package var milliValue: Int { Self.clamp(Self.divideUp(nanos, 1_000_000)) }
    package var description: String { text }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text: String
        do {
            text = try container.decode(String.self)
        } catch is DecodingError {
            text = "\(try container.decode(Double.self))"  // YAML users write `cpu: 1`
        }
        guard let quantity = Quantity(text.hasSuffix(".0") ? String(text.dropLast(2)) : text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a quantity")
        }
        self = quantity
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// Two spellings of one amount are equal: `1` and `1000m`.
    package static func == (left: Quantity, right: Quantity) -> Bool { left.nanos == right.nanos }
    package func hash(into hasher: inout Hasher) { hasher.combine(nanos) }

    private static let suffixes: [String: Int128] = {
        var table: [String: Int128] = ["n": 1, "u": 1_000, "m": 1_000_000, "": 1_000_000_000]
        var decimal: Int128 = 1_000_000_000
        var binary: Int128 = 1_000_000_000
        for letter in ["k", "M", "G", "T", "P", "E"] {
            decimal *= 1000
            binary *= 1024
            table[letter] = decimal
            table[(letter == "k" ? "K" : letter) + "i"] = binary
        }
        return table
    }()

    private static func parse(_ text: String) -> Int128? {
        // Sign, at most 18 digits, a fraction of at most 18, and a unit or a decimal exponent; bytes, because every object has some.
        var rest = text.utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        func digits() -> String.UTF8View.SubSequence {
            let run = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            rest = rest[run.endIndex...]
            return run
        }
        let whole = digits()
        var fraction = whole[whole.endIndex...]
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = digits()
        }
        guard !(whole.isEmpty && fraction.isEmpty), whole.count <= 18, fraction.count <= 18, rest.count <= 4 else { return nil }
        let suffix = String(Substring(rest))
        var scale: Int128
        if suffix.count > 1, ["e", "E"].contains(suffix.first), let exponent = Int(suffix.dropFirst()) {
            guard (-9...18).contains(exponent) else { return nil }
            scale = 1_000_000_000
            for _ in 0..<abs(exponent) { scale = exponent > 0 ? scale * 10 : scale / 10 }
        } else {
            guard let known = suffixes[suffix] else { return nil }
            scale = known
        }
        let (product, overflow) = (Int128(Substring(whole)) ?? 0).multipliedReportingOverflow(by: scale)
        guard !overflow else { return nil }
        var nanos = product
        var unit = scale
        for digit in fraction {
            let value = Int128(digit - UInt8(ascii: "0"))
            nanos += divideUp(value * unit, 10)
            unit = divideUp(unit, 10)
        }
        return isNegative ? -nanos : nanos
    }

    private static func divideUp(_ value: Int128, _ divisor: Int128) -> Int128 {
        value >= 0 ? (value + divisor - 1) / divisor : value / divisor
    }

    private static func clamp(_ value: Int128) -> Int { Int(clamping: value) }
}
