/// The query of a URL, percent-decoded. A name may come several times.
struct RequestQuery: Sendable {
    private let items: [(name: String, value: String)]
    /// As it came, without the question mark.
    let text: String

    init(_ text: String) {
        self.text = text
        items = text.split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decode(parts[0]), parts.count > 1 ? Self.decode(parts[1]) : "")
        }
    }

    subscript(_ name: String) -> String { items.first { $0.name == name }?.value ?? "" }
    func all(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }
    /// `true`, `1` or no value at all. Source: Go `strconv.ParseBool`, and apimachinery's treatment of an empty value.
    func flag(_ name: String) -> Bool {
        items.first { $0.name == name }.map { !["0", "f", "false", "False", "FALSE"].contains($0.value) } ?? false
    }

    /// - Parameter plusIsSpace: as in a query, unlike a path.
    static func decode(_ text: Substring, plusIsSpace: Bool = true) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: Array(rest.prefix(2)), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") && plusIsSpace ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Percent-encodes what has a meaning in a query.
    static func encode(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.unicodeScalars.append(UnicodeScalar(byte))
            default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
