package import KubeAPI

/// A parsed `metav1.LabelSelector`.
package struct Selector: Hashable, Sendable {
    package enum Rule: Hashable, Sendable {
        case `in`(String, Set<String>)
        case notIn(String, Set<String>)
        case exists(String)
        case doesNotExist(String)
    }

    package let rules: [Rule]

    /// Reads `{matchLabels, matchExpressions}`; a missing selector matches nothing, an empty one everything.
    package init?(_ json: JSONValue?) {
        guard let json, json != .null else { return nil }
        var rules = json.textMap("matchLabels").sorted { $0.key < $1.key }.map { Rule.in($0.key, [$0.value]) }
        for expression in json.items("matchExpressions") {
            let key = expression.text("key")
            let values = Set(expression.texts("values"))
            switch expression.text("operator") {
            case "In": rules.append(.in(key, values))
            case "NotIn": rules.append(.notIn(key, values))
            case "Exists": rules.append(.exists(key))
            case "DoesNotExist": rules.append(.doesNotExist(key))
            default: return nil
            }
        }
        self.rules = rules
    }

    /// The plain form that Services use.
    package init(labels: [String: String]) { rules = labels.map { .in($0.key, [$0.value]) } }

    package func matches(_ labels: [String: String]) -> Bool {
        rules.allSatisfy { rule in
            switch rule {
            case .in(let key, let values): labels[key].map(values.contains) ?? false
            case .notIn(let key, let values): !(labels[key].map(values.contains) ?? false)
            case .exists(let key): labels[key] != nil
            case .doesNotExist(let key): labels[key] == nil
            }
        }
    }
}

extension Findings {
    mutating func labelSelector(_ selector: JSONValue, at field: FieldPath) {
        labels(selector.textMap("matchLabels"), at: field.child("matchLabels"))
        for (index, expression) in selector.items("matchExpressions").enumerated() {
            let path = field.child("matchExpressions").index(index)
            let count = expression.items("values").count
            switch expression.text("operator") {
            case "In", "NotIn":
                if count == 0 { add(path.child("values"), .required("must be specified when `operator` is 'In' or 'NotIn'")) }
            case "Exists", "DoesNotExist":
                if count > 0 { add(path.child("values"), .forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'")) }
            case let other: add(path.child("operator"), .invalid(.string(other), "not a valid selector operator"))
            }
            check(expression.text("key"), at: path.child("key"), Naming.qualifiedName)
        }
    }

    mutating func labels(_ labels: [String: String], at field: FieldPath) {
        for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
            check(key, at: field, Naming.qualifiedName)
            check(value, at: field.key(key), Naming.labelValue)
        }
    }
}
