import Foundation
import KubeAPI
import Testing

@testable import ControlPlane

/// What `docs/pod-fields.md` says of every field of a pod is complete, and true of a node.
@Suite("Pod fields")
struct PodFieldTableTests {
    @Test("every field that a PodSpec leads to has its row, and every row a field")
    func complete() throws {
        let table = try PodFieldTable(try String(contentsOfFile: PodFieldTable.path, encoding: .utf8))
        let rows = Dictionary(grouping: table.rows, by: \.type).mapValues { rows in
            Dictionary(rows.flatMap { row in row.fields.map { ($0, row.isRefused) } }) { $0 && $1 }
        }
        let schema = Schema.current
        var waiting = ["PodSpec"]
        var seen: Set<String> = ["PodSpec"]
        var missing: [String] = []
        while let name = waiting.popLast() {
            let type = schema[try #require(schema.type(named: "io.k8s.api.core.v1.\(name)"))]
            let described = rows[name] ?? [:]
            missing += type.order.filter { described[$0] == nil }.map { "\(name).\($0)" }
            let unknown = described.keys.filter { type.fields[$0] == nil }
            #expect(unknown.isEmpty, "\(name) has no such fields")
            // What lies within a refused field is refused with it.
            for field in type.fields.values where described[field.name] != true {
                guard let below = schema.coreType(field.type), seen.insert(below).inserted else { continue }
                waiting.append(below)
            }
        }
        #expect(missing == [], "fields without a row in docs/pod-fields.md")
        #expect(Set(rows.keys).subtracting(seen) == [], "sections of docs/pod-fields.md that no honoured field leads to")
    }
}

extension Schema {
    /// The type of the core group that a field's value or its elements have.
    fileprivate func coreType(_ type: FieldType) -> String? {
        switch type {
        case .object(let index): self[index].name.hasPrefix("io.k8s.api.core.v1.") ? self[index].shortName : nil
        case .list(let element), .map(let element): coreType(element)
        default: nil
        }
    }
}

extension NodeTests {
    @Suite("Pod fields on a node")
    struct PodFieldTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        /// One pod and the rows that it shows.
        private struct Subject: Sendable {
            let name: String
            var rows: [PodFieldTable.Row]
            var manifest: JSONValue
            /// Ephemeral containers, which join the running pod.
            var debug: JSONValue?
        }

        @Test("each row of docs/pod-fields.md is true")
        func rows() async throws {
            let text = try String(contentsOfFile: PodFieldTable.path, encoding: .utf8)
            let table = try PodFieldTable(resolved(text))
            try await node.inNamespace("fields") { kubectl in
                try await kubectl.apply(table.objects)
                let subjects = try subjects(table.rows)
                // No more at a time than a small machine starts without its work piling up.
                for first in stride(from: 0, to: subjects.count, by: Self.batch) {
                    try await show(Array(subjects[first..<min(first + Self.batch, subjects.count)]), kubectl)
                }
            }
        }

        private static let batch = 80

        private func show(_ subjects: [Subject], _ kubectl: Kubectl) async throws {
            let answer = try await kubectl("create", "--validate=false", "-f", "-", input: list(subjects), deadline: .seconds(240), expecting: nil)
            for subject in subjects { expect(subject, in: answer) }
            let made = subjects.filter { answer.contains("pod/\($0.name) created") }
            try await join(made, kubectl)
            try await expectTruth(made.filter { !$0.rows[0].isRefused }, kubectl)
            try await kubectl(
                "delete", "-f", "-", "--ignore-not-found", "--grace-period=1", "--timeout=200s", input: list(made), deadline: .seconds(240))
        }

        private func subjects(_ rows: [PodFieldTable.Row]) throws -> [Subject] {
            var subjects: [Subject] = []
            for row in rows {
                if row.pod == nil {
                    let last = try #require(subjects.indices.last, "\(row) has no pod before it")
                    subjects[last].rows.append(row)
                } else {
                    subjects.append(Subject(name: "field-\(subjects.count)", rows: [row], manifest: .null))
                }
            }
            for index in subjects.indices { try complete(&subjects[index]) }
            return subjects
        }

