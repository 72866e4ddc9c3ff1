import Foundation
import Glibc
import Testing

extension NodeTests {
    /// What is asked for cannot be done: the answer names field, value and remedy, and nothing half made remains.
    @Suite("Mistakes")
    struct MistakeTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        @Test("manifests with an unknown field, a wrong type, or an impossible value are refused by field", arguments: Kubectl.programs)
        func manifests(program: String) async throws {
            let kubectl = node.kubectl(by: program)
            func pod(_ container: String, spec: String = "") -> String {
                "apiVersion: v1\nkind: Pod\nmetadata: {name: mistaken}\nspec: {containers: [{name: main, \(container)}]\(spec)}\n"
            }
            #expect(try await kubectl.apply(pod("image: x, imagee: y"), expecting: 1).contains("imagee"))
            #expect(try await kubectl.apply(pod("image: x, ports: [{containerPort: http}]"), expecting: 1).contains("containerPort"))
            let port = try await kubectl.apply(pod("image: x, ports: [{containerPort: 70000}]"), expecting: 1)
            #expect(port.contains("spec.containers[0].ports[0].containerPort") && port.contains("70000") && port.contains("between 1 and 65535"))
            let policy = try await kubectl.apply(pod("image: x", spec: ", restartPolicy: Sometimes"), expecting: 1)
            #expect(policy.contains("spec.restartPolicy") && policy.contains("Sometimes") && policy.contains("OnFailure"))
            let memory = try await kubectl.apply(pod("image: x, resources: {requests: {memory: 2Gi}, limits: {memory: 1Gi}}"), expecting: 1)
            #expect(memory.contains("spec.containers[0].resources.requests") && memory.contains("2Gi"))
            #expect(try await kubectl("get", "pod", "mistaken", expecting: 1).contains("not found"))
        }

