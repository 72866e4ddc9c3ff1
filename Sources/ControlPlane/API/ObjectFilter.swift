package import KubeAPI

/// Which objects of a resource a list or watch is about.
package struct ObjectFilter: Hashable, Sendable {
    /// Nil or empty: all namespaces.
    package var namespace: String?
    package var labels = LabelSelectorExpression.everything
    package var fields: [FieldRequirement] = []

    package struct FieldRequirement: Hashable, Sendable {
        package let path: [String]
        package let value: String
        package let isEqual: Bool
    }

    package init(namespace: String? = nil, labels: LabelSelectorExpression = .everything) {
        self.namespace = namespace?.isEmpty == true ? nil : namespace
        self.labels = labels
    }

    /// - Parameter fieldSelector: `spec.nodeName=a,status.phase!=Failed`; fields that the resource does not offer are refused.
    package init(namespace: String?, labelSelector: String, fieldSelector: String, of resource: Resource) throws(APIError) {
        self.init(namespace: namespace, labels: try LabelSelectorExpression(parsing: labelSelector))
        for term in fieldSelector.split(separator: ",") {
            let field = String(term.prefix { $0 != "=" && $0 != "!" })
            guard !field.isEmpty, let (isEqual, value) = term.dropFirst(field.count).comparison else {
                throw .badRequest("invalid selector: '\(fieldSelector)'; can't understand '\(term)'")
            }
            guard field == "metadata.name" || field == "metadata.namespace" || resource.selectableFields.contains(field) else {
                throw .badRequest("field label not supported: \(field)")
            }
            let path = field == "source" ? ["source", "component"] : field.split(separator: ".").map(String.init)
            fields.append(FieldRequirement(path: path, value: String(value), isEqual: isEqual))
        }
    }

    package var isEverything: Bool { labels.requirements.isEmpty && fields.isEmpty }

    /// Looks at labels and fields only; the namespace is part of the key.
    package func matches(_ value: @autoclosure () -> JSONValue) -> Bool {
        if isEverything { return true }
        let object = value()
        let metadata = object["metadata"]
        return fields.allSatisfy { requirement in
            var value: JSONValue? = object
            for key in requirement.path { value = value?[key] }
            return (Self.text(value) == requirement.value) == requirement.isEqual
        } && (labels.requirements.isEmpty || labels.matches(metadata?["labels"]?.object ?? [:]))
    }

    private static func text(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): "\(number)"
        default: ""
        }
    }
}
