import KubeAPI

/// One entry of an `Accept` or `Content-Type` header.
struct MediaType: Hashable {
    /// Lower case: `application/json`
    let type: String
    let parameters: [String: String]

    init(_ text: Substring) {
        let parts = text.split(separator: ";").map { $0.filter { $0 != " " } }
        type = (parts.first ?? "").lowercased()
        parameters = Dictionary(
            parts.dropFirst().compactMap { part in
                let pair = part.split(separator: "=", maxSplits: 1)
                return pair.count == 2 ? (String(pair[0]), String(pair[1])) : nil
            }, uniquingKeysWith: { first, _ in first })
    }

    static func list(_ header: String) -> [MediaType] { header.split(separator: ",").map { MediaType($0) } }
}

/// The form in which an answer is wanted.
struct ResponseForm: Hashable {
    enum Encoding { case json, yaml }
    enum Shape { case object, table, metadata }

    var encoding = Encoding.json
    var shape = Shape.object
    var isPretty = false
    static let supported = ["application/json", "application/yaml"]

    /// The first acceptable form. Protobuf and CBOR are not offered: clients that prefer them name JSON as well.
    init(accepting header: String, isPretty: Bool) throws(APIError) {
        self.isPretty = isPretty
        let types = MediaType.list(header)
        if types.isEmpty { return }
        for type in types {
            switch type.type {
            case "application/json", "application/*", "*/*": encoding = .json
            case "application/yaml": encoding = .yaml
            default: continue
            }
            switch type.parameters["as"] {
            case nil: shape = .object
            case "Table" where type.parameters["v"] != "v1beta1": shape = .table
            case "PartialObjectMetadata", "PartialObjectMetadataList": shape = .metadata
            default: continue
            }
            return
        }
        throw .notAcceptable(Self.supported)
    }
}
