@testable import ControlPlane
import Foundation
import HTTPServing
import Hummingbird
import KubeAPI
import Logging
import NIOCore
import NIOPosix
import Testing

/// Drives the kubectl on this machine, and those named in `BERTH_TEST_KUBECTLS` (paths, separated by colons).
@Suite("kubectl", .enabled(if: !Kubectl.programs.isEmpty, "needs kubectl"), .serialized)
struct KubectlTests {
    @Test("the everyday commands work", arguments: Kubectl.programs)
    func everyday(program: String) async throws {
        try await Kubectl.withServer(program: program) { kubectl in
            #expect(try await kubectl("create", "namespace", "t").contains("created"))
            let web = try kubectl.file("web.yaml", Self.web)
            #expect(try await kubectl("-n", "t", "apply", "-f", web).contains("statefulset.apps/web created"))
            #expect(try await kubectl("-n", "t", "apply", "-f", web).contains("statefulset.apps/web unchanged"))
            #expect(try await kubectl("-n", "t", "get", "sts").contains("READY"))
            #expect(try await kubectl("-n", "t", "get", "sts", "-o", "wide").contains("IMAGES"))
            #expect(try await kubectl("-n", "t", "get", "sts,cm", "-o", "name", "-l", "app=web") == "statefulset.apps/web\n")
            #expect(try await kubectl("-n", "t", "get", "cm", "cm", "-o", "yaml").contains("a: \"1\""))
            #expect(try await kubectl("-n", "t", "get", "cm", "cm", "-o", "json").contains("\"a\": \"1\""))
            #expect(try await kubectl("-n", "t", "get", "cm", "--field-selector", "metadata.name=cm", "-o", "name") == "configmap/cm\n")
            #expect(try await kubectl("-n", "t", "describe", "sts", "web").contains("Update Strategy"))
            #expect(try await kubectl("-n", "t", "label", "cm", "cm", "x=y").contains("labeled"))
            #expect(try await kubectl("-n", "t", "annotate", "cm", "cm", "x=y").contains("annotated"))
            #expect(try await kubectl("-n", "t", "scale", "sts", "web", "--replicas=3").contains("scaled"))
            #expect(try await kubectl("-n", "t", "get", "sts", "web", "-o", "jsonpath={.spec.replicas}") == "3")
            _ = try await kubectl("-n", "t", "patch", "cm", "cm", "-p", #"{"data":{"b":"2"}}"#)
            _ = try await kubectl("-n", "t", "patch", "cm", "cm", "--type", "merge", "-p", #"{"data":{"c":"3"}}"#)
            _ = try await kubectl("-n", "t", "patch", "cm", "cm", "--type", "json", "-p", #"[{"op":"add","path":"/data/d","value":"4"}]"#)
            _ = try kubectl.file("editor", #"sed -i 's/d: "4"/d: "5"/' "$1""#)
            #expect(try await kubectl("-n", "t", "edit", "cm", "cm").contains("edited"))
            #expect(try await kubectl("-n", "t", "get", "cm", "cm", "-o", "jsonpath={.data.a}{.data.b}{.data.c}{.data.d}") == "1235")
            #expect(try await kubectl("-n", "t", "replace", "-f", web).contains("replaced"))
            #expect(try await kubectl("-n", "t", "create", "configmap", "made", "--from-literal=k=v").contains("created"))
            #expect(try await kubectl("-n", "t", "wait", "--for=condition=Never", "--timeout=1s", "sts/web", expecting: 1).contains("timed out"))
            #expect(try await kubectl("-n", "t", "get", "events").contains("SuccessfulCreate"))
            #expect(try await kubectl("-n", "t", "delete", "cm", "made").contains("deleted"))
            #expect(try await kubectl("explain", "statefulset.spec.replicas").contains("integer"))
            #expect(try await kubectl("api-resources").contains("statefulsets"))
            #expect(try await kubectl("delete", "namespace", "t").contains("deleted"))
            #expect(!(try await kubectl("get", "namespaces", "-o", "name").contains("namespace/t\n")))
        }
    }

    @Test("server-side apply shows conflicts and takes over when forced", arguments: Kubectl.programs)
    func serverSideApply(program: String) async throws {
        try await Kubectl.withServer(program: program) { kubectl in
            let one = try kubectl.file("one.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: \"1\"}\n")
            let two = try kubectl.file("two.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: \"2\"}\n")
            #expect(try await kubectl("apply", "--server-side", "-f", one).contains("serverside-applied"))
            #expect(try await kubectl("apply", "--server-side", "--field-manager=other", "-f", two, expecting: 1).contains(".data.a"))
            #expect(try await kubectl("apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", two).contains("serverside-applied"))
            #expect(try await kubectl("get", "cm", "c", "-o", "jsonpath={.data.a}") == "2")
        }
    }

    @Test("mistakes are named by field", arguments: Kubectl.programs)
    func mistakes(program: String) async throws {
        try await Kubectl.withServer(program: program) { kubectl in
            let bad = try kubectl.file("bad.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {containers: [{name: c, image: i, imagee: x}]}\n")
            #expect(try await kubectl("apply", "-f", bad, expecting: 1).contains("imagee"))
            #expect(try await kubectl("get", "pod", "nope", expecting: 1).contains(#"pods "nope" not found"#))
        }
    }

    static let web = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: cm}
        data: {a: "1"}
        ---
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: web, labels: {app: web}}
        spec:
          serviceName: web
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: nginx, image: nginx, ports: [{containerPort: 80, name: http}]}]
        """
}

/// One kubectl program, and the server it talks to.
struct Kubectl: Sendable {
    let program: String
    let directory: String

    static let programs: [String] = {
        let named = (ProcessInfo.processInfo.environment["BERTH_TEST_KUBECTLS"] ?? "").split(separator: ":").map(String.init)
        return (["/usr/bin/kubectl", "/usr/local/bin/kubectl"] + named).filter { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    struct Failed: Error { let output: String }

    /// Runs one command; standard output and error together.
    ///
    /// - Parameter expecting: the exit status; nil accepts any.
    func callAsFunction(_ arguments: String..., expecting status: Int32? = 0) async throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["--kubeconfig", directory + "/kubeconfig", "--cache-dir", directory + "/cache"] + arguments
        process.environment = ["HOME": directory, "PATH": "/usr/bin:/bin", "EDITOR": "sh \(directory)/editor"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                process.waitUntilExit()
                if let status, process.terminationStatus != status {
                    continuation.resume(throwing: Failed(output: "\(arguments.joined(separator: " ")): \(text)"))
                } else {
                    continuation.resume(returning: text)
                }
            }
        }
    }

    func file(_ name: String, _ text: String) throws -> String {
        try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
        return "\(directory)/\(name)"
    }

    /// A control plane with TLS and an administrator's kubeconfig, as long as `body` runs.
    static func withServer(program: String, _ body: @Sendable @escaping (Kubectl) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        let authority = try CertificateAuthority(directory: path, commonName: "test")
        let server = try authority.issueServer(commonName: "kube-apiserver", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"])
        let client = try authority.issueClient(commonName: "admin", organizations: ["system:masters"])
        try server.certificatePEM.write(toFile: path + "/server.crt", atomically: true, encoding: .utf8)
        try server.privateKeyPEM.write(toFile: path + "/server.key", atomically: true, encoding: .utf8)
        let tls = try ServerTLS(files: .init(certificateChain: path + "/server.crt", privateKey: path + "/server.key", clientCA: path + "/ca.crt"))
        let plane = try ControlPlane(
            configuration: .init(
                databasePath: path + "/db", seal: .test, tokenKeyFile: path + "/sa.key", addresses: [.tcp(host: "127.0.0.1", port: 0)], tls: tls,
                advertised: ("127.0.0.1", 6443), controllers: ControllerSettings(rootCertificate: authority.certificatePEM)),
            nodes: EchoNode(), eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let (ports, sender) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup { group in
            group.addTask { try await plane.run { sender.yield($0?.port ?? 0) } }
            guard let port = await ports.first(where: { _ in true }) else { throw Failed(output: "the server did not start") }
            func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
            let kubeconfig = """
                apiVersion: v1
                kind: Config
                clusters: [{name: t, cluster: {server: "https://127.0.0.1:\(port)", certificate-authority-data: \(encoded(authority.certificatePEM))}}]
                users: [{name: t, user: {client-certificate-data: \(encoded(client.certificatePEM)), client-key-data: \(encoded(client.privateKeyPEM))}}]
                contexts: [{name: t, context: {cluster: t, user: t}}]
                current-context: t
                """
            try kubeconfig.write(toFile: path + "/kubeconfig", atomically: true, encoding: .utf8)
            defer { group.cancelAll() }
            try await body(Kubectl(program: program, directory: path))
        }
    }
}