        /// The pod of a fragment: one busybox container `main`, which runs the commands of the rows and leaves what they print
        /// as its last words, for the status to tell.
        private func complete(_ subject: inout Subject) throws {
            var script = "exec >/dev/termination-log 2>&1\n"
            for (index, row) in subject.rows.enumerated() {
                if case .prints(let command, _) = row.proof { script += "echo '\(Self.mark(index))'\n( \(command) )\n" }
            }
            var fragment = subject.rows[0].pod ?? .null
            var main: JSONValue = ["name": "main", "command": ["sh", "-c", .string(script)]]
            if let own = fragment["main"] { main = main.overlaid(by: own) }
            subject.debug = fragment["debug"]
            let metadata = fragment["metadata"] ?? .object([:])
            for key in ["main", "debug", "metadata"] { fragment[key] = nil }
            var spec: JSONValue = ["restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "automountServiceAccountToken": false]
            spec = spec.overlaid(by: fragment)
            spec["containers"] = .array([main] + (fragment["containers"]?.array ?? []))
            for list in ["containers", "initContainers"] {
                spec[list] = spec[list]?.array.map { .array($0.map(Self.withImage)) }
            }
            subject.debug = subject.debug.map(Self.withImage)
            subject.manifest = ["apiVersion": "v1", "kind": "Pod", "metadata": metadata.overlaid(by: ["name": .string(subject.name)]), "spec": spec]
        }

        private static func mark(_ index: Int) -> String { "-- \(index) --" }

        private static func withImage(_ container: JSONValue) -> JSONValue {
            var container = container
            if container["image"] == nil { container["image"] = .string(StandaloneNode.busybox) }
            return container
        }

        private func resolved(_ text: String) -> String { text.replacing("NODE", with: node.name).replacing("IMAGE", with: StandaloneNode.busybox) }

        private func list(_ subjects: [Subject]) -> String {
            JSONValue.object(["apiVersion": "v1", "kind": "List", "items": .array(subjects.map(\.manifest))]).description
        }

        /// That the pod is created, or refused with the row's message. kubectl says one thing for each pod, with its name.
        private func expect(_ subject: Subject, in answer: String) {
            let isCreated = answer.contains("pod/\(subject.name) created")
            let own = answer.split(separator: "\n").first { $0.contains("\"\(subject.name)\"") || $0.contains("pod/\(subject.name) ") } ?? ""
            if case .refused(let message) = subject.rows[0].proof, subject.debug == nil {
                #expect(!isCreated, "\(subject.rows[0])")
                #expect(own.contains(message), "\(subject.rows[0])")
            } else {
                #expect(isCreated, "\(subject.rows[0]): \(own)")
            }
        }

        /// Ephemeral containers join their pods.
        private func join(_ subjects: [Subject], _ kubectl: Kubectl) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for subject in subjects {
                    guard let debug = subject.debug else { continue }
                    let row = subject.rows[0]
                    group.addTask {
                        var pod = try await kubectl.object("pod/\(subject.name)")
                        pod["spec"]?["ephemeralContainers"] = [debug]
                        // The status and the version may have changed since.
                        pod["metadata"]?["resourceVersion"] = nil
                        let path = "/api/v1/namespaces/\(kubectl.namespace ?? "")/pods/\(subject.name)/ephemeralcontainers"
                        let answer = try await kubectl("replace", "--raw", path, "-f", "-", input: pod.description, expecting: row.isRefused ? 1 : 0)
                        if case .refused(let message) = row.proof { #expect(answer.contains(message), "\(row): \(answer)") }
                    }
                }
                try await group.waitForAll()
            }
        }

        private func expectTruth(_ subjects: [Subject], _ kubectl: Kubectl) async throws {
            var waiting = subjects
            let deadline = ContinuousClock.now + .seconds(150)
            while true {
                let pods = try await kubectl.object("pods")["items"]?.array ?? []
                let wantsEvents = waiting.contains { subject in subject.rows.contains { if case .event = $0.proof { true } else { false } } }
                let events = wantsEvents ? try await kubectl.object("events")["items"]?.array ?? [] : []
                let byName = Dictionary(pods.map { ($0.shown(at: ["metadata", "name"]), $0) }) { $1 }
                waiting = waiting.filter { subject in
                    guard let pod = byName[subject.name] else { return true }
                    return subject.rows.indices.contains { Self.problem(of: $0, in: subject, pod, events) != nil }
                }
                if waiting.isEmpty { return }
                if ContinuousClock.now > deadline {
                    for subject in waiting {
                        let pod = byName[subject.name] ?? .null
                        for index in subject.rows.indices {
                            guard let problem = Self.problem(of: index, in: subject, pod, events) else { continue }
                            Issue.record("\(subject.name), \(subject.rows[index]): \(problem)\n\(pod["status"] ?? .null)")
                        }
                    }
                    return
                }
                try await Task.sleep(for: .seconds(1))  // between two looks, each of which costs as much as a pod
            }
        }

        /// What is not yet as the row says; nil when all is.
        private static func problem(of index: Int, in subject: Subject, _ pod: JSONValue, _ events: [JSONValue]) -> String? {
            switch subject.rows[index].proof {
            case .refused: return "is refused only where it has a pod of its own"
            case .has(let path, let expected):
                let value = spaced(pod.shown(at: path))
                return value == expected ? nil : "is '\(value)', not '\(expected)'"
            case .event(let text):
                let own = events.filter { $0.shown(at: ["involvedObject", "name"]) == subject.name }.map { $0.shown(at: ["message"]) }
                return own.contains { $0.contains(text) } ? nil : "no event has '\(text)': \(own)"
            case .prints(_, let expected):
                let state = ["status", "containerStatuses", "0", "state", "terminated", "message"]
                let words = pod.shown(at: state)
                let after = words.split(separator: "\(mark(index))\n", maxSplits: 1, omittingEmptySubsequences: false).dropFirst().first ?? ""
                let own = spaced(after.firstRange(of: "-- \(index + 1) --").map { after[..<$0.lowerBound] } ?? after)
                return own == expected ? nil : "prints '\(own)', not '\(expected)'"
            }
        }

        /// Blanks and line ends made alike.
        private static func spaced(_ text: some StringProtocol) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
    }
}

extension JSONValue {
    /// Objects are merged; what is no object is replaced.
    fileprivate func overlaid(by other: JSONValue) -> JSONValue {
        guard case .object(var members) = self, let own = other.object else { return other }
        for (key, value) in own { members[key] = members[key]?.overlaid(by: value) ?? value }
        return .object(members)
    }
}
