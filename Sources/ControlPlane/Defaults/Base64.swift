import FoundationEssentials

/// RFC 4648 base64 with padding, as `data` of a Secret carries it.
enum Base64 {
    static func encode(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    /// The bytes that `text` encodes; nil when it is not base64.
    static func decode(_ text: String) -> [UInt8]? {
        let compact = text.filter { !$0.isNewline }
        return Data(base64Encoded: compact).map { [UInt8]($0) }
    }
}
