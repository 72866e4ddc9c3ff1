import Foundation
import Glibc
import LinuxSystem
import Testing

@testable import Images

/// Debian's docker-registry on a loopback port of its own, ended by its process id.
final class Registry: Sendable {
    let address: String
    let storage: String
    private let process: Process
    private let log: Pipe

    /// For user `u` and password `secret`. Made by htpasswd(1), which the tests do not need for that.
    private static let passwords = "u:$2y$05$P3F6lWnaG1Zlw6dRfgjkDe8qkcgcvOBxEmGc46UIEAtkdRZP7NPCO\n"

    init(in directory: String, asksPassword: Bool = false) throws {
        storage = "\(directory)/registry"
        try DirectoryTree.make(storage)
        var configuration = """
            version: 0.1
            log: {level: info, formatter: text}
            storage: {filesystem: {rootdirectory: \(storage)}, cache: {}}
            http: {addr: "127.0.0.1:0"}

            """
        if asksPassword {
            try DurableFile.write(Array(Self.passwords.utf8), to: "\(directory)/htpasswd")
            configuration += "auth: {htpasswd: {realm: test, path: \(directory)/htpasswd}}\n"
        }
        try DurableFile.write(Array(configuration.utf8), to: "\(directory)/registry.yaml")
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/docker-registry")
        process.arguments = ["serve", "\(directory)/registry.yaml"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        log = Pipe()
        process.standardError = log
        try process.run()
        // It says where it listens; until then there is nothing to connect to.
        var text = ""
        while true {
            let data = log.fileHandleForReading.availableData
            try #require(!data.isEmpty, "docker-registry ended: \(text)")
            text += String(decoding: data, as: UTF8.self)
            if let match = text.firstMatch(of: /listening on (127\.0\.0\.1:[0-9]+)/) {
                address = String(match.1)
                break
            }
        }
        // Read on, or the registry would wait for us one day.
        log.fileHandleForReading.readabilityHandler = { if $0.availableData.isEmpty { $0.readabilityHandler = nil } }
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        log.fileHandleForReading.readabilityHandler = nil
    }

    /// Pushes an image from an OCI layout, by another program than the one under test.
    func push(_ image: TestImage, as name: String, options: [String] = []) async throws {
        try await run(
            "/usr/bin/skopeo",
            ["copy", "--quiet", "--dest-tls-verify=false"] + options + ["oci:\(image.layout):web:1", "docker://\(address)/\(name)"])
    }

    /// Where the registry keeps a blob.
    func blob(_ digest: String) -> String {
        let hex = digest.dropFirst(7)
        return "\(storage)/docker/registry/v2/blobs/sha256/\(hex.prefix(2))/\(hex)/data"
    }
}
