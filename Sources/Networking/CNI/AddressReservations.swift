import FoundationEssentials

/// What the host-local plugin wrote down: one file per address, named for it, the holder's id in its first line.
/// Source: CNI plugins, host-local, "Files".
package struct AddressReservations: Hashable, Sendable {
    /// `<dataDir>/<network>`.
    package let directory: String

    package init(directory: String) { self.directory = directory }

    /// The ids that hold an address, sorted.
    package func holders() throws(NetworkError) -> [String] {
        Array(Set(try all().values)).sorted()
    }

    /// Address to container id.
    package func all() throws(NetworkError) -> [String: String] {
        // No directory: no pod ever had an address here.
        guard FileManager.default.fileExists(atPath: directory) else { return [:] }
        var holders: [String: String] = [:]
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: directory) where IPAddress(name) != nil {
                let text = String(decoding: try Data(contentsOf: URL(filePath: "\(directory)/\(name)")), as: UTF8.self)
                holders[name] = text.split(whereSeparator: \.isNewline).first.map(String.init)
            }
        } catch {
            throw .nodeSetup(step: "reading the address reservations in \(directory)", reason: "\(error)")
        }
        return holders
    }
}
