import ArgumentParser
import FoundationEssentials
import Ledger

struct Volumes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the persistent volumes of this node, and who uses them.")

    @OptionGroup var node: NodeSelection

    private struct Row: Encodable {
        var id: String
        var claim: String
        var capacityBytes: Int
        var state: String
        var source: String
        var stagingPath: String
        var pods: [String]
    }

    func run() async throws {
        let rows = try node.ledger().read { snapshot in
            let names = Dictionary(try snapshot.pods().map { ($0.uid, "\($0.namespace)/\($0.name)") }) { first, _ in first }
            let staged = try snapshot.stagedVolumes()
            return try snapshot.volumes().map { volume in
                Row(
                    id: volume.id, claim: volume.claimName.isEmpty ? "" : "\(volume.claimNamespace)/\(volume.claimName)",
                    capacityBytes: volume.capacityBytes, state: staged.contains(volume.id) ? "staged" : volume.state.rawValue, source: volume.source, stagingPath: volume.stagingPath,
                    pods: try snapshot.publications(ofVolume: volume.id).map { names[$0.podUID] ?? $0.podUID })
            }
        }
        if node.output == .json { return try printJSON(rows) }
        var table = TextTable("VOLUME", "CLAIM", "CAPACITY", "STATE", "USED BY", "SOURCE")
        for row in rows {
            table.add(row.id, row.claim, bytes(row.capacityBytes), row.state, row.pods.joined(separator: ","), row.source)
        }
        print(table.text)
    }
}
