import KubeAPI
import LinuxSystem
package import Logging

/// Runs the network's plugins for a pod. Holds no state: what must be remembered is in the `NetworkResult` that the
/// ledger keeps. Calls for one attachment must not overlap; different pods may run side by side.
/// Source: CNI 1.0, section 2, "Execution protocol".
package struct CNI: Sendable {
    package struct Configuration: Hashable, Sendable {
        /// Read at every ADD, so that a network installed later is found without a restart.
        package var configurationDirectory: String
        /// Searched in order.
        package var pluginDirectories: [String]
        /// For one plugin.
        package var deadline: Duration

        package init(
            configurationDirectory: String = "/etc/cni/net.d", pluginDirectories: [String] = ["/opt/cni/bin", "/usr/lib/cni"],
            deadline: Duration = .seconds(30)
        ) {
            self.configurationDirectory = configurationDirectory
            self.pluginDirectories = pluginDirectories
            self.deadline = deadline
        }
    }

    private let configuration: Configuration
    private let logger: Logger

    package init(configuration: Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// The list that the next ADD will use; tells readiness of the network.
    package func currentList() throws(NetworkError) -> NetworkConfigurationList {
        let (list, passedOver) = try NetworkConfigurationList.load(from: configuration.configurationDirectory)
        for error in passedOver { logger.warning("network configuration passed over", metadata: ["error": "\(error)"]) }
        return list
    }

    /// Connects the pod, whose loopback its supervisor has set up. When a plugin fails, those before it are undone before the error is thrown.
    package func add(_ attachment: PodAttachment) async throws(NetworkError) -> NetworkResult {
        let list = try currentList()
        var previous: JSONValue?
        do throws(NetworkError) {
            for plugin in list.plugins where !plugin.isIdle(for: attachment) {
                previous = try await run(plugin, "ADD", for: attachment, in: list, previous: previous)
            }
            guard let previous, previous["ips"]?.array?.isEmpty == false else {
                throw .invalidResult(plugin: list.plugins.map(\.type).joined(separator: ", "), reason: "no address")
            }
            return NetworkResult(configuration: list.source, raw: previous, portMappings: attachment.portMappings)
        } catch {
            await undo(attachment, in: list, previous: previous)
            throw error
        }
    }

    /// Gives everything back. Works any number of times, after half an ADD, and when the network namespace is gone.
    /// - Parameter result: of the ADD; nil when it was never recorded.
    package func delete(_ attachment: PodAttachment, result: NetworkResult?) async throws(NetworkError) {
        var attachment = attachment
        let list: NetworkConfigurationList
        if let result {
            list = try NetworkConfigurationList(result.configuration, file: "of the ledger")
            attachment.portMappings = result.portMappings
        } else {
            list = try currentList()
        }
        try await delete(attachment, in: list, previous: result?.raw, sparing: { $0.isIdle(for: attachment) })
    }

    /// Throws when the pod's network is no longer as ADD left it.
    package func check(_ attachment: PodAttachment, result: NetworkResult) async throws(NetworkError) {
        let list = try NetworkConfigurationList(result.configuration, file: "of the ledger")
        // CHECK came with 0.4.0.
        guard !list.disableCheck, !list.cniVersion.hasPrefix("0.3.") else { return }
        var attachment = attachment
        attachment.portMappings = result.portMappings
        for plugin in list.plugins where !plugin.isIdle(for: attachment) {
            try await run(plugin, "CHECK", for: attachment, in: list, previous: result.raw)
        }
    }

    /// Deletes attachments that hold an address although nobody remembers them: what a crash between effect and record
    /// leaves.
    /// - Parameter isLeaked: whether nobody knows an attachment of this id. As to pods that are about to be started, it must know.
    /// - Returns: the ids that were deleted.
    package func releaseLeaked(in reservations: AddressReservations, where isLeaked: @Sendable (String) -> Bool) async throws(NetworkError) -> [String] {
        let leaked = try reservations.holders().filter(isLeaked)
        guard !leaked.isEmpty else { return [] }
        let list = try currentList()
        for id in leaked {
            var attachment = PodAttachment(containerID: id, networkNamespace: nil, namespace: "", name: "", uid: "")
            // Whether it had host ports is not known, so no plugin is spared; `portmap` finds its rules by the id, but looks only
            // when it is told of a port.
            attachment.portMappings = [PortMapping(hostPort: 1, containerPort: 1)]
            try await delete(attachment, in: list, previous: nil, sparing: { _ in false })
            logger.notice("address of a forgotten pod released", metadata: ["container.id": "\(id)"])
        }
        return leaked
    }

    /// In reverse order; every plugin is run even when one fails, and the first error is thrown at the end.
    private func delete(
        _ attachment: PodAttachment, in list: NetworkConfigurationList, previous: JSONValue?, sparing: (PluginConfiguration) -> Bool
    ) async throws(NetworkError) {
        var failure: NetworkError?
        for plugin in list.plugins.reversed() where !sparing(plugin) {
            do throws(NetworkError) {
                try await run(plugin, "DEL", for: attachment, in: list, previous: previous)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private func undo(_ attachment: PodAttachment, in list: NetworkConfigurationList, previous: JSONValue?) async {
        do throws(NetworkError) {
            try await delete(attachment, in: list, previous: previous, sparing: { $0.isIdle(for: attachment) })
        } catch {
            logger.warning("undoing a failed network setup", metadata: ["container.id": "\(attachment.containerID)", "error": "\(error)"])
        }
    }

    /// - Returns: the plugin's result; null for DEL and CHECK.
    @discardableResult
    private func run(
        _ plugin: PluginConfiguration, _ command: String, for attachment: PodAttachment, in list: NetworkConfigurationList,
        previous: JSONValue?
    ) async throws(NetworkError) -> JSONValue {
        var child = ChildProcess(executable: try executable(of: plugin), deadline: configuration.deadline)
        child.environment = [
            "CNI_COMMAND": command, "CNI_CONTAINERID": attachment.containerID, "CNI_NETNS": attachment.networkNamespace ?? "",
            "CNI_IFNAME": PodAttachment.interface, "CNI_ARGS": attachment.arguments,
            "CNI_PATH": configuration.pluginDirectories.joined(separator: ":"),
            // Plugins run iptables and their IPAM plugin by name.
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            // Plugins are Go programs that live for 10 ms and do one thing after another: threads of their own and garbage
            // collection only cost. Measured: a fifth less for thirty pods at once. Debian's are linked with the C library, which
            // would make a heap for each of the threads they have all the same.
            "GOMAXPROCS": "1", "GOGC": "off", "MALLOC_ARENA_MAX": "1",
        ]
        child.standardInput = plugin.input(for: attachment, in: list, previous: previous).serialized()
        let outcome: ChildProcess.Outcome
        do throws(SystemCallError) { outcome = try await child.run() } catch { throw .system(error) }
        guard outcome.succeeded else { throw failure(of: plugin, command, outcome) }
        guard command == "ADD" else { return .null }
        do throws(JSONError) {
            return try JSONValue(parsing: outcome.standardOutput)
        } catch {
            throw .invalidResult(plugin: plugin.type, reason: "\(error)")
        }
    }

    private func executable(of plugin: PluginConfiguration) throws(NetworkError) -> String {
        let candidates = configuration.pluginDirectories.map { "\($0)/\(plugin.type)" }
        guard let path = candidates.first(where: isExecutable) else {
            throw .pluginMissing(type: plugin.type, directories: configuration.pluginDirectories)
        }
        return path
    }

    private func failure(of plugin: PluginConfiguration, _ command: String, _ outcome: ChildProcess.Outcome) -> NetworkError {
        // A plugin that crashed printed no JSON; then what it did print is the message.
        guard let report = try? JSONValue(parsing: outcome.standardOutput), let message = report["msg"]?.string else {
            let output = outcome.standardError.isEmpty ? outcome.standardOutput : outcome.standardError
            let text = String(decoding: output.prefix(400), as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: "; ")
            return .pluginFailed(plugin: plugin.type, command: command, ending: outcome.ending, output: text)
        }
        let details = report["details"]?.string ?? ""
        return .pluginRefused(
            plugin: plugin.type, command: command, code: report["code"]?.int ?? 0,
            message: details.isEmpty ? message : "\(message): \(details)")
    }
}
