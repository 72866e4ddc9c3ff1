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
        let failure = APIError.badRequest("unable to parse requirement: \"\(text)\" is not a label selector")
        var rest = text[...].trimmed
        let isNegated = rest.hasPrefix("!")
        if isNegated { rest = rest.dropFirst().trimmed }
        let key = String(rest.prefix { $0.isSelectorWord })
        rest = rest.dropFirst(key.count).trimmed
        if key.isEmpty || isNegated && !rest.isEmpty { throw failure }
        if rest.isEmpty { return isNegated ? .absent(key: key) : .exists(key: key) }
        if let (isEqual, value) = rest.comparison {
            let value = value.trimmed
            guard value.allSatisfy(\.isSelectorWord) else { throw failure }
            return isEqual ? .within(key: key, values: [String(value)]) : .notWithin(key: key, values: [String(value)])
        }
        for word in ["in", "notin"] where rest.hasPrefix(word) {
            let list = rest.dropFirst(word.count).trimmed
            guard list.hasPrefix("("), list.hasSuffix(")") else { throw failure }
            let values = Set(list.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimmed) })
            return word == "in" ? .within(key: key, values: values) : .notWithin(key: key, values: values)
        }
        throw failure
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

// By hand: `Regex` brings a parser, an engine and a megabyte of memory, and is asked for every list and watch.
extension Substring {
    /// What a requirement compares with, after its `=`, `==` or `!=`; nil without one of them.
    var comparison: (isEqual: Bool, value: Substring)? {
        for (sign, isEqual) in [("==", true), ("=", true), ("!=", false)] where hasPrefix(sign) { return (isEqual, dropFirst(sign.count)) }
        return nil
    }

    fileprivate var trimmed: Substring {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

extension Character {
    /// Whether it may stand in a label's key or value, and is none of a selector's own signs.
    fileprivate var isSelectorWord: Bool { !isWhitespace && !"!=()".contains(self) }
}
