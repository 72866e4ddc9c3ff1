import KubeAPI

enum EventColumns {
    static let core = columns(object: "involvedObject", message: "message", source: "source", prefix: "")
    static let new = columns(object: "regarding", message: "note", source: "deprecatedSource", prefix: "deprecated")

    private static func columns(object: String, message: String, source: String, prefix: String) -> [TablePrinter.Column] {
        let first = prefix.isEmpty ? "firstTimestamp" : "deprecatedFirstTimestamp"
        let last = prefix.isEmpty ? "lastTimestamp" : "deprecatedLastTimestamp"
        let count = prefix.isEmpty ? "count" : "deprecatedCount"
        return [
            .init("Last Seen") { event in
                .string(event.age(of: event.value.at("series", "lastObservedTime") ?? event.value[last] ?? event.value["eventTime"]))
            },
            .init("Type") { .string($0.text("type")) },
            .init("Reason") { .string($0.text("reason")) },
            .init("Object") { .string("\($0.text(object, "kind").lowercased())/\($0.text(object, "name"))") },
            .init("Subobject", wide: true) { .string($0.text(object, "fieldPath")) },
            .init("Source", wide: true) { event in
                let component = event.text(or: event.text("reportingComponent") + event.text("reportingController"), source, "component")
                let host = event.text(or: event.text("reportingInstance"), source, "host")
                return .string(host.isEmpty ? component : "\(component), \(host)")
            },
            .init("Message") { event in
                let text = event.text(message)
                let end = text.indices.last { !text[$0].isWhitespace }
                return .string(end.map { String(text[...$0]) } ?? "")
            },
            .init("First Seen", wide: true) { event in .string(event.age(of: event.value[first] ?? event.value["eventTime"])) },
            .init("Count", wide: true) { event in .string("\(event.value.at("series", "count")?.int ?? event.value[count]?.int ?? 1)") },
            .init("Name", wide: true) { .string($0.name) },
        ]
    }
}
