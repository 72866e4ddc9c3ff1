/// What a server wants before it answers: one scheme of a `WWW-Authenticate` header.
/// Source: RFC 9110, section 11.6.1; distribution spec, "Token Authentication".
struct AuthenticationChallenge: Hashable, Sendable {
    /// Lower case: `bearer`, `basic`.
    var scheme: String
    /// Names are lower case.
    var parameters: [String: String]

    /// Every challenge of one header line. What is malformed ends the reading; what came before it counts.
    static func parse(_ header: String) -> [AuthenticationChallenge] {
        var challenges: [AuthenticationChallenge] = []
        var rest = header[...]
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
            let word = rest.prefix(while: isToken)
            guard !word.isEmpty else { return challenges }
            var next = rest[word.endIndex...].drop { $0 == " " || $0 == "\t" }
            guard next.first == "=" else {
                challenges.append(AuthenticationChallenge(scheme: word.lowercased(), parameters: [:]))
                rest = next
                continue
            }
            // A parameter belongs to the scheme before it; one without is no challenge at all.
            guard let last = challenges.indices.last else { return [] }
            next = next.dropFirst().drop { $0 == " " || $0 == "\t" }
            guard let (value, end) = readValue(next) else { return challenges }
            challenges[last].parameters[word.lowercased()] = value
            rest = end
        }
    }

    private static func readValue(_ text: Substring) -> (value: String, rest: Substring)? {
        guard text.first == "\"" else {
            let word = text.prefix { $0 != "," && $0 != " " && $0 != "\t" }
            return (String(word), text[word.endIndex...])
        }
        var value = ""
        var position = text.index(after: text.startIndex)
        while position < text.endIndex {
            switch text[position] {
            case "\"": return (value, text[text.index(after: position)...])
            case "\\":
                position = text.index(after: position)
                guard position < text.endIndex else { return nil }
                value.append(text[position])
            case let character: value.append(character)
            }
            position = text.index(after: position)
        }
        return nil
    }

    private static func isToken(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "!#$%&'*+-.^_`|~".contains(character))
    }
}
