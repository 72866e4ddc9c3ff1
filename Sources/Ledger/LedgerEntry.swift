internal import GRDB
import Foundation

/// One row's worth of memory. Its coding keys are the table's columns in camel case.
package protocol LedgerEntry: Codable, Sendable {
    static var table: String { get }
}

/// Carries an entry through GRDB, so that GRDB stays out of the package's interfaces.
struct Stored<Entry: LedgerEntry>: Codable, FetchableRecord, PersistableRecord {
    let entry: Entry

    init(_ entry: Entry) { self.entry = entry }
    init(from decoder: any Decoder) throws { entry = try Entry(from: decoder) }
    func encode(to encoder: any Encoder) throws { try entry.encode(to: encoder) }

    static var databaseTableName: String { Entry.table }
    static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy { .custom { AnyKey(camelCase(String($0))) } }
    static var databaseColumnEncodingStrategy: DatabaseColumnEncodingStrategy { .custom { snakeCase($0.stringValue) } }
    static func databaseDateDecodingStrategy(for column: String) -> DatabaseDateDecodingStrategy { .timeIntervalSince1970 }
    static func databaseDateEncodingStrategy(for column: String) -> DatabaseDateEncodingStrategy { .timeIntervalSince1970 }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// `podUID` and `podUid` both read `pod_uid`, the other way round it is `podUID`: `ID` and `UID` are kept upper-case.
func snakeCase(_ key: String) -> String {
    var text = ""
    var previousIsUpper = true
    for character in key {
        if character.isUppercase && !previousIsUpper { text.append("_") }
        previousIsUpper = character.isUppercase
        text.append(contentsOf: character.lowercased())
    }
    return text
}

func camelCase(_ column: String) -> String {
    let words = column.split(separator: "_")
    return words.enumerated().map { index, word in
        if index == 0 { return String(word) }
        if word == "id" || word == "uid" { return word.uppercased() }
        return word.prefix(1).uppercased() + word.dropFirst()
    }.joined()
}
