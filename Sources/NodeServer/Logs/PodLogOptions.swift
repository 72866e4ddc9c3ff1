package import FoundationEssentials
import KubeAPI

/// What part of a log is asked for. Source: Kubernetes API reference, PodLogOptions v1.
package struct PodLogOptions: Hashable, Sendable {
    package var follow = false
    package var previous = false
    package var timestamps = false
    /// Lines older than this are left out.
    package var since: Date?
    package var tailLines: Int?
    package var limitBytes: Int?
    /// Nil: both streams.
    package var stream: LogStream?

    package init() {}

    /// - Parameter now: what `sinceSeconds` counts back from.
    package init(query: [String: String], now: Date) throws(NodeServerError) {
        follow = try Self.bool(query, "follow")
        previous = try Self.bool(query, "previous")
        timestamps = try Self.bool(query, "timestamps")
        tailLines = try Self.number(query, "tailLines", atLeast: 0)
        limitBytes = try Self.number(query, "limitBytes", atLeast: 1)
        let sinceSeconds = try Self.number(query, "sinceSeconds", atLeast: 1)
        if let seconds = sinceSeconds { since = now.addingTimeInterval(-Double(seconds)) }
        if let text = query["sinceTime"] {
            guard sinceSeconds == nil else {
                throw .invalid(field: "sinceTime", value: text, rule: "at most one of sinceTime or sinceSeconds may be specified")
            }
            guard let time = Timestamp(text) else { throw .invalid(field: "sinceTime", value: text, rule: "must be an RFC 3339 time") }
            since = time.date
        }
        switch query["stream"] {
        case nil, "", "All": stream = nil
        case "Stdout": stream = .stdout
        case "Stderr": stream = .stderr
        case .some(let other): throw .invalid(field: "stream", value: other, rule: "must be All, Stdout or Stderr")
        }
        if stream != nil, tailLines != nil {
            throw .invalid(field: "tailLines", value: query["tailLines"] ?? "", rule: "may not be combined with a single stream")
        }
    }

    private static func bool(_ query: [String: String], _ name: String) throws(NodeServerError) -> Bool {
        switch query[name] {
        case nil, "", "false", "0": false
        case "true", "1": true
        case .some(let other): throw .invalid(field: name, value: other, rule: "must be true or false")
        }
    }

    private static func number(_ query: [String: String], _ name: String, atLeast least: Int) throws(NodeServerError) -> Int? {
        guard let text = query[name] else { return nil }
        guard let number = Int(text), number >= least else {
            throw .invalid(field: name, value: text, rule: "must be greater than or equal to \(least)")
        }
        return number
    }
}

package enum LogStream: String, Hashable, Sendable { case stdout, stderr }
