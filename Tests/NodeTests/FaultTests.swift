import Foundation
import Glibc
import LinuxSystem
import Testing

extension NodeTests {
    /// Whatever dies, and wherever: nothing runs twice, nothing is left behind, and the pod comes to be what it was to be.
    @Suite("Faults", .serialized)
    struct FaultTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        /// Every so many steps; `BERTH_TEST_FAULTS=1` takes every one, which lasts ten minutes.
        private static let stride = ProcessInfo.processInfo.environment["BERTH_TEST_FAULTS"].flatMap(Int.init) ?? 17

        @Test("the daemon dies between any two steps of a pod's start and end")
        func everyStep() async throws {
            try await node.inNamespace("faults") { kubectl in
                try await kubectl("create", "configmap", "settings", "--from-literal=colour=grey")
                try await kubectl.apply(Self.claim)
                var step = 0
                while try await died(at: step, kubectl) { step += Self.stride }
                // One that is over at the first step has not gone through all of them.
                #expect(step > 40)
            }
        }

        /// One life of a pod; whatever goes wrong with it is one issue, and the next step gets its turn.
        ///
        /// - Returns: whether the daemon died before the pod was gone again.
        private func died(at step: Int, _ kubectl: Kubectl) async throws -> Bool {
            try Data("\(step)".utf8).write(to: URL(fileURLWithPath: node.faultFile))
            let daemon = await node.processID
            do {
                try await life(of: "step-\(step)", kubectl)
            } catch {
                Issue.record(error, "died at step \(step), \(place); \(try SmallFile.text(node.log).suffix(3000))")
                try await awaken()
                try await kubectl("delete", "pod", "step-\(step)", "--ignore-not-found", "--grace-period=1")
            }
            defer { unlink(node.faultFile) }
            guard Int(place) == nil else { return false }
            if await node.processID == daemon {
                // It died at its very last step, and nobody has looked since.
                try await eventually("the daemon is dead") { await !node.isRunning }
                try await awaken()
            }
            return true
        }

        /// Where the daemon died, or how many steps it was from there.
        private var place: String { SmallFile.firstLine(node.faultFile) ?? "" }

        private func life(of name: String, _ kubectl: Kubectl) async throws {
            let manifest = Self.pod(name, in: node.root)
            try await reach("\(name) exists") { try await kubectl.apply(manifest).isEmpty == false }
            try await reach("\(name) is Ready") { try await kubectl.value("pod/\(name)", Self.isReady) == "True" }
            var uid = ""
            try await reach("\(name) has run, once") {
                // Ready is when it runs; it writes a little later.
                guard try SmallFile.text("\(node.root)/faults/\(name)") == Self.account else { return false }
                uid = try await kubectl.value("pod/\(name)", "{.metadata.uid}")
                return try await kubectl.value("pod/\(name)", "{.status.containerStatuses[0].restartCount}") == "0" && node.containers(ofPod: uid).count == 1
            }
            // Nothing is said of a pod that is gone already: the daemon may have died behind the deletion, before its answer.
            try await reach("\(name) is deleted") {
                try await kubectl("delete", "pod", name, "--wait=false", "--ignore-not-found")
                return true
            }
            try await reach("\(name) is gone") { try await kubectl("get", "pod", name, "--ignore-not-found", "-o", "name").isEmpty }
            try await reach("nothing of \(name) is left") {
                let left = try leftovers(of: uid, name)
                if !left.isEmpty { throw Program.Failed(description: "\(left)") }
                return true
            }
            try await reach("the node is healthy") {
                let doctor = try await node.berthctl("doctor", "--cgroup-root", node.cgroup, expecting: nil)
                if !doctor.contains("healthy") { throw Program.Failed(description: doctor) }
                return true
            }
            #expect(try SmallFile.text("\(node.root)/faults/\(name)") == Self.account, "died at \(place)")
        }

        /// Whatever happens on the way: should the daemon die, another one begins.
        private func reach(_ what: String, _ condition: () async throws -> Bool) async throws {
            try await eventually(what, within: 30) {
                try await awaken()
                return try await condition()
            }
        }

        private func awaken() async throws {
            if await node.isRunning { return }
            guard Int(place) == nil else { throw Program.Failed(description: "the daemon died by itself") }
            try await node.kill()
            try await node.start()
        }

        private static let account = "first\nmain\n"

        private func leftovers(of uid: String, _ name: String) throws -> [String] {
            let paths = [
                "\(node.root)/run/berth/pods/\(uid)", "\(node.root)/var/lib/kubelet/pods/\(uid)", "\(node.root)/var/log/pods/faults_\(name)_\(uid)",
            ]
            return paths.filter { access($0, F_OK) == 0 } + (try node.podCgroups.filter { $0.contains(uid) })
                + (try node.mounts.filter { $0.contains(uid) }) + node.supervisors().keys.filter { $0 == uid }
                + (try DirectoryEntry.list("\(node.root)/var/log/containers").map(\.name).filter { $0.hasPrefix("\(name)_") })
        }

        private static let isReady = "{.status.conditions[?(@.type==\"Ready\")].status}"

        private static let claim = """
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: data}
            spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 16Mi}}}
            """

        /// A pod with something of everything; each start of a container is a line in a file of the host.
        private static func pod(_ name: String, in root: String) -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name)}
            spec:
              terminationGracePeriodSeconds: 1
              volumes:
              - {name: book, hostPath: {path: \(root)/faults, type: DirectoryOrCreate}}
              - {name: scratch, emptyDir: {medium: Memory}}
              - {name: settings, configMap: {name: settings}}
              - {name: data, persistentVolumeClaim: {claimName: data}}
              initContainers:
              - name: first
                image: \(StandaloneNode.busybox)
                command: [sh, -c, "echo first >> /book/\(name)"]
                volumeMounts: [{name: book, mountPath: /book}]
              containers:
              - name: main
                image: \(StandaloneNode.busybox)
                command: [sh, -c, "trap 'exit 0' TERM; echo main >> /book/\(name); while :; do sleep 1000 & wait $!; done"]
                volumeMounts: [{name: book, mountPath: /book}, {name: data, mountPath: /data}, {name: settings, mountPath: /settings}]
            """
        }
    }
}
