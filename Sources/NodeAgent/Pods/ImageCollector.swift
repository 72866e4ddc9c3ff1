import FoundationEssentials
import Images
import Ledger
import Logging

/// Removes images that nothing needs when the disk fills up, as kubelet does.
struct ImageCollector: Sendable {
    private static let interval = Duration.seconds(300)

    let images: ImageKeeper
    let ledger: Ledger
    let logger: Logger
    /// Ids of the images that the pods of this node stand on.
    let inUse: @Sendable () async -> [String: String]

    /// Looks at once, and then every five minutes, until cancelled.
    func run() async {
        while !Task.isCancelled {
            await collect(at: Date())
            // Ends early only by cancellation, which the loop condition sees.
            try? await Task.sleep(for: Self.interval, tolerance: .seconds(30))
        }
    }

    /// - Parameter everything: whatever is not in use goes, however young.
    func collect(at now: Date, everything: Bool = false) async {
        let used = await inUse()
        do {
            let uses = try await ledger.commit { transaction in
                for (id, name) in used { try transaction.save(ImageUseEntry(imageID: id, name: name, lastUsedAt: now)) }
                return try transaction.snapshot.imageUses()
            }
            let last = Dictionary(uses.map { ($0.imageID, Int($0.lastUsedAt.timeIntervalSince1970)) }, uniquingKeysWith: max)
            let removed = try await images.collectGarbage(inUse: Set(used.keys), lastUsed: last, at: now, everything: everything)
            guard !removed.isEmpty else { return }
            try await ledger.commit { transaction in
                for id in removed { try transaction.removeImageUse(id) }
            }
            logger.notice("unused images removed", metadata: ["images": "\(removed.joined(separator: ","))"])
        } catch {
            logger.error("images not collected", metadata: ["error": "\(error)"])
        }
    }
}
