package import KubeAPI

/// `labelSelector` of a list request, or a `metav1.LabelSelector`: every requirement must hold.
package struct LabelSelectorExpression: Hashable, Sendable {
    package enum Requirement: Hashable, Sendable {
        case within(key: String, values: Set<String>)
        case notWithin(key: String, values: Set<String>)
        case exists(key: String)
        case absent(key: String)
    }

    package var requirements: [Requirement] = []
    /// Matches every object.
    package static let everything = LabelSelectorExpression()

    init() {}

    package init(_ selector: LabelSelector) throws(APIError) {
        requirements = selector.matchLabels.map { .within(key: $0.key, values: [$0.value]) }
        for expression in selector.matchExpressions {
            switch expression.operator {
            case "In": requirements.append(.within(key: expression.key, values: Set(expression.values)))
            case "NotIn": requirements.append(.notWithin(key: expression.key, values: Set(expression.values)))
            case "Exists": requirements.append(.exists(key: expression.key))
            case "DoesNotExist": requirements.append(.absent(key: expression.key))
            default: throw .badRequest("\"\(expression.operator)\" is not a valid label selector operator")
            }
        }
    }

    /// Parses `app=web,tier!=cache,zone in (a,b),!legacy`. Source: apimachinery `labels.Parse`.
    package init(parsing text: String) throws(APIError) {
        var depth = 0
        let terms = text.split(omittingEmptySubsequences: true) { character in
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            return character == "," && depth == 0
        }
        for term in terms { requirements.append(try Self.requirement(String(term))) }
    }

    private static func requirement(_ text: String) throws(APIError) -> Requirement {
        func trimmed(_ part: Substring) -> String { String(part.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()) }
        let failure = APIError.badRequest("unable to parse requirement: \"\(text)\" is not a label selector")
        if let match = text.wholeMatch(of: /\s*([^\s!=()]+)\s+(in|notin)\s*\((.*)\)\s*/) {
            let values = Set(match.3.split(separator: ",", omittingEmptySubsequences: false).map(trimmed))
            let key = String(match.1)
            return match.2 == "in" ? .within(key: key, values: values) : .notWithin(key: key, values: values)
        }
        if let match = text.wholeMatch(of: /\s*([^\s!=()]+)\s*(==|=|!=)\s*([^\s!=()]*)\s*/) {
            let (key, values) = (String(match.1), Set([String(match.3)]))
            return match.2 == "!=" ? .notWithin(key: key, values: values) : .within(key: key, values: values)
        }
        guard let match = text.wholeMatch(of: /\s*(!?)\s*([^\s!=()]+)\s*/) else { throw failure }
        return match.1.isEmpty ? .exists(key: String(match.2)) : .absent(key: String(match.2))
    }

    package func matches(_ labels: [String: JSONValue]) -> Bool {
        requirements.allSatisfy { requirement in
            switch requirement {
            case .within(let key, let values): labels[key]?.string.map(values.contains) ?? false
            case .notWithin(let key, let values): !(labels[key]?.string.map(values.contains) ?? false)
            case .exists(let key): labels[key] != nil
            case .absent(let key): labels[key] == nil
            }
        }
    }

    package func matches(_ labels: [String: String]) -> Bool { matches(labels.mapValues(JSONValue.string)) }
}
