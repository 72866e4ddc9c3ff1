package import KubeAPI

/// A list answer. An item that cannot be read does not spoil the others.
package struct ObjectList<Object: KubeObject>: Decodable, Sendable {
    package var items: [Object]
    /// Where a watch of this collection goes on.
    package var resourceVersion: String
    /// One message for each item that was left out.
    package var unreadable: [String]

    private enum CodingKeys: String, CodingKey { case metadata, items }
    private struct ListMeta: Decodable { var resourceVersion: String? }
    private enum Item: Decodable {
        case object(Object), unreadable(String)
        init(from decoder: any Decoder) throws {
            do { self = .object(try Object(from: decoder)) } catch { self = .unreadable("\(error)") }
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        resourceVersion = try container.decode(ListMeta.self, forKey: .metadata).resourceVersion ?? ""
        items = []
        unreadable = []
        for item in try container.decodeIfPresent([Item].self, forKey: .items) ?? [] {
            switch item {
            case .object(let object): items.append(object)
            case .unreadable(let message): unreadable.append(message)
            }
        }
    }
}

/// Source: metav1.DeleteOptions.
struct DeleteOptions: Encodable {
    var apiVersion = "v1"
    var kind = "DeleteOptions"
    var gracePeriodSeconds: Int?
    var preconditions: Preconditions?
    struct Preconditions: Encodable { var uid: String }
}
