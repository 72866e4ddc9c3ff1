import Foundation
import KubeAPI

@testable import ControlPlane

/// The rows of `docs/pod-fields.md`, which says of itself how they are read.
struct PodFieldTable {
    struct Row: Sendable, CustomStringConvertible {
        /// A type of the schema, and the fields of it that this row shows.
        let type: String
        let fields: [String]
        /// Merged into the `spec` of a pod; nil: the row looks at the pod of the row before it.
        let pod: JSONValue?
        let proof: Proof

        var isRefused: Bool { if case .refused = proof { true } else { false } }
        var description: String { fields.map { "\(type).\($0)" }.joined(separator: ", ") }
    }

    enum Proof: Sendable {
        /// What a shell command prints in the pod's container `main`.
        case prints(command: String, String)
        /// The value at a path of the pod object, once it is there.
        case has(path: [String], String)
        /// The API server's answer contains this, and there is no pod.
        case refused(String)
        /// Some event of the pod contains this.
        case event(String)
    }

    struct Malformed: Error, CustomStringConvertible { let description: String }

    private(set) var rows: [Row] = []
    /// The manifest of what rows refer to.
    private(set) var objects = ""

    static let path = "\(StandaloneNode.repository)/docs/pod-fields.md"

    init(_ text: String) throws {
        var type = ""
        var isObjects = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") { isObjects = line == "```yaml" } else if isObjects { objects += "\(line)\n" }
            if line.hasPrefix("## ") { type = String(line.dropFirst(3)) }
            guard line.hasPrefix("| `") else { continue }
            let cells = Self.cells(line)
            guard cells.count == 3 else { throw Malformed(description: "\(type): not three cells: \(line)") }
            rows.append(
                Row(
                    type: type, fields: Self.code(in: cells[0]), pod: try Self.code(in: cells[1]).first.map { try JSONValue(parsingYAML: "{\($0)}") },
                    proof: try Self.proof(cells[2], of: line)))
        }
    }

    /// A bar within a cell is written `\|`.
    private static func cells(_ line: Substring) -> [String] {
        let cells = line.replacing("\\|", with: "\u{0}").split(separator: "|", omittingEmptySubsequences: false)
        return cells.dropFirst().dropLast().map { $0.replacing("\u{0}", with: "|").trimmingCharacters(in: .whitespaces) }
    }

    /// What stands between backticks.
    private static func code(in cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    private static func proof(_ cell: String, of line: Substring) throws -> Proof {
        let code = code(in: cell)
        switch (cell.hasPrefix("refused: "), cell.hasPrefix("event: "), code.count) {
        case (true, _, 1): return .refused(code[0])
        case (_, true, 1): return .event(code[0])
        case (_, _, 2) where cell.contains("` is `"): return .has(path: try path(code[0]), code[1])
        case (_, _, 2) where cell.contains("` prints `"): return .prints(command: code[0], code[1])
        default: throw Malformed(description: "not understood: \(line)")
        }
    }

    /// `.status.containerStatuses[0].ready`
    private static func path(_ text: String) throws -> [String] {
        guard text.hasPrefix(".") else { throw Malformed(description: "a path begins with a dot: \(text)") }
        return text.replacing("[", with: ".").replacing("]", with: "").split(separator: ".").map(String.init)
    }
}

extension JSONValue {
    /// Text as it stands, other values as JSON; elements of lists by their number.
    func shown(at path: [String]) -> String {
        var value: JSONValue? = self
        for key in path { value = Int(key).flatMap { value?[$0] } ?? value?[key] }
        guard let value else { return "" }
        return value.string ?? value.description
    }
}
