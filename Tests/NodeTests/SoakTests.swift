import Foundation
import Glibc
import LinuxSystem
import Testing

extension NodeTests {
    /// Pods come and go in random order while things die: for twenty seconds here, for as long and as many as asked for by
    /// `scripts/soak`.
    @Suite("Soak")
    struct SoakTests {
        let node: StandaloneNode
        private let seconds: Int
        private let limit: Int
        private let seed: UInt64

        init() throws {
            node = try #require(StandaloneNode.current)
            let environment = ProcessInfo.processInfo.environment
            seconds = environment["BERTH_SOAK_SECONDS"].flatMap(Int.init) ?? 20
            limit = environment["BERTH_SOAK_PODS"].flatMap(Int.init) ?? 12
            seed = environment["BERTH_SOAK_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...UInt64(Int.max))
        }

        @Test("pods created and deleted in random order leave nothing behind, and none runs twice")
        func soak() async throws {
            print("soak: \(seconds) s, up to \(limit) pods at once, BERTH_SOAK_SEED=\(seed)")
            try await node.inNamespace("soak") { kubectl in
                var harbour = Harbour(seed: seed, book: "\(node.root)/soak")
                try FileManager.default.createDirectory(atPath: harbour.book, withIntermediateDirectories: true)
                let before = try traces()
                let end = ContinuousClock.now + .seconds(seconds)
                while ContinuousClock.now < end { try await round(&harbour, kubectl) }
                try await settle(&harbour, kubectl)
                try await eventually("nothing of the pods is left") {
                    let left = try traces().subtracting(before)
                    if !left.isEmpty { throw Program.Failed(description: "\(left.sorted())\n\(try SmallFile.text(node.log).suffix(8000))") }
                    return true
                }
            }
        }

        /// Other pods of the node may be there, and stay.
        private func traces() throws -> Set<String> {
            let directories = ["run/berth/pods", "var/lib/kubelet/pods", "var/lib/berth/containers", "var/log/containers"]
            return Set(try directories.flatMap { directory in try DirectoryEntry.list("\(node.root)/\(directory)").map { "\(directory)/\($0.name)" } })
        }

        /// Of our own pods, by uid.
        private func supervisors() -> [String: pid_t] {
            // One that ends meanwhile has no command line any more.
            node.supervisors().filter { ((try? SmallFile.text("/proc/\($0.value)/cmdline")) ?? "").contains("\0soak/") }
        }

        private func round(_ harbour: inout Harbour, _ kubectl: Kubectl) async throws {
            switch Int.random(in: 0..<20, using: &harbour.dice) {
            case 0: try await daemonDies()
            case 1: try await supervisorDies(&harbour)
            case 2, 3: try await containerDies(&harbour)
            case 4..<13 where harbour.living.count < limit:
                let names = harbour.launch(Int.random(in: 1...min(8, limit - harbour.living.count), using: &harbour.dice))
                try await kubectl("create", "-f", "-", input: names.map { harbour.manifest(of: $0) }.joined(separator: "---\n"))
            default:
                let names = harbour.living.keys.shuffled(using: &harbour.dice).prefix(Int.random(in: 1...8, using: &harbour.dice))
                guard !names.isEmpty else { return }
                for name in names { harbour.living[name] = nil }
                let grace = ["0", "1", "5"].randomElement(using: &harbour.dice) ?? "1"
                let how = grace == "0" ? ["--grace-period=0", "--force"] : ["--grace-period=\(grace)"]
                try await kubectl.run(["delete", "pods", "--wait=false"] + how + names)
            }
        }

        private func daemonDies() async throws {
            try await node.kill()
            try await node.start()
        }

        private func supervisorDies(_ harbour: inout Harbour) async throws {
            guard let victim = supervisors().randomElement(using: &harbour.dice) else { return }
            Glibc.kill(victim.value, SIGKILL)
            harbour.kills += 1
        }

        private func containerDies(_ harbour: inout Harbour) async throws {
            guard let pod = supervisors().keys.randomElement(using: &harbour.dice), let victim = node.containers(ofPod: pod).randomElement(using: &harbour.dice)
            else { return }
            Glibc.kill(victim, SIGKILL)
            harbour.kills += 1
        }

        /// The storm is over: whoever is left does what it is to do, then everybody leaves.
        private func settle(_ harbour: inout Harbour, _ kubectl: Kubectl) async throws {
            print("soak: \(harbour.launched) pods launched, \(harbour.kills) processes killed, \(harbour.living.count) pods at the end")
            for (name, kind) in harbour.living {
                switch kind {
                case .keeper, .deaf: try await kubectl.waitUntilReady(name, seconds: 120)
                case .job:
                    try await eventually("\(name) ends", within: 60) {
                        ["Succeeded", "Failed"].contains(try await kubectl.value("pod/\(name)", "{.status.phase}"))
                    }
                }
            }
            try await kubectl("delete", "pods", "--all", "--wait=false")
            try await eventually("no pod is left", within: 120) { try await kubectl("get", "pods", "-o", "name").isEmpty }
            try await eventually("no supervisor is left") { supervisors().isEmpty }

            var reruns = 0
            for name in try DirectoryEntry.list(harbour.book).map(\.name) {
                let runs = try SmallFile.text("\(harbour.book)/\(name)").split(separator: "\n").count
                if name.hasPrefix("job") { #expect(runs == 1, "\(name) ran \(runs) times") }
                reruns += runs - 1
            }
            // Who was not killed was not started again.
            #expect(reruns <= harbour.kills)
            let doctor = try await node.berthctl("doctor", "--cgroup-root", node.cgroup, expecting: nil)
            #expect(doctor.contains("healthy"), "\(doctor)")
        }
    }
}

/// Which pods there are, and what has been done to them.
private struct Harbour {
    enum Kind: CaseIterable {
        /// Runs for ever, and ends when asked to.
        case keeper
        /// Runs once.
        case job
        /// Has to be killed.
        case deaf
    }

    var living: [String: Kind] = [:]
    var launched = 0
    var kills = 0
    var dice: SplitMix
    /// Directory on the host: one file for each pod, a line for each start.
    let book: String

    init(seed: UInt64, book: String) {
        dice = SplitMix(state: seed)
        self.book = book
    }

    mutating func launch(_ count: Int) -> [String] {
        (0..<count).map { _ in
            let kind = Kind.allCases.randomElement(using: &dice) ?? .keeper
            let name = "\(kind)-\(launched)"
            launched += 1
            living[name] = kind
            return name
        }
    }

    func manifest(of name: String) -> String {
        let script =
            switch living[name] ?? .keeper {
            case .keeper: "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"
            case .job: "sleep 0.\(name.utf8.last ?? 0)"
            case .deaf: "trap '' TERM; while :; do sleep 1000; done"
            }
        return """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name)}
            spec:
              terminationGracePeriodSeconds: 1
              restartPolicy: \(living[name] == .job ? "Never" : "Always")
              volumes: [{name: book, hostPath: {path: \(book), type: DirectoryOrCreate}}, {name: scratch, emptyDir: {medium: Memory}}]
              containers:
              - name: main
                image: \(StandaloneNode.busybox)
                command: [sh, -c, "echo run >> /book/\(name); \(script)"]
                volumeMounts: [{name: book, mountPath: /book}, {name: scratch, mountPath: /scratch}]

            """
    }
}

/// Numbers that a seed gives again. Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
