/// The query of a request, decoded; a name may come more than once, as `command` does.
package struct RequestQuery: Hashable, Sendable {
    private let pairs: [Pair]

    private struct Pair: Hashable, Sendable {
        let name: String
        let value: String
    }

    package init(_ text: String) {
        pairs = text.split(separator: "&").map { part in
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return Pair(name: Self.decoded(halves[0]), value: halves.count > 1 ? Self.decoded(halves[1]) : "")
        }
    }

    package func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }
    /// True for `1` and `true`, which is what clients of the stream endpoints send.
    package func flag(_ name: String) -> Bool { ["1", "true"].contains(all(name).first ?? "") }
    /// The first value of each name.
    package var single: [String: String] { Dictionary(pairs.map { ($0.name, $0.value) }) { first, _ in first } }

    /// `+` is a space, `%41` is a byte; a stray `%` stays as it is. Source: WHATWG URL, "urlencoded parsing".
    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+") {
                bytes.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
