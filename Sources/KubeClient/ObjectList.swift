package import KubeAPI

/// A list answer. An item that cannot be read does not spoil the others.
package struct ObjectList<Object: KubeObject>: Decodable, Sendable {
    package var items: [Object]
    /// Where a watch of this collection goes on.
    package var resourceVersion: String
    /// Each item that was left out: its uid, as far as that can be read, and why.
    package var unreadable: [(uid: String?, message: String)]

    private enum CodingKeys: String, CodingKey { case metadata, items }
    private struct ListMeta: Decodable { var resourceVersion: String? }
    private struct Named: Decodable {
        struct Metadata: Decodable { var uid: String }
        var metadata: Metadata
    }
    private enum Item: Decodable {
        case object(Object), unreadable(uid: String?, String)
        init(from decoder: any Decoder) throws {
            do {
                self = .object(try Object(from: decoder))
            } catch {
                // Without so much as a uid there is only the message.
                self = .unreadable(uid: try? Named(from: decoder).metadata.uid, "\(error)")
            }
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
            case .unreadable(let uid, let message): unreadable.append((uid, message))
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
