import Foundation
internal import GRDB

/// One row's worth of memory. Its coding keys are the table's columns, and its properties are in their order.
package protocol LedgerEntry: Codable, Sendable {
    static var table: LedgerTable { get }
}

/// Where entries of one type lie.
package struct LedgerTable: Sendable {
    let name: String
    let columns: [String]
    /// Inserts a row, or replaces the one with the same key.
    let upsert: String

    /// - Parameter keyColumns: how many of the columns, which come first, are the primary key.
    init<Columns: CodingKey & CaseIterable>(_ name: String, keyColumns: Int, _: Columns.Type) {
        self.name = name
        columns = Columns.allCases.map(\.stringValue)
        let changes = columns.dropFirst(keyColumns).map { "\($0) = excluded.\($0)" }
        upsert = """
            INSERT INTO \(name) (\(columns.joined(separator: ", "))) VALUES (\(columns.map { _ in "?" }.joined(separator: ", "))) \
            ON CONFLICT (\(columns.prefix(keyColumns).joined(separator: ", "))) DO UPDATE SET \(changes.joined(separator: ", "))
            """
    }
}

/// Reads an entry through GRDB, so that GRDB stays out of the package's interfaces.
struct Stored<Entry: LedgerEntry>: Decodable, FetchableRecord {
    let entry: Entry

    init(from decoder: any Decoder) throws { entry = try Entry(from: decoder) }

    static func databaseDateDecodingStrategy(for column: String) -> DatabaseDateDecodingStrategy { .timeIntervalSince1970 }
}

/// Takes an entry apart into the values of its columns: a time is seconds since 1970, what a column cannot hold is JSON.
final class RowEncoder: Encoder {
    private let columns: [String]
    private var values: [DatabaseValue] = []
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    private init(columns: [String]) { self.columns = columns }

    static func values<Entry: LedgerEntry>(of entry: Entry) throws -> [DatabaseValue] {
        let encoder = RowEncoder(columns: Entry.table.columns)
        try entry.encode(to: encoder)
        encoder.skip(to: nil)
        return encoder.values
    }

    /// What is nil is passed over by its encoding.
    private func skip(to column: String?) {
        while values.count < columns.count, columns[values.count] != column { values.append(.null) }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> { KeyedEncodingContainer(Columns(encoder: self)) }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { preconditionFailure("an entry has named columns") }
    func singleValueContainer() -> any SingleValueEncodingContainer { preconditionFailure("an entry has named columns") }

    private struct Columns<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let encoder: RowEncoder
        var codingPath: [any CodingKey] { [] }

        func encodeNil(forKey key: Key) {}
        func encode(_ value: some Encodable, forKey key: Key) throws {
            let value =
                switch value {
                case let value as Date: value.timeIntervalSince1970.databaseValue
                case let value as any DatabaseValueConvertible: value.databaseValue
                case let value as any RawRepresentable<String>: value.rawValue.databaseValue
                default: String(decoding: try JSONEncoder().encode(value), as: UTF8.self).databaseValue
                }
            encoder.skip(to: key.stringValue)
            encoder.values.append(value)
        }

        func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
            preconditionFailure("a column has no columns")
        }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { preconditionFailure("a column has no columns") }
        func superEncoder() -> any Encoder { encoder }
        func superEncoder(forKey key: Key) -> any Encoder { encoder }
    }
}
