import FoundationEssentials
import KubeAPI

/// An object as table cells look at it.
struct PrintedObject: Sendable {
    let value: JSONValue
    let now: Date

    var name: String { value.at("metadata", "name")?.string ?? "" }

    private func at(_ path: [String]) -> JSONValue? {
        var result: JSONValue? = value
        for key in path { result = result?[key] }
        return result
    }

    func text(_ path: String...) -> String { at(path)?.string ?? "" }
    /// `none` stands in for a missing or empty text.
    func text(or none: String, _ path: String...) -> String {
        let text = at(path)?.string ?? ""
        return text.isEmpty ? none : text
    }
    func int(_ path: String...) -> Int { at(path)?.int ?? 0 }
    func array(_ path: String...) -> [JSONValue] { at(path)?.array ?? [] }
    func count(_ field: String) -> Int { value[field]?.object?.count ?? value[field]?.array?.count ?? 0 }

    func labels(_ path: String...) -> String {
        let labels = (at(path)?.object ?? [:]).sorted { $0.key < $1.key }
        return labels.isEmpty ? "<none>" : labels.map { "\($0.key)=\($0.value.string ?? "")" }.joined(separator: ",")
    }

    func templateContainers(_ field: String) -> String {
        array("spec", "template", "spec", "containers").compactMap { $0[field]?.string }.joined(separator: ",")
    }

    func age(_ path: String...) -> String { age(of: at(path)) }

    func age(of time: JSONValue?) -> String {
        guard let text = time?.string, let time = Timestamp(text) else { return "<unknown>" }
        return Self.duration(seconds: Int(now.timeIntervalSince(time.date)))
    }

    /// Two units at most, fewer as it gets longer. Source: apimachinery `duration.HumanDuration`.
    static func duration(seconds: Int) -> String {
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400)
        func pair(_ large: Int, _ largeUnit: String, _ small: Int, _ smallUnit: String) -> String {
            small == 0 ? "\(large)\(largeUnit)" : "\(large)\(largeUnit)\(small)\(smallUnit)"
        }
        if seconds < -1 { return "<invalid>" }
        if seconds < 0 { return "0s" }
        if seconds < 120 { return "\(seconds)s" }
        if minutes < 10 { return pair(minutes, "m", seconds % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        if hours < 8 { return pair(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        if hours < 192 { return pair(days, "d", hours % 24, "h") }
        if days < 730 { return "\(days)d" }
        if days < 2920 { return pair(days / 365, "y", days % 365, "d") }
        return "\(days / 365)y"
    }
}
