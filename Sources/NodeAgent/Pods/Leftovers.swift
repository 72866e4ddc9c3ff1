import FoundationEssentials
import Glibc
import Ledger
import LinuxSystem
import Logging
import PodPlanning

/// What an earlier life of the daemon has left half done. Taken before anything new begins, cleared away once the pods
/// have been compared with what is there.
struct Leftovers: Sendable {
    private let intents: [IntentEntry]
    /// Container ids that have a writable layer.
    private let scratch: Set<String>
    private let paths: NodePaths

    /// What the provisioner decides anew, and closes itself.
    static let provisionersKinds: Set<Intent.Kind> = [.createVolume, .expandVolume, .trashVolume, .purgeVolume]

    /// - Throws: `LedgerError`, `SystemCallError`.
    init(ledger: Ledger, paths: NodePaths) async throws {
        // The provisioner, which is on its own, closes those of its kinds, too; but not every node has one.
        let earlier = ledger.lastIntentBefore
        intents = try await ledger.read { try $0.openIntents() }.filter { $0.sequence <= earlier }
        scratch = Set(try DirectoryEntry.list(paths.containers).map(\.name))
        self.paths = paths
    }

    /// Writable layers that no container stands on.
    ///
    /// - Parameter kept: ids of containers whose supervisor lives.
    func removeScratch(keeping kept: Set<String>) throws(SystemCallError) {
        let doomed = scratch.subtracting(kept)
        guard !doomed.isEmpty else { return }
        let directory = try OwnedFileDescriptor(opening: paths.containers, flags: O_RDONLY | O_DIRECTORY)
        for id in doomed.sorted() { try FileTree.remove(id, in: directory.rawValue) }
    }

    /// Every deed was compared with the world, and is done again where it is still wanted.
    func closeIntents(in ledger: Ledger) async throws(LedgerError) {
        let sequences = intents.map(\.sequence)
        guard !sequences.isEmpty else { return }
        try await ledger.commit { transaction in
            for sequence in sequences { try transaction.finish(sequence, failure: "interrupted; decided anew", at: Date()) }
        }
    }
}
