import FoundationEssentials
import Glibc
import LinuxSystem
import Logging
import Testing

@testable import Networking

/// A bridge with a subnet, a state directory and a configuration directory of its own, so that tests meet neither each
/// other nor the node's real network.
struct TestNetwork {
    let network: DefaultNetwork
    let node: NodeNetwork
    let cni: CNI
    let configurationDirectory: String
    private let root: String

    static let isPossible = getuid() == 0 && isExecutable("/usr/lib/cni/bridge") && isExecutable("/usr/sbin/nft")

    /// - Parameter number: 0...255, different for each test: the third byte of the subnet.
    init(_ number: Int) async throws {
        root = FileManager.default.temporaryDirectory.path() + "network-\(UUID().uuidString)"
        configurationDirectory = "\(root)/net.d"
        let name = "bt\(getpid())n\(number)"
        let logger = Logger(label: "test")
        network = try DefaultNetwork(name: name, bridge: name, subnet: "10.213.\(number).0/24", stateDirectory: "\(root)/state")
        node = NodeNetwork(network, logger: logger)
        cni = CNI(configuration: .init(configurationDirectory: configurationDirectory, pluginDirectories: ["/usr/lib/cni"]), logger: logger)
        #expect(try network.writeIfNoneConfigured(in: configurationDirectory))
        try await node.prepare()
    }

    /// The same, but for a plugin that never ends.
    func cniWithSlow(_ plugin: String) throws -> CNI {
        let directory = "\(root)/slow"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data("#!/bin/sh\nexec sleep 1000\n".utf8).write(to: URL(filePath: "\(directory)/\(plugin)"))
        chmod("\(directory)/\(plugin)", 0o755)
        return CNI(
            configuration: .init(
                configurationDirectory: configurationDirectory, pluginDirectories: [directory, "/usr/lib/cni"], deadline: .seconds(3)),
            logger: Logger(label: "test"))
    }

    func remove() async throws {
        try await node.remove()
        try FileManager.default.removeItem(atPath: root)
    }

    /// Runs `body` with this network, and takes it away whatever happens.
    static func with(_ number: Int, _ body: (TestNetwork) async throws -> Void) async throws {
        let network = try await TestNetwork(number)
        do {
            try await body(network)
        } catch {
            try await network.remove()
            throw error
        }
        try await network.remove()
    }

    func attachment(_ id: String, in namespace: TestNamespace?, portMappings: [PortMapping] = []) -> PodAttachment {
        PodAttachment(
            containerID: id, networkNamespace: namespace?.path, namespace: "default", name: id, uid: "uid-\(id)", portMappings: portMappings)
    }
}

/// A network namespace made with ip(8).
struct TestNamespace {
    let name: String
    var path: String { "/run/netns/\(name)" }

    init() async throws {
        name = "bt-\(UUID().uuidString.prefix(8).lowercased())"
        try await run("ip", "netns", "add", name)
    }

    func remove() async throws { try await run("ip", "netns", "del", name) }

    /// Runs a program inside; its output.
    @discardableResult
    func callAsFunction(_ arguments: String...) async throws -> String {
        try await run(["ip", "netns", "exec", name] + arguments)
    }

    static func with(_ body: (TestNamespace) async throws -> Void) async throws {
        let namespace = try await TestNamespace()
        do {
            try await body(namespace)
        } catch {
            try await namespace.remove()
            throw error
        }
        try await namespace.remove()
    }
}

struct CommandFailed: Error { let message: String }

@discardableResult
func run(_ arguments: String...) async throws -> String { try await run(arguments) }

@discardableResult
func run(_ arguments: [String]) async throws -> String {
    let outcome = try await ChildProcess(
        executable: "/usr/bin/env", arguments: arguments, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
    ).run()
    let text = String(decoding: outcome.standardOutput, as: UTF8.self)
    guard outcome.succeeded else {
        throw CommandFailed(message: "\(arguments.joined(separator: " ")): \(outcome.ending): \(text)\(String(decoding: outcome.standardError, as: UTF8.self))")
    }
    return text
}
