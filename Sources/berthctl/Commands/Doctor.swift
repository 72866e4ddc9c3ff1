import ArgumentParser
import FoundationEssentials
import Glibc
import Ledger
import LinuxSystem
import NIOHTTP1
import NodeAgent
import PodPlanning

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for what Berth left behind or lost, with proof. Changes nothing.",
        discussion: "Ends with 0 when ledger and machine agree, with 1 when there are findings.")

    @OptionGroup var node: NodeSelection
    @Option(help: ArgumentHelp("Cgroup that holds kubepods, as given to berthd.", valueName: "path")) var cgroupRoot = ""

    func run() async throws {
        let daemonIsUp = await isDaemonUp()
        let ledger = try view(try node.ledger())
        let world = NodeWorld(paths: node.paths, cgroupRoots: Self.cgroupMounts(), cgroupParent: cgroupRoot)
        let all = findings(ledger: ledger, world: world, daemonIsUp: daemonIsUp)
        if node.output == .json {
            try printJSON(all)
        } else if all.isEmpty {
            print("healthy: \(ledger.pods.count) pods and \(ledger.volumes.count) volumes in the ledger, nothing orphaned, nothing missing")
        } else {
            for finding in all { print("\(finding.kind.rawValue): \(finding.subject)\n  proof: \(finding.proof)\n  try: \(finding.remedy)") }
        }
        if !all.isEmpty { throw ExitCode.failure }
    }

    private func isDaemonUp() async -> Bool {
        // Whatever keeps it from answering, it is not up for our purpose.
        (try? await node.api().bytes(path: "/healthz")) != nil
    }

    private func view(_ ledger: LedgerReader) throws -> LedgerView {
        try ledger.read { snapshot in
            var view = LedgerView()
            for entry in try snapshot.pods() {
                let memory = try entry.record.map { try PodMemory(stored: $0) }
                if let memory {
                    for progress in memory.record.containers.values {
                        for run in [progress.current, progress.previous].compactMap(\.self) { view.runningContainers.insert(run.id) }
                    }
                }
                if memory?.isCleanedUp != true { view.pods[entry.uid] = "\(entry.namespace)/\(entry.name)" }
            }
            let staged = try snapshot.stagedVolumes()
            for volume in try snapshot.volumes() where volume.kind == .localImage {
                view.volumes[volume.id] = (staged.contains(volume.id), volume.stagingPath)
            }
            view.publications = Set(try snapshot.publications().map(\.path))
            view.unfinished = try snapshot.openIntents().map { ($0.kind.rawValue, $0.subject, $0.begunAt) }
            return view
        }
    }

    private static func cgroupMounts() -> [String] {
        // Without mountinfo there is nothing to look through.
        ((try? MountInfo.read()) ?? []).filter { $0.filesystemType.hasPrefix("cgroup") }.map(\.mountPoint)
    }
}

extension NodeConnection {
    func bytes(path: String) async throws -> [UInt8] { try await bytes(.GET, path) }
}
