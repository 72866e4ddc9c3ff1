import Glibc
import LinuxSystem
import Testing

@testable import Images

/// A directory of one test's own, gone with it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/berth-images.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError(call: "mkdtemp", subject: "/tmp", code: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        do {
            try FileTree.remove(path: path)
        } catch {
            Issue.record("\(path) stays: \(error)")
        }
    }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}

/// What needs root, and a kernel that has openat2(2).
let canUnpack: ConditionTrait = .enabled("needs root", { getuid() == 0 })

func status(_ path: String) throws -> FileStatus { try FileStatus(of: path) }

func exists(_ path: String) -> Bool { (try? FileStatus(of: path)) != nil }

/// Runs a program of the test's, and fails the test when it does.
@discardableResult
func run(_ program: String, _ arguments: String...) async throws -> String { try await run(program, arguments) }

@discardableResult
func run(_ program: String, _ arguments: [String]) async throws -> String {
    let child = ChildProcess(
        executable: program, arguments: arguments,
        environment: ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent"], deadline: .seconds(60))
    let outcome = try await child.run()
    try #require(outcome.succeeded, "\(program) \(arguments): \(String(decoding: outcome.standardError, as: UTF8.self))")
    return String(decoding: outcome.standardOutput, as: UTF8.self)
}
