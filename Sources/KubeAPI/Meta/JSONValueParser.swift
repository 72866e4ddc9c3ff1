/// Why a text is not JSON, and where: `line` and `column` count from 1, the column in bytes.
package struct JSONError: ActionableError, Hashable {
    package let message: String
    package let line: Int
    package let column: Int

    package var description: String { "\(message) at line \(line), column \(column)" }
    package var remedy: String? { "correct the JSON text at that place" }
}

extension JSONValue {
    /// Deeper documents are refused: the parser recurses.
    package static let maximumDepth = 512

    /// Parses one document (RFC 8259). Of duplicate keys the last one counts. Invalid UTF-8 reads as U+FFFD.
    package init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
        self = try Self.parse(bytes).value
    }

    package init(parsing text: String) throws(JSONError) {
        self = try Self.parse(text.utf8).value
    }

    /// Parses one document and tells the paths of keys that came more than once, such as `spec.containers[0].image`.
    package static func parse(_ bytes: some Sequence<UInt8>) throws(JSONError) -> (value: JSONValue, duplicates: [String]) {
        // `withContiguousStorageIfAvailable` rethrows untyped, so the outcome travels as a `Result`.
        let outcome = bytes.withContiguousStorageIfAvailable { Self.outcome(of: $0) }
            ?? Array(bytes).withUnsafeBufferPointer { Self.outcome(of: $0) }
        return try outcome.get()
    }

    private static func outcome(of bytes: UnsafeBufferPointer<UInt8>) -> Result<(value: JSONValue, duplicates: [String]), JSONError> {
        var parser = JSONParser(bytes: bytes)
        do throws(JSONParser.Failure) {
            let value = try parser.document()
            return .success((value, parser.duplicates))
        } catch {
            var (line, column) = (1, 1)
            for byte in bytes.prefix(parser.offset) {
                if byte == UInt8(ascii: "\n") { (line, column) = (line + 1, 1) } else { column += 1 }
            }
            return .failure(JSONError(message: error.message, line: line, column: column))
        }
    }
}

private struct JSONParser {
    struct Failure: Error { let message: String }

    let bytes: UnsafeBufferPointer<UInt8>
    var offset = 0
    var duplicates: [String] = []

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func document() throws(Failure) -> JSONValue {
        let value = try self.value(depth: 0)
        skipSpace()
        guard offset == bytes.count else { throw Failure(message: "unexpected text after the JSON value") }
        return value
    }

    private mutating func skipSpace() {
        while offset < bytes.count, bytes[offset] == 0x20 || bytes[offset] == 0x0A || bytes[offset] == 0x0D || bytes[offset] == 0x09 {
            offset += 1
        }
    }

    private mutating func next() -> UInt8? {
        skipSpace()
        return offset < bytes.count ? bytes[offset] : nil
    }

    private mutating func value(depth: Int) throws(Failure) -> JSONValue {
        guard depth <= JSONValue.maximumDepth else { throw Failure(message: "more than \(JSONValue.maximumDepth) levels") }
        switch next() {
        case nil: throw Failure(message: "unexpected end of JSON input")
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some(UInt8(ascii: "0")...UInt8(ascii: "9")), UInt8(ascii: "-"): return try number()
        case .some(let byte): throw unexpected(byte, "looking for beginning of value")
        }
    }

