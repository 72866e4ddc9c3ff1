import Foundation
import Glibc
import KubeAPI
import LinuxSystem
import Testing

/// `berthd --standalone` with a root directory, bridge, subnets, ports and cgroup of its own.
actor StandaloneNode {
    /// The node of the suite that is running; see `OneNode`.
    @TaskLocal static var current: StandaloneNode?

    nonisolated let root: String
    nonisolated let name: String
    /// The second byte of its pods' addresses.
    private nonisolated let subnet: Int
    nonisolated let apiPort: Int
    nonisolated let nodePort: Int
    private var daemon: Process?

    nonisolated var bridge: String { name }
    nonisolated var manifests: String { "\(root)/manifests" }
    nonisolated var cgroup: String { "berth-node-\(name)" }
    nonisolated var log: String { "\(root)/berthd.log" }
    /// A number in it has the daemon die so many steps later; see `FaultPoint`.
    nonisolated var faultFile: String { "\(root)/fault" }
    nonisolated var kubectl: Kubectl { kubectl(by: Kubectl.programs.last ?? "kubectl") }

    static let products: String = {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().path
    }()
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    static let webImage = "localhost/berth-demo/web:1"
    static let busybox = "localhost/berth-demo/busybox:1"

    /// Root, the programs under test, and what they and the tests call.
    static let isPossible: Bool = {
        let programs = ["berthd", "berth-pod", "berthctl"].map { "\(products)/\($0)" }
        let needs = programs + [
            "/usr/lib/cni/bridge", "/usr/sbin/nft", "/usr/sbin/ip", "/usr/sbin/losetup", "/usr/sbin/mkfs.ext4", "/usr/bin/script", "/dev/loop-control",
        ]
        return getuid() == 0 && !Kubectl.programs.isEmpty && needs.allSatisfy { (path: String) in access(path, F_OK) == 0 }
    }()

    /// - Parameters:
    ///   - label: of a node beside the one that the suites share.
    ///   - directory: its root, which does not exist yet; nil is one below `/tmp`.
    init(_ label: String = "", on directory: String? = nil) throws {
        name = "bn\(getpid())\(label)"
        subnet = try Self.freeSubnet(from: label.isEmpty ? 216 : 168)
        if let directory {
            root = directory
        } else {
            // Short: below it are Unix sockets, whose paths have 107 bytes.
            var template = Array("/tmp/berth-node.XXXXXX".utf8CString)
            guard let made = mkdtemp(&template) else { throw SystemCallError(call: "mkdtemp", subject: "/tmp", code: errno) }
            root = String(cString: made)
        }
        (apiPort, nodePort) = (try Self.freePort(), try Self.freePort())
        try FileManager.default.createDirectory(atPath: "\(root)/manifests", withIntermediateDirectories: true)
    }

    /// The second byte of one of sixteen /16 networks, to which this machine has no route: others' nodes may run at the same time.
    private static func freeSubnet(from first: Int) throws -> Int {
        let routes = try SmallFile.text("/proc/net/route")
        let candidates = (0..<16).map { first + (Int(getpid()) + $0) % 16 }
        // Destinations are hexadecimal, last byte first.
        return try #require(candidates.first { !routes.contains("\t0000" + String($0 | 0x100, radix: 16, uppercase: true).dropFirst() + "0A\t") })
    }

    nonisolated func kubectl(by program: String) -> Kubectl {
        Kubectl(program: program, kubeconfig: "\(root)/etc/berth/admin.kubeconfig", directory: root)
    }

    nonisolated var arguments: [String] {
        [
            "--standalone", "--root-dir", root, "--hostname-override", name, "--node-ip", "127.0.0.1", "--address", "127.0.0.1",
            "--port", "\(nodePort)", "--secure-port", "\(apiPort)", "--bridge", bridge, "--pod-cidr", "10.\(subnet).0.0/16",
            "--service-cidr", "10.\(subnet + 20).0.0/16", "--cgroup-root", cgroup, "--pod-manifest-path", manifests, "--max-pods", "250",
        ]
    }

    /// `berthctl` on this node.
    @discardableResult
    nonisolated func berthctl(_ arguments: String..., expecting code: CInt? = 0) async throws -> String {
        try await Program.run("\(Self.products)/berthctl", arguments + ["--root-dir", root], expecting: code)
    }

    /// Starts the daemon, and returns when its API answers and the node is Ready.
    ///
    /// - Parameter more: flags for this one start.
    func start(with more: [String] = []) async throws {
        precondition(daemon == nil, "the daemon runs already")
        let file = try OwnedFileDescriptor(opening: log, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        let output = FileHandle(fileDescriptor: file.release(), closeOnDealloc: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Self.products)/berthd")
        process.arguments = arguments + more
        process.environment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "BERTH_FAULT_FILE": faultFile]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        daemon = process
        do {
            try await eventually("the API answers", within: 30) {
                guard process.isRunning else { throw Program.Failed(description: "berthd ended with \(process.terminationStatus)") }
                return try await kubectl("get", "--raw", "/readyz") == "ok"
            }
            // The API may be there before the node has registered with it.
            try await eventually("the node is Ready", within: 30) {
                try await kubectl("wait", "node/\(name)", "--for=condition=Ready", "--timeout=30s").isEmpty == false
            }
        } catch {
            throw Program.Failed(description: "\(error)\n\(log):\n\(try SmallFile.text(log).suffix(4000))")
        }
    }

    /// Runs `body` on the node with further flags, and leaves it as it was.
    nonisolated func with(_ flags: [String], _ body: () async throws -> Void) async throws {
        try await stop()
        do {
            try await start(with: flags)
            try await body()
        } catch {
            try await restart()
            throw error
        }
        try await restart()
    }

    func restart() async throws {
        try await stop()
        try await start()
    }

    /// Of the daemon.
    var processID: pid_t? { daemon?.processIdentifier }

    /// Whether the daemon that was started has neither been stopped nor died.
    var isRunning: Bool { daemon?.isRunning ?? false }

    func stop() async throws { try await end(by: SIGTERM) }
    func kill() async throws { try await end(by: SIGKILL) }

    private func end(by signal: CInt) async throws {
        guard let process = daemon else { return }
        daemon = nil
        guard process.isRunning else { return }
        let pid = process.processIdentifier
        let ended = try await onDedicatedThread { () throws(SystemCallError) in
            let handle = try ProcessHandle(pid: pid)
            try handle.send(signal: signal)
            if try handle.waitForEnd(milliseconds: 8_000) { return true }
            try handle.send(signal: SIGKILL)
            return false
        }
        process.waitUntilExit()
        #expect(ended, "berthd did not end within 8 s of signal \(signal)")
    }

    /// Makes the two images from Debian packages, and imports them.
    func importImages() async throws {
        for (image, variant) in [(Self.webImage, []), (Self.busybox, ["--busybox"])] {
            try await Program.run(
                "\(Self.repository)/scripts/demo-image", variant + [archive(of: image), image],
                environment: ["BERTH_CACHE": "\(Self.repository)/.build/test-tools/packages", "TMPDIR": root], deadline: .seconds(180))
            try await berthctl("image", "import", archive(of: image))
        }
    }

    nonisolated func archive(of image: String) -> String { "\(root)/\(image == Self.webImage ? "web" : "busybox").tar" }

    /// What `examples/` describes, ready.
    func applyExamples() async throws {
        try await kubectl("apply", "-f", "\(Self.repository)/examples/web.yaml", "-f", "\(Self.repository)/examples/node-logger.yaml")
        try await kubectl("rollout", "status", "statefulset/web", "--timeout=90s")
        try await kubectl("rollout", "status", "daemonset/node-logger", "--timeout=60s")
    }

    /// Runs `body` with a kubectl in a namespace of its own, which is deleted in the background afterwards.
    nonisolated func inNamespace(_ namespace: String, _ body: (Kubectl) async throws -> Void) async throws {
        var kubectl = kubectl
        try await kubectl("create", "namespace", namespace)
        kubectl.namespace = namespace
        do {
            try await body(kubectl)
        } catch {
            try await kubectl("delete", "namespace", namespace, "--wait=false", expecting: nil)
            throw error
        }
        try await kubectl("delete", "namespace", namespace, "--wait=false")
    }

    /// A loopback TCP port that nobody has just now.
    private static func freePort() throws -> Int {
        let socket = OwnedFileDescriptor(adopting: try systemCall("socket", on: "loopback") { Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) })
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                try systemCall("bind", on: "loopback") { bind(socket.rawValue, generic, length) }
                try systemCall("getsockname", on: "loopback") { getsockname(socket.rawValue, generic, &length) }
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
