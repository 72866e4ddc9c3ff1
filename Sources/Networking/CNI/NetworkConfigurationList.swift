import FoundationEssentials
package import KubeAPI

/// A list of plugins that together make one network. Source: CNI 1.0, section 1, "Network configuration format".
package struct NetworkConfigurationList: Hashable, Sendable {
    package let name: String
    package let cniVersion: String
    package let disableCheck: Bool
    let plugins: [PluginConfiguration]
    /// As it stood in the file.
    package let source: JSONValue

    /// Versions whose results we read, oldest first.
    static let supportedVersions = ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]

    /// - Parameter isSinglePlugin: the older `.conf` form, one plugin without a list around it.
    package init(parsing bytes: some Collection<UInt8>, file: String, isSinglePlugin: Bool = false) throws(NetworkError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: Array(bytes))
        } catch {
            throw .invalidConfiguration(file: file, reason: "\(error)")
        }
        if isSinglePlugin {
            var list: JSONValue = ["plugins": [value]]
            list["name"] = value["name"]
            list["cniVersion"] = value["cniVersion"]
            try self.init(list, file: file)
        } else {
            try self.init(value, file: file)
        }
    }

    package init(_ value: JSONValue, file: String) throws(NetworkError) {
        func invalid(_ reason: String) -> NetworkError { .invalidConfiguration(file: file, reason: reason) }
        guard let name = value["name"]?.string, NetworkConfigurationList.isValid(name: name) else {
            throw invalid("'name' must be letters, digits, dots, dashes and underscores, a letter or digit first")
        }
        // `cniVersions` (1.1) offers several; without either field the oldest is meant.
        let offered = (value["cniVersions"]?.array ?? []).compactMap(\.string) + [value["cniVersion"]?.string ?? "0.1.0"]
        guard let version = NetworkConfigurationList.supportedVersions.last(where: offered.contains) else {
            let supported = NetworkConfigurationList.supportedVersions.joined(separator: ", ")
            throw invalid("cniVersion \(offered.joined(separator: ", ")) is not one of \(supported)")
        }
        guard let entries = value["plugins"]?.array, !entries.isEmpty else { throw invalid("'plugins' must be a list that is not empty") }
        var plugins: [PluginConfiguration] = []
        for (index, entry) in entries.enumerated() {
            // A type is a file name; with a slash in it, it could name any program.
            guard let type = entry["type"]?.string, !type.isEmpty, !type.contains("/"), type != "." && type != ".." else {
                throw invalid("plugins[\(index)].type must be the name of a plugin")
            }
            plugins.append(PluginConfiguration(type: type, source: entry))
        }
        self.name = name
        self.plugins = plugins
        cniVersion = version
        // The specification has a boolean; a string "true" is common in older files.
        disableCheck = value["disableCheck"]?.bool ?? (value["disableCheck"]?.string == "true")
        source = value
    }

    /// The first usable list of `directory` in lexical order. A broken file before it is reported, not skipped in silence.
    /// - Returns: the list, and an error for each file that had to be passed over.
    package static func load(from directory: String) throws(NetworkError) -> (list: NetworkConfigurationList, passedOver: [NetworkError]) {
        var passedOver: [NetworkError] = []
        for file in files(in: directory) {
            let path = "\(directory)/\(file)"
            do throws(NetworkError) {
                let bytes: Data
                do {
                    bytes = try Data(contentsOf: URL(filePath: path))
                } catch {
                    throw .invalidConfiguration(file: path, reason: "cannot be read: \(error)")
                }
                return (try NetworkConfigurationList(parsing: bytes, file: path, isSinglePlugin: !file.hasSuffix(".conflist")), passedOver)
            } catch {
                passedOver.append(error)
            }
        }
        if let first = passedOver.first { throw first }
        throw .noConfiguration(directory: directory)
    }

    /// `.conflist`, `.conf` and `.json` files; a missing directory has none.
    package static func files(in directory: String) -> [String] {
        // Missing or unreadable is "none configured", which the caller reports with the directory's name.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { name in [".conflist", ".conf", ".json"].contains(where: name.hasSuffix) && !name.hasPrefix(".") }.sorted()
    }

    /// `^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`, the rule for networks and containers.
    static func isValid(name: String) -> Bool {
        name.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): index > 0
            default: false
            }
        } && !name.isEmpty
    }
}

/// One entry of `plugins`.
struct PluginConfiguration: Hashable, Sendable {
    let type: String
    let source: JSONValue

    func hasCapability(_ name: String) -> Bool { source["capabilities"]?[name]?.bool == true }

    /// The `portmap` plugin does nothing for a pod without host ports, but costs a process for ADD and several runs of
    /// iptables for DEL. Leaving it out cannot be told from running it: its ADD hands on the result it was given.
    func isIdle(for attachment: PodAttachment) -> Bool {
        type == "portmap" && hasCapability("portMappings") && attachment.portMappings.isEmpty
    }

    /// What the plugin reads on standard input. Source: CNI 1.0, section 3, "Deriving execution configuration".
    func input(for attachment: PodAttachment, in list: NetworkConfigurationList, previous: JSONValue?) -> JSONValue {
        var input = source
        input["capabilities"] = nil
        input["name"] = .string(list.name)
        input["cniVersion"] = .string(list.cniVersion)
        if hasCapability("portMappings"), !attachment.portMappings.isEmpty {
            var runtime = input["runtimeConfig"] ?? [:]
            runtime["portMappings"] = .array(attachment.portMappings.map(\.json))
            input["runtimeConfig"] = runtime
        }
        if let previous { input["prevResult"] = previous }
        return input
    }
}
