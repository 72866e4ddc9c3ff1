import ArgumentParser
import FoundationEssentials
import Glibc
import NIOHTTP1

/// As the daemon describes an image.
struct ImageRow: Codable {
    var id: String
    var names: [String]
    var repoDigests: [String]
    var sizeBytes: Int
}

struct Images: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the images of this node.")

    @OptionGroup var node: NodeSelection

    func run() async throws {
        let images: [ImageRow] = try await node.api().value(path: "/berth/v1/images")
        if node.output == .json { return try printJSON(images) }
        var table = TextTable("IMAGE", "ID", "SIZE")
        for image in images {
            for name in image.names.isEmpty ? ["<none>"] : image.names { table.add(name, String(image.id.dropFirst("sha256:".count).prefix(12)), bytes(image.sizeBytes)) }
        }
        print(table.text)
    }
}

/// Changes to the node's images.
struct Image: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Import, pull or remove an image.", subcommands: [Import.self, Pull.self, Remove.self])

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Import an OCI layout or a docker save archive.")
        @OptionGroup var node: NodeSelection
        @Argument(help: "The archive, or the directory of the layout.") var file: String
        @Option(help: "Name it so, whatever the archive says.") var name: String?

        func run() async throws {
            guard let real = realpath(file, nil) else { throw Failure("\(file): \(String(cString: strerror(errno)))", remedy: "name an archive that exists") }
            defer { free(real) }
            try await change(node, "import", ImageChange(path: String(cString: real), name: name), said: "imported")
        }
    }

    struct Pull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Pull an image from its registry.")
        @OptionGroup var node: NodeSelection
        @Argument(help: "Such as registry.example/app:1 or registry.example/app@sha256:...") var image: String

        func run() async throws {
            let connection = try node.api()
            // Told to whoever watches; a script reads the result alone.
            let progress = isatty(STDERR_FILENO) == 1 ? Task { await Self.show(connection) } : nil
            defer { progress?.cancel() }
            try await change(node, "pull", ImageChange(name: image), said: "pulled")
        }

        private struct Row: Decodable {
            var summary: String
        }

        /// One line, written over and over, until cancelled.
        private static func show(_ connection: NodeConnection) async {
            while !Task.isCancelled {
                // Progress that cannot be had is not shown: the pull itself says what is wrong.
                if let rows: [Row] = try? await connection.value(path: "/berth/v1/images/pulls"), let first = rows.first {
                    let line = Array("\r\u{1b}[K\(first.summary)".utf8)
                    write(STDERR_FILENO, line, line.count)
                }
                // Ends early only by cancellation, which the loop condition sees.
                try? await Task.sleep(for: .milliseconds(500))
            }
            let clear = Array("\r\u{1b}[K".utf8)
            write(STDERR_FILENO, clear, clear.count)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove an image.")
        @OptionGroup var node: NodeSelection
        @Argument(help: "Its name or id.") var image: String

        func run() async throws {
            try await change(node, "remove", ImageChange(name: image), said: "removed")
            if node.output != .json { print("removed \(image)") }
        }
    }

    private struct ImageChange: Encodable {
        var path: String?
        var name: String?
    }

    private static func change(_ node: NodeSelection, _ action: String, _ change: ImageChange, said word: String) async throws {
        let body = [UInt8](try JSONEncoder().encode(change))
        let images: [ImageRow] = try await node.api().value(.POST, path: "/berth/v1/images/\(action)", body: body)
        if node.output == .json { return try printJSON(images) }
        for image in images { print("\(word) \(image.names.last ?? image.id) (\(bytes(image.sizeBytes)))") }
    }
}

extension NodeConnection {
    func value<Value: Decodable>(_ method: HTTPMethod = .GET, path: String, body: [UInt8] = []) async throws -> Value {
        try await value(Value.self, method, path, body: body)
    }
}
