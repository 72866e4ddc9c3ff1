import Foundation
import Glibc
import Testing

extension NodeTests {
    /// Images that come over the network, from Debian's registry on loopback.
    @Suite("Registry", .enabled(if: access("/usr/bin/docker-registry", X_OK) == 0 && access("/usr/bin/skopeo", X_OK) == 0, "needs docker-registry and skopeo"))
    struct RegistryTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        @Test("an image is pulled with the login of the pod's secret, and not without")
        func pull() async throws {
            let (registry, address) = try start()
            defer {
                kill(registry.processIdentifier, SIGKILL)
                registry.waitUntilExit()
            }
            try await Program.run(
                "/usr/bin/skopeo",
                ["copy", "--quiet", "--dest-tls-verify=false", "--dest-creds=u:secret", "oci-archive:\(node.archive(of: StandaloneNode.busybox))", "docker://\(address)/tools:1"])
            try await node.inNamespace("registry") { kubectl in
                try await kubectl(
                    "create", "secret", "docker-registry", "login", "--docker-server=\(address)", "--docker-username=u", "--docker-password=secret")
                func pod(_ name: String, _ spec: String) -> String {
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: \(name)}
                    spec:
                      terminationGracePeriodSeconds: 0
                      containers: [{name: main, image: "\(address)/tools:1", imagePullPolicy: Always, command: [sleep, "1000"]}]
                    \(spec)
                    ---

                    """
                }
                try await kubectl.apply(pod("welcome", "  imagePullSecrets: [{name: login}]") + pod("stranger", ""))
                try await kubectl.waitUntilReady("welcome")
                try await eventually("the pull is told of") {
                    try await kubectl("get", "events", "--field-selector", "involvedObject.name=welcome").contains("Successfully pulled image")
                }
                #expect(try await kubectl.value("pod/welcome", "{.status.containerStatuses[0].imageID}").contains("@sha256:"))
                try await kubectl.wait("pod/stranger", until: "{.status.containerStatuses[0].state.waiting.reason}", is: "ImagePullBackOff")
                #expect(try await node.berthctl("images").contains("\(address)/tools:1"))

                // The node's own login is for every pod, and for its administrator.
                #expect(try await node.berthctl("image", "pull", "\(address)/tools:1", expecting: 1).contains("denies access"))
                let file = "\(node.root)/var/lib/kubelet/config.json"
                let login = Data("u:secret".utf8).base64EncodedString()
                try #"{"auths":{"\#(address)":{"auth":"\#(login)"}}}"#.write(toFile: file, atomically: true, encoding: .utf8)
                defer { unlink(file) }
                #expect(try await node.berthctl("image", "pull", "\(address)/tools:1").hasPrefix("pulled "))
                try await kubectl.apply(pod("guest", ""))
                try await kubectl.waitUntilReady("guest")
            }
        }

        /// A registry that asks `u` for `secret`, and where it listens.
        private func start() throws -> (Process, String) {
            let directory = "\(node.root)/registry"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            // Made by htpasswd(1), which the tests do not need for that.
            let passwords = "u:$2y$05$P3F6lWnaG1Zlw6dRfgjkDe8qkcgcvOBxEmGc46UIEAtkdRZP7NPCO\n"
            try passwords.write(toFile: "\(directory)/htpasswd", atomically: true, encoding: .utf8)
            let configuration = """
                version: 0.1
                log: {level: info, formatter: text}
                storage: {filesystem: {rootdirectory: \(directory)/data}, cache: {}}
                http: {addr: "127.0.0.1:0"}
                auth: {htpasswd: {realm: test, path: \(directory)/htpasswd}}
                """
            try configuration.write(toFile: "\(directory)/config.yaml", atomically: true, encoding: .utf8)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/docker-registry")
            process.arguments = ["serve", "\(directory)/config.yaml"]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            let log = Pipe()
            process.standardError = log
            try process.run()
            // It says where it listens; until then there is nothing to connect to.
            var text = ""
            while true {
                let data = log.fileHandleForReading.availableData
                try #require(!data.isEmpty, "docker-registry ended: \(text)")
                text += String(decoding: data, as: UTF8.self)
                guard let match = text.firstMatch(of: #/listening on (127\.0\.0\.1:[0-9]+)/#) else { continue }
                // Read on, or the registry would wait for us one day.
                log.fileHandleForReading.readabilityHandler = { if $0.availableData.isEmpty { $0.readabilityHandler = nil } }
                return (process, String(match.1))
            }
        }
    }
}
