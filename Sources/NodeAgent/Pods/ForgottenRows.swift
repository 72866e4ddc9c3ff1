import Ledger
import Logging

/// Rows that outlived their pod: what they describe may still be there, and stays on this list until it is given back.
actor ForgottenRows {
    private var networks: [NetworkEntry] = []
    /// Uids of pods with volumes.
    private var publications: Set<String> = []

    func add(networks: [NetworkEntry], publications: Set<String>) {
        self.networks += networks
        self.publications.formUnion(publications)
    }

    /// Gives back what can be given back; each that fails is reported, and keeps none of the others.
    ///
    /// - Parameter isBack: whether there is a pod of this uid again, whose own affair it then is.
    func release(
        besides isBack: @Sendable (String) async -> Bool, logger: Logger, networks releaseNetwork: @Sendable (NetworkEntry) async throws -> Void,
        volumes releaseVolumes: @Sendable (String) async throws -> Void
    ) async {
        for entry in networks {
            do {
                if await !isBack(entry.podUID) { try await releaseNetwork(entry) }
                networks.removeAll { $0 == entry }
            } catch {
                logger.error("forgotten network not released", metadata: ["pod.uid": "\(entry.podUID)", "error": "\(error)"])
            }
        }
        for uid in publications {
            do {
                if await !isBack(uid) { try await releaseVolumes(uid) }
                publications.remove(uid)
            } catch {
                logger.error("forgotten volumes not unmounted", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
            }
        }
    }
}
