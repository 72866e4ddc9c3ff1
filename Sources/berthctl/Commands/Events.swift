import ArgumentParser
import FoundationEssentials
import KubeAPI
import NIOHTTP1

struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show what happened on this node since berthd started.")

    @OptionGroup var node: NodeSelection

    func run() async throws {
        let events: [Event] = try await node.api().value(path: "/berth/v1/events")
        if node.output == .json { return try printJSON(events) }
        var table = TextTable("LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE")
        for event in events {
            let object = event.involvedObject
            let name = object.namespace.isEmpty ? object.name : "\(object.namespace)/\(object.name)"
            table.add(
                event.lastTimestamp.map { age(since: $0.date) } ?? "", event.type, event.reason, "\(object.kind.lowercased())/\(name)",
                event.message + (event.count > 1 ? " (x\(event.count))" : ""))
        }
        print(table.text)
    }
}
