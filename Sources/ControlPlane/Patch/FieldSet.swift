import KubeAPI

/// A set of field paths, as `FieldsV1` writes it. Source: sigs.k8s.io/structured-merge-diff `fieldpath`.
struct FieldSet: Hashable, Sendable {
    /// One step of a path, in its text form: `f:name`, `k:{"name":"web"}`, `v:"value"`.
    typealias Step = String

    /// The path that leads here is in the set itself, not only paths below it.
    var isMember = false
    var children: [Step: FieldSet] = [:]

    var isEmpty: Bool { !isMember && children.isEmpty }

    init(isMember: Bool = false) { self.isMember = isMember }

    static func field(_ name: String) -> Step { "f:\(name)" }
    static func value(_ value: JSONValue) -> Step { "v:\(value)" }
    static func key(_ keys: [String: JSONValue]) -> Step { "k:\(JSONValue.object(keys))" }

    // MARK: FieldsV1

    init(fieldsV1 value: JSONValue) {
        for (key, below) in value.object ?? [:] {
            if key == "." { isMember = true } else { children[key] = FieldSet(leaf: below) }
        }
    }

    private init(leaf value: JSONValue) {
        self.init(fieldsV1: value)
        if value.object?.isEmpty ?? true { isMember = true }
    }

    var fieldsV1: JSONValue {
        var members = children.mapValues(\.fieldsV1)
        if isMember, !children.isEmpty { members["."] = [:] }
        return .object(members)
    }

    // MARK: Algebra

    func union(_ other: FieldSet) -> FieldSet {
        var result = self
        result.isMember = isMember || other.isMember
        result.children.merge(other.children) { $0.union($1) }
        return result
    }

    func subtracting(_ other: FieldSet) -> FieldSet {
        var result = FieldSet(isMember: isMember && !other.isMember)
        for (step, child) in children {
            let rest = other.children[step].map(child.subtracting) ?? child
            if !rest.isEmpty { result.children[step] = rest }
        }
        return result
    }

    func intersection(_ other: FieldSet) -> FieldSet {
        var result = FieldSet(isMember: isMember && other.isMember)
        for (step, child) in children {
            guard let common = other.children[step].map(child.intersection), !common.isEmpty else { continue }
            result.children[step] = common
        }
        return result
    }

    func removing(_ paths: [[Step]]) -> FieldSet { paths.reduce(self) { $0.removing($1[...]) } }

    private func removing(_ path: ArraySlice<Step>) -> FieldSet {
        guard let first = path.first, let child = children[first] else { return self }
        var result = self
        let rest = path.count == 1 ? FieldSet() : child.removing(path.dropFirst())
        result.children[first] = rest.isEmpty ? nil : rest
        return result
    }

    /// Every path in the set, as Kubernetes writes it: `.spec.containers[name="web"].image`.
    var paths: [String] {
        (isMember ? [""] : []) + children.sorted { $0.key < $1.key }.flatMap { step, child in child.paths.map { Self.text(of: step) + $0 } }
    }

    private static func text(of step: Step) -> String {
        let rest = String(step.dropFirst(2))
        guard step.hasPrefix("k:") else { return step.hasPrefix("v:") ? "[=\(rest)]" : ".\(rest)" }
        guard let keys = (try? JSONValue(parsing: rest))?.object else { return "[\(rest)]" }  // shown as it is when it is not a key
        return "[" + keys.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",") + "]"
    }
}
