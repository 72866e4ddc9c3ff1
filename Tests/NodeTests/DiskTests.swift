import Foundation
import KubeAPI
import LinuxSystem
import Testing

extension NodeTests {
    /// A node whose disk is small.
    @Suite("Disk")
    struct DiskTests {
        @Test("unused images go when the disk fills, then the pod that wrote the most; the same with inodes; and by age, or by the disk's use")
        func pressure() async throws {
            try await SmallDisk.with(megabytes: 500, inodes: 30_000) { disk in
                let node = try StandaloneNode("d", on: "\(disk.mountPoint)/n")
                do {
                    try await node.start(with: ["--eviction-hard", ""])
                    try await node.importImages()
                    try await node.inNamespace("disk") { kubectl in
                        try await kubectl.apply(pod("keeper") + pod("writer") + pod("maker"))
                        try await kubectl.waitUntilReady("keeper", "writer", "maker")
                        try await images(node, disk, kubectl)
                        try await bytes(disk, node, kubectl)
                        try await inodes(disk, node, kubectl)
                        try await collection(node, kubectl)
                    }
                } catch {
                    try await node.remove()
                    throw error
                }
                try await node.remove()
                #expect(try await node.traces() == [])
            }
        }

        private func pod(_ name: String, more: String = "") -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name)}
            spec:
              terminationGracePeriodSeconds: 0
              containers: [{name: main, image: "\(StandaloneNode.busybox)", command: [sleep, "100000"]}]
            \(more)
            ---

            """
        }

        private let quick = ["--eviction-pressure-transition-period", "10s", "--minimum-image-ttl-duration", "1s"]

        private func isHere(_ image: String, _ node: StandaloneNode) async throws -> Bool { try await node.berthctl("images").contains(image) }

        /// A little less is free than is to be; an image that nobody uses is more than that.
        private func images(_ node: StandaloneNode, _ disk: SmallDisk, _ kubectl: Kubectl) async throws {
            try await node.stop()
            try await node.start(with: quick + ["--eviction-hard", "nodefs.available<\(try disk.space.availableBytes + 4 << 20)"])
            try await kubectl("wait", "node/\(node.name)", "--for=condition=DiskPressure", "--timeout=30s")
            try await eventually("the image goes", within: 60) { try await !isHere(StandaloneNode.webImage, node) }
            #expect(try await isHere(StandaloneNode.busybox, node))
            try await kubectl("wait", "node/\(node.name)", "--for=condition=DiskPressure=False", "--timeout=60s")
            #expect(try await kubectl.value("pods", "{.items[*].status.phase}") == "Running Running Running")
        }

        private func bytes(_ disk: SmallDisk, _ node: StandaloneNode, _ kubectl: Kubectl) async throws {
            try await node.stop()
            let before = try disk.space.availableBytes
            try await node.start(with: quick + ["--eviction-hard", "nodefs.available<\(before - 40 << 20)"])
            try await kubectl.shell("keeper", "dd if=/dev/zero of=/file bs=1M count=10 2>/dev/null")
            try await kubectl.shell("writer", "dd if=/dev/zero of=/file bs=1M count=60 2>/dev/null", expecting: nil)  // it may not live to see the end
            try await kubectl.wait("pod/writer", until: "{.status.reason}", is: "Evicted")
            let message = try await kubectl.value("pod/writer", "{.status.message}")
            #expect(message.hasPrefix("The node was low on resource: ephemeral-storage. Threshold quantity: "))
            #expect(message.contains(" Container main was using "))
            try await kubectl("wait", "node/\(node.name)", "--for=condition=DiskPressure", "--timeout=30s")
            try await eventually("the node is tainted") {
                try await kubectl.value("node/\(node.name)", "{.spec.taints[*].key}").contains("node.kubernetes.io/disk-pressure")
            }
            try await kubectl.apply(pod("late", more: "  nodeName: \(node.name)"))
            try await kubectl.wait("pod/late", until: "{.status.message}", is: "The node had condition: [DiskPressure]. ")
            try await kubectl("wait", "node/\(node.name)", "--for=condition=DiskPressure=False", "--timeout=60s")
            #expect(try disk.space.availableBytes > before - 40 << 20)
            for name in ["keeper", "maker"] { #expect(try await kubectl.value("pod/\(name)", "{.status.phase}") == "Running") }
        }

        private func inodes(_ disk: SmallDisk, _ node: StandaloneNode, _ kubectl: Kubectl) async throws {
            try await node.stop()
            let before = try disk.space.availableInodes
            try await node.start(with: quick + ["--eviction-hard", "nodefs.inodesFree<\(before - 3000)"])
            let files = "mkdir /d; i=0; while [ $i -lt 5000 ]; do : > /d/$i; i=$((i+1)); done"
            try await kubectl.shell("maker", files, expecting: nil)  // it may not live to see the end
            try await kubectl.wait("pod/maker", until: "{.status.reason}", is: "Evicted")
            #expect(try await kubectl.value("pod/maker", "{.status.message}").hasPrefix("The node was low on resource: inodes. Threshold quantity: \(before - 3000), available: "))
            try await eventually("they are free again") { try disk.space.availableInodes > before - 3000 }
            #expect(try await kubectl.value("pod/keeper", "{.status.phase}") == "Running")
        }

        private func collection(_ node: StandaloneNode, _ kubectl: Kubectl) async throws {
            for flags in [["--image-gc-high-threshold", "1", "--image-gc-low-threshold", "0"], ["--image-maximum-gc-age", "1s"]] {
                try await node.berthctl("image", "import", node.archive(of: StandaloneNode.webImage))
                #expect(try await isHere(StandaloneNode.webImage, node))
                // Older than the youngest that may go.
                try await Task.sleep(for: .seconds(2))
                try await node.stop()
                try await node.start(with: quick + ["--eviction-hard", ""] + flags)
                try await eventually("the image goes by \(flags)", within: 60) { try await !isHere(StandaloneNode.webImage, node) }
                #expect(try await isHere(StandaloneNode.busybox, node))
            }
            #expect(try await kubectl.value("pod/keeper", "{.status.phase}") == "Running")
        }
    }
}
