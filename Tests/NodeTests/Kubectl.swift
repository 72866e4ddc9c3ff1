import Foundation
import KubeAPI

/// One kubectl program, aimed at one node and, where given, at one namespace.
struct Kubectl: Sendable {
    let program: String
    let kubeconfig: String
    let directory: String
    var namespace: String?

    /// The kubectls that `scripts/test` fetched (`BERTH_TEST_KUBECTLS`, separated by colons, oldest first), else those of
    /// this machine.
    static let programs: [String] = {
        let named = (ProcessInfo.processInfo.environment["BERTH_TEST_KUBECTLS"] ?? "").split(separator: ":").map(String.init)
        let candidates = named.isEmpty ? ["/usr/bin/kubectl", "/usr/local/bin/kubectl"] : named
        return candidates.filter { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    @discardableResult
    func callAsFunction(
        _ arguments: String..., input: String = "", environment: [String: String] = [:], deadline: Duration = .seconds(90), expecting code: CInt? = 0
    ) async throws -> String {
        try await Program.run(
            program, options + arguments, input: input, environment: environment.merging(["HOME": directory]) { given, _ in given },
            deadline: deadline, expecting: code)
    }

    /// The same for a command whose length is not known beforehand.
    func run(_ arguments: [String]) async throws {
        try await Program.run(program, options + arguments, environment: ["HOME": directory], deadline: .seconds(90))
    }

    /// Goes before every command.
    var options: [String] {
        ["--kubeconfig", kubeconfig, "--cache-dir", "\(directory)/cache"] + (namespace.map { ["--namespace", $0] } ?? [])
    }

    @discardableResult
    func apply(_ manifest: String, expecting code: CInt? = 0) async throws -> String {
        try await self("apply", "-f", "-", input: manifest, expecting: code)
    }

    /// Watches `object` until `path`, a JSONPath in braces, has this value.
    func wait(_ object: String, until path: String, is value: String, seconds: Int = 45) async throws {
        do {
            try await self("wait", object, "--for=jsonpath=\(path)=\(value)", "--timeout=\(seconds)s")
        } catch let failure as Program.Failed {
            throw Program.Failed(description: "\(failure)\n\(object) is:\n\(try await self("get", object, "-o", "yaml", expecting: nil))")
        }
    }

    func waitUntilReady(_ pods: String..., seconds: Int = 45) async throws {
        for pod in pods {
            do {
                try await self("wait", "pod/\(pod)", "--for=condition=Ready", "--timeout=\(seconds)s")
            } catch let failure as Program.Failed {
                throw Program.Failed(description: "\(failure)\n\(try await self("describe", "pod", pod, expecting: nil))")
            }
        }
    }

    /// The value at a JSONPath in braces; empty when there is none.
    func value(_ object: String, _ path: String) async throws -> String { try await self("get", object, "-o", "jsonpath=\(path)") }

    func object(_ name: String) async throws -> JSONValue { try JSONValue(parsing: try await self("get", name, "-o", "json")) }

    /// Standard output of a shell command in a pod's container.
    @discardableResult
    func shell(_ pod: String, _ command: String, container: String? = nil, expecting code: CInt? = 0) async throws -> String {
        let selection = container.map { ["-c", $0] } ?? []
        return try await Program.run(
            program, options + ["exec", pod] + selection + ["--", "sh", "-c", command], environment: ["HOME": directory], expecting: code)
    }
}
