package import KubeAPI

/// Replaces `$(NAME)` in `text` by its value; `$$` is a literal `$`, and a name without a value stays as it is written.
/// Source: Kubernetes, "Define dependent environment variables".
func expanding(_ text: String, _ value: (String) -> String?) -> String {
    guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
        result += rest[..<dollar]
        let next = rest.index(after: dollar)
        guard next < rest.endIndex else { return result + "$" }
        switch rest[next] {
        case "$":
            result += "$"
            rest = rest[rest.index(after: next)...]
        case "(":
            guard let close = rest[next...].firstIndex(of: ")") else {
                result += "$("
                rest = rest[rest.index(after: next)...]
                continue
            }
            let name = String(rest[rest.index(after: next)..<close])
            result += value(name) ?? "$(\(name))"
            rest = rest[rest.index(after: close)...]
        case let other:
            result += "$\(other)"
            rest = rest[rest.index(after: next)...]
        }
    }
    return result + rest
}

extension Container {
    /// The command of an exec probe, where `$(NAME)` stands for what `env` says in so many words; values from elsewhere are not
    /// known to it. Source: kubelet's prober.
    package func expandingWritten(_ command: [String]) -> [String] {
        let written = Dictionary(env.filter { $0.valueFrom == nil }.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last })
        return command.map { text in expanding(text) { written[$0] } }
    }
}
