package import FoundationEssentials

/// A Service or EndpointSlice as last seen: names of Services are answered from these while the control plane is away.
package struct CatalogEntry: LedgerEntry, Hashable {
    package static let table = LedgerTable("catalog", keyColumns: 2, CodingKeys.self)
    enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, key, body
    }

    /// As in the API.
    package var kind: String
    /// `<namespace>/<name>`.
    package var key: String
    /// The object as JSON.
    package var body: Data

    package init(kind: String, key: String, body: Data) {
        self.kind = kind
        self.key = key
        self.body = body
    }
}
