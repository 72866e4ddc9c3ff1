/// Variables that one container leaves in a volume for another: `NAME='value'` lines, which may run over several, with
/// comments after `#`. Source: KEP 3721, "Support for env files"; every value is quoted, and nothing in it is expanded.
struct EnvironmentFile {
    private(set) var values: [String: String] = [:]

    struct Malformed: Error, Equatable { let line: Int, problem: String }

    /// - Throws: the first line that is not understood; what stands after it could mean something else.
    init(parsing text: String) throws(Malformed) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var number = 0
        while number < lines.count {
            let first = number + 1
            let line = lines[number].drop(while: Self.isBlank)
            number += 1
            if line.isEmpty || line.first == "#" { continue }
            guard let equals = line.firstIndex(of: "=") else { throw Malformed(line: first, problem: "missing '='") }
            let name = String(line[..<equals])
            if name.isEmpty { throw Malformed(line: first, problem: "empty variable name") }
            if name.last.map(Self.isBlank) ?? false { throw Malformed(line: first, problem: "whitespace before '=' is not allowed") }
            var rest = line[line.index(after: equals)...]
            // As in a shell, a blank after the sign ends an empty value.
            if rest.first.map(Self.isBlank) ?? false {
                note(name, "")
                continue
            }
            guard rest.first == "'" else { throw Malformed(line: first, problem: "value must be enclosed in single quotes") }
            rest = rest.dropFirst()
            var value = ""
            while true {
                if let quote = rest.firstIndex(of: "'") {
                    value += rest[..<quote]
                    let after = rest[rest.index(after: quote)...].drop(while: Self.isBlank)
                    guard after.isEmpty || after.first == "#" else { throw Malformed(line: first, problem: "unexpected content after closing quote") }
                    break
                }
                guard number < lines.count else { throw Malformed(line: first, problem: "unclosed single quote") }
                value += "\(rest)\n"
                rest = lines[number]
                number += 1
            }
            note(name, value)
        }
    }

    /// The first of several counts.
    private mutating func note(_ name: String, _ value: String) { if values[name] == nil { values[name] = value } }

    private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
}