    private func unexpected(_ byte: UInt8, _ place: String) -> Failure {
        Failure(message: "invalid character '\(Character(UnicodeScalar(byte)))' \(place)")
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
        let count = text.utf8CodeUnitCount
        let matches = offset + count <= bytes.count && (0..<count).allSatisfy { bytes[offset + $0] == text.utf8Start[$0] }
        guard matches else { throw Failure(message: "invalid literal, expected \(text)") }
        offset += count
        return value
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONValue {
        offset += 1
        var members: [String: JSONValue] = [:]
        if next() == UInt8(ascii: "}") {
            offset += 1
            return .object(members)
        }
        while true {
            guard next() == UInt8(ascii: "\"") else { throw Failure(message: "expected an object key") }
            let key = try string()
            guard next() == UInt8(ascii: ":") else { throw Failure(message: "expected ':' after object key") }
            offset += 1
            let known = duplicates.count
            let member = try value(depth: depth + 1)
            // Paths grow while the recursion unwinds, so that documents without duplicates pay nothing.
            for index in known..<duplicates.count {
                duplicates[index] = key + (duplicates[index].hasPrefix("[") ? "" : ".") + duplicates[index]
            }
            if members.updateValue(member, forKey: key) != nil, !duplicates[known...].contains(key) { duplicates.append(key) }
            switch next() {
            case UInt8(ascii: ","): offset += 1
            case UInt8(ascii: "}"):
                offset += 1
                return .object(members)
            case nil: throw Failure(message: "unexpected end of JSON input")
            case .some(let byte): throw unexpected(byte, "after object key:value pair")
            }
        }
    }

    private mutating func array(depth: Int) throws(Failure) -> JSONValue {
        offset += 1
        var elements: [JSONValue] = []
        if next() == UInt8(ascii: "]") {
            offset += 1
            return .array(elements)
        }
        while true {
            let known = duplicates.count
            elements.append(try value(depth: depth + 1))
            for index in known..<duplicates.count {
                duplicates[index] = "[\(elements.count - 1)]" + (duplicates[index].hasPrefix("[") ? "" : ".") + duplicates[index]
            }
            switch next() {
            case UInt8(ascii: ","): offset += 1
            case UInt8(ascii: "]"):
                offset += 1
                return .array(elements)
            case nil: throw Failure(message: "unexpected end of JSON input")
            case .some(let byte): throw unexpected(byte, "after array element")
            }
        }
    }

    private mutating func string() throws(Failure) -> String {
        offset += 1
        let start = offset
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                let text = String(decoding: bytes[start..<offset], as: UTF8.self)
                offset += 1
                return text
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<0x20: throw Failure(message: "invalid control character in string literal")
            default: offset += 1
            }
        }
        throw Failure(message: "unexpected end of JSON input")
    }

    private mutating func escapedString(from start: Int) throws(Failure) -> String {
        var text = Array(bytes[start..<offset])
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard offset < bytes.count else { throw Failure(message: "unexpected end of JSON input") }
                let escape = bytes[offset]
                offset += 1
                switch escape {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
                case UInt8(ascii: "b"): text.append(0x08)
                case UInt8(ascii: "f"): text.append(0x0C)
                case UInt8(ascii: "n"): text.append(0x0A)
                case UInt8(ascii: "r"): text.append(0x0D)
                case UInt8(ascii: "t"): text.append(0x09)
                case UInt8(ascii: "u"): text.append(contentsOf: String(Character(try unicodeScalar())).utf8)
                default: throw unexpected(escape, "in string escape code")
                }
            case 0..<0x20: throw Failure(message: "invalid control character in string literal")
            default: text.append(byte)
            }
        }
        throw Failure(message: "unexpected end of JSON input")
    }

    /// After `\u`; half a surrogate pair reads as U+FFFD, as in Go.
    private mutating func unicodeScalar() throws(Failure) -> UnicodeScalar {
        let unit = try hexadecimal()
        guard UTF16.isLeadSurrogate(unit), offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u")
        else { return UnicodeScalar(unit) ?? "\u{FFFD}" }
        let afterFirst = offset
        offset += 2
        let second = try hexadecimal()
        guard UTF16.isTrailSurrogate(second) else {
            offset = afterFirst
            return "\u{FFFD}"
        }
        return UnicodeScalar(0x10000 + ((UInt32(unit) - 0xD800) << 10) + (UInt32(second) - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func hexadecimal() throws(Failure) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard offset < bytes.count, let digit = Character(UnicodeScalar(bytes[offset])).hexDigitValue else {
                throw Failure(message: "invalid \\u escape in string literal")
            }
            unit = unit << 4 | UInt16(digit)
            offset += 1
        }
        return unit
    }

    private mutating func number() throws(Failure) -> JSONValue {
        let start = offset
        let isNegative = bytes[offset] == UInt8(ascii: "-")
        if isNegative { offset += 1 }
        let firstDigit = offset
        var whole: Int? = 0
        while let digit = digit() {
            whole = whole.flatMap { value in
                let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
                let (sum, isStillTooLarge) = isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
                return isTooLarge || isStillTooLarge ? nil : sum
            }
        }
        guard offset > firstDigit, offset == firstDigit + 1 || bytes[firstDigit] != UInt8(ascii: "0") else {
            throw Failure(message: "invalid number literal")
        }
        var isWhole = true
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            isWhole = false
            offset += 1
            guard digit() != nil else { throw Failure(message: "invalid number literal") }
            while digit() != nil {}
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            offset += 1
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") { offset += 1 }
            guard digit() != nil else { throw Failure(message: "invalid number literal") }
            while digit() != nil {}
        }
        if isWhole, let whole { return .int(whole) }
        guard let value = Double(String(decoding: bytes[start..<offset], as: UTF8.self)), value.isFinite else {
            throw Failure(message: "number out of range")
        }
        return .double(value)
    }

    private mutating func digit() -> Int? {
        guard offset < bytes.count, case UInt8(ascii: "0")...UInt8(ascii: "9") = bytes[offset] else { return nil }
        offset += 1
        return Int(bytes[offset - 1] - UInt8(ascii: "0"))
    }
}
