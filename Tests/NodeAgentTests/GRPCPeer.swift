import Foundation
import Testing

/// `Tests/Peers/health_server.py`: gRPC as others speak it. `scripts/test` installs its library and names the place.
final class GRPCPeer {
    static let library = ProcessInfo.processInfo.environment["BERTH_TEST_GRPC"]

    /// With the health service, and without.
    let ports: (health: Int, bare: Int)
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())

    init() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", tests.appendingPathComponent("Peers/health_server.py").path]
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONPATH": Self.library ?? ""]) { $1 }
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        let words = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).split { $0.isWhitespace }.compactMap { Int($0) }
        try #require(words.count == 2, "the peer did not start")
        ports = (words[0], words[1])
    }

    func set(_ service: String, _ status: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data("\(service) \(status)\n".utf8))
        _ = output.fileHandleForReading.availableData
    }

    /// Ends with its input.
    func stop() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
