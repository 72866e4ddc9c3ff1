extension JSONValue {
    /// Compact UTF-8 JSON. Key order is unspecified unless `sortedKeys`; `indent` (spaces a level) writes it on many lines.
    package func serialized(sortedKeys: Bool = false, indent: Int? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1024)
        append(to: &bytes, sortedKeys: sortedKeys, indent: indent)
        // Without the room it grew by, up to half of it: documents are kept for long, thousands of them.
        return bytes.withUnsafeBufferPointer { Array($0) }
    }

    /// Appends what ``serialized(sortedKeys:indent:)`` would return.
    package func append(to bytes: inout [UInt8], sortedKeys: Bool = false, indent: Int? = nil, level: Int = 0) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .int(let value): bytes.append(contentsOf: String(value).utf8)
        case .double(let value): Self.append(value, to: &bytes)
        case .string(let value): Self.append(value, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.appendBreak(to: &bytes, indent: indent, level: level + 1)
                element.append(to: &bytes, sortedKeys: sortedKeys, indent: indent, level: level + 1)
            }
            if !elements.isEmpty { Self.appendBreak(to: &bytes, indent: indent, level: level) }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            if sortedKeys {
                var isFirst = true
                for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                    value.append(member: key, to: &bytes, isFirst: &isFirst, sortedKeys: true, indent: indent, level: level + 1)
                }
            } else {
                var isFirst = true
                for (key, value) in members {
                    value.append(member: key, to: &bytes, isFirst: &isFirst, sortedKeys: false, indent: indent, level: level + 1)
                }
            }
            if !members.isEmpty { Self.appendBreak(to: &bytes, indent: indent, level: level) }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private func append(member key: String, to bytes: inout [UInt8], isFirst: inout Bool, sortedKeys: Bool, indent: Int?, level: Int) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        Self.appendBreak(to: &bytes, indent: indent, level: level)
        Self.append(key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        if indent != nil { bytes.append(UInt8(ascii: " ")) }
        append(to: &bytes, sortedKeys: sortedKeys, indent: indent, level: level)
    }

    private static func appendBreak(to bytes: inout [UInt8], indent: Int?, level: Int) {
        guard let indent else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * level))
    }

    /// A whole `double` is written without a fraction, as Go does. JSON has no word for infinity: it reads as null.
    private static func append(_ value: Double, to bytes: inout [UInt8]) {
        if let whole = Int(exactly: value), whole.magnitude < 1 << 53 {
            bytes.append(contentsOf: String(whole).utf8)
        } else {
            bytes.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
        }
    }

    /// Appends `text` as a JSON string literal.
    package static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { units in
            var plainFrom = 0
            for (index, unit) in units.enumerated() where unit < 0x20 || unit == UInt8(ascii: "\"") || unit == UInt8(ascii: "\\") {
                bytes.append(contentsOf: units[plainFrom..<index])
                plainFrom = index + 1
                appendEscape(of: unit, to: &bytes)
            }
            bytes.append(contentsOf: units[plainFrom...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func appendEscape(of unit: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch unit {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(unit)
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0"), digits[Int(unit >> 4)], digits[Int(unit & 15)]])
        }
    }
}