        @Test("pods whose claim or image does not exist say so, in their conditions and by berthctl why")
        func missing() async throws {
            try await node.inNamespace("missing") { kubectl in
                func pod(_ name: String, image: String, policy: String = "IfNotPresent", spec: String = "") -> String {
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: \(name)}
                    spec: {containers: [{name: main, image: "\(image)", imagePullPolicy: \(policy)}]\(spec)}
                    ---

                    """
                }
                let absent = "localhost/berth-demo/absent:1"
                let nowhere = "127.0.0.1:1/berth/absent:1"
                try await kubectl.apply(
                    pod("claimless", image: StandaloneNode.busybox, spec: ", volumes: [{name: v, persistentVolumeClaim: {claimName: lost}}]")
                        + pod("never", image: absent, policy: "Never") + pod("unreachable", image: nowhere)
                        + pod("unnamed", image: "NOT/an image"))
                try await kubectl.wait("pod/never", until: "{.status.containerStatuses[0].state.waiting.reason}", is: "ErrImageNeverPull")
                #expect(try await kubectl.value("pod/never", "{.status.containerStatuses[0].state.waiting.message}").contains(absent))
                try await kubectl.wait("pod/unreachable", until: "{.status.containerStatuses[0].state.waiting.reason}", is: "ImagePullBackOff")
                #expect(try await kubectl("describe", "pod", "unreachable").contains(nowhere))
                try await kubectl.wait("pod/unnamed", until: "{.status.containerStatuses[0].state.waiting.reason}", is: "InvalidImageName")
                try await eventually("the claim is missed") {
                    try await kubectl("describe", "pod", "claimless").contains(#"persistentvolumeclaim "lost" not found"#)
                }
                #expect(try await node.berthctl("why", "missing/unreachable").contains(nowhere))
                #expect(try await node.berthctl("why", "missing/never").contains("ErrImageNeverPull"))
            }
            try await expectHealthy()
        }

        @Test("archives that are none, are cut short, or do not have the digest they claim are not imported")
        func archives() async throws {
            let images = try await node.berthctl("images")
            let file = "\(node.root)/bad.tar"
            try Data("this is not an archive".utf8).write(to: URL(fileURLWithPath: file))
            let garbage = try await node.berthctl("image", "import", file, expecting: 1)
            #expect(garbage.contains(file) && garbage.contains("try: "))

            let whole = try Data(contentsOf: URL(fileURLWithPath: node.archive(of: StandaloneNode.busybox)))
            try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: file))
            let short = try await node.berthctl("image", "import", file, "--name", "localhost/short:1", expecting: 1)
            #expect(short.contains(file) && short.contains("try: "))

            let layout = "\(node.root)/layout"
            let digest = try await Program.run("/bin/sh", ["-euc", Self.falseLayout, "false-layout", layout])
            let altered = try await node.berthctl("image", "import", layout, expecting: 1)
            #expect(altered.contains(digest.trimmingCharacters(in: .newlines)) && altered.contains("try: "))

            #expect(try await node.berthctl("images") == images)
            #expect(try await node.berthctl("image", "import", "/nonexistent.tar", expecting: 1).contains("/nonexistent.tar"))
            try await expectHealthy()
        }

        @Test("a second daemon names the port that is taken and its flag, or the lock of the directory")
        func secondDaemon() async throws {
            func start(_ changes: [String: String]) async throws -> String {
                var arguments = node.arguments
                for (flag, value) in changes {
                    let index = try #require(arguments.firstIndex(of: flag))
                    arguments[index + 1] = value
                }
                return try await Program.run("\(StandaloneNode.products)/berthd", arguments, deadline: .seconds(30), expecting: nil)
            }
            let held = try await start([:])
            #expect(held.contains("\(node.root)/run/berth/berthd.lock") && held.contains("another --root-dir"))
            let other = "\(node.root)/second"
            for (flag, taken, free) in [("--port", node.nodePort, "--secure-port"), ("--secure-port", node.apiPort, "--port")] {
                let refusal = try await start([
                    "--root-dir": other, free: "0", "--bridge": "\(node.bridge)x", "--pod-cidr": "172.31.\(getpid() % 256).0/24",
                ])
                #expect(refusal.contains(":\(taken)") && refusal.contains(flag) && refusal.contains("try: "))
            }
            try await node.removeNetwork("\(node.bridge)x")
            try await expectHealthy()
        }

        /// An OCI layout whose one layer was altered after its digest was taken; prints that digest.
        private static let falseLayout = #"""
            mkdir -p "$1/blobs/sha256" "$1/tree"; cd "$1"
            keep() { set -- "$1" $(sha256sum "$1"); mv "$1" blobs/sha256/$2; echo $2; }
            echo content > tree/file
            tar -cf layer -C tree .
            size=$(stat -c %s layer) layer=$(keep layer)
            case $(uname -m) in aarch64) architecture=arm64 ;; *) architecture=amd64 ;; esac
            printf '{"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' $architecture $layer > config
            configSize=$(stat -c %s config) config=$(keep config)
            type=application/vnd.oci.image
            printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json","digest":"sha256:%s","size":%s},"layers":[{"mediaType":"%s.layer.v1.tar","digest":"sha256:%s","size":%s}]}' \
                $type $type $config $configSize $type $layer $size > manifest
            manifestSize=$(stat -c %s manifest) manifest=$(keep manifest)
            printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json","digest":"sha256:%s","size":%s,"annotations":{"org.opencontainers.image.ref.name":"localhost/false:1"}}]}' \
                $type $manifest $manifestSize > index.json
            echo '{"imageLayoutVersion":"1.0.0"}' > oci-layout
            sed -i 's/content/CONTENT/' blobs/sha256/$layer
            echo sha256:$layer
            """#

        private func expectHealthy() async throws {
            try await eventually("berthctl doctor finds nothing") {
                try await node.berthctl("doctor", "--cgroup-root", node.cgroup).contains("healthy")
            }
        }
    }
}
