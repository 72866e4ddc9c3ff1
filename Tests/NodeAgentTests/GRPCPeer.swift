import Foundation
import LinuxSystem
import Testing

/// `Tests/Peers/health_server.py`: gRPC as others speak it. `scripts/test` installs its library and names the place.
final class GRPCPeer {
    static let library = ProcessInfo.processInfo.environment["BERTH_TEST_GRPC"]

    /// With the health service, and without.
    let ports: (health: Int, bare: Int)
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())

    init() async throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", tests.appendingPathComponent("Peers/health_server.py").path]
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONPATH": Self.library ?? ""]) { $1 }
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        let words = try await Self.line(from: output).split { $0.isWhitespace }.compactMap { Int($0) }
        try #require(words.count == 2, "the peer did not start")
        ports = (words[0], words[1])
    }

    func set(_ service: String, _ status: String) async throws {
        try input.fileHandleForWriting.write(contentsOf: Data("\(service) \(status)\n".utf8))
        _ = try await Self.line(from: output)
    }

    /// On a thread of its own, for it blocks.
    private static func line(from output: Pipe) async throws -> String {
        let handle = output.fileHandleForReading
        return try await onDedicatedThread { () throws(SystemCallError) in String(decoding: handle.availableData, as: UTF8.self) }
    }

    /// Ends with its input.
    func stop() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
