import KubeAPI
package import LinuxSystem

/// What can go wrong between a pod and its network.
package enum NetworkError: ActionableError, Hashable {
    case noConfiguration(directory: String)
    case invalidConfiguration(file: String, reason: String)
    case invalidSubnet(String)
    case pluginMissing(type: String, directories: [String])
    /// The plugin said so itself, in its error JSON. `code` 11 means: try again later. Source: CNI 1.0, "Error".
    case pluginRefused(plugin: String, command: String, code: Int, message: String)
    /// It ended without a word the specification knows.
    case pluginFailed(plugin: String, command: String, ending: ChildProcess.Ending, output: String)
    case invalidResult(plugin: String, reason: String)
    case nodeSetup(step: String, reason: String)
    case listening(address: String, reason: String)
    case system(SystemCallError)

    package var description: String {
        switch self {
        case .noConfiguration(let directory): "no network configuration in \(directory)"
        case .invalidConfiguration(let file, let reason): "network configuration \(file): \(reason)"
        case .invalidSubnet(let text): "'\(text)' is not an IPv4 subnet with room for pods"
        case .pluginMissing(let type, let directories): "CNI plugin '\(type)' is in none of \(directories.joined(separator: ", "))"
        case .pluginRefused(let plugin, let command, let code, let message): "CNI plugin '\(plugin)' \(command): \(message) (code \(code))"
        case .pluginFailed(let plugin, let command, let ending, let output):
            "CNI plugin '\(plugin)' \(command): \(ending)\(output.isEmpty ? "" : ": \(output)")"
        case .invalidResult(let plugin, let reason): "CNI plugin '\(plugin)' gave a result that cannot be used: \(reason)"
        case .nodeSetup(let step, let reason): "\(step): \(reason)"
        case .listening(let address, let reason): "listening on \(address): \(reason)"
        case .system(let cause): "\(cause)"
        }
    }

    package var remedy: String? {
        switch self {
        case .noConfiguration(let directory): "install a CNI network, or put a .conflist into \(directory)"
        case .invalidConfiguration(let file, _): "correct \(file), or move it away"
        case .invalidSubnet: "give a subnet such as \(DefaultNetwork.standardSubnet), of prefix length 8 to 29"
        case .pluginMissing: "install the package containernetworking-plugins"
        case .listening: "see which process holds the port with: ss -lnptu"
        case .pluginRefused, .pluginFailed, .invalidResult, .nodeSetup, .system: nil
        }
    }

    /// The same call may work later without anybody's help.
    package var isTransient: Bool {
        if case .pluginRefused(_, _, code: 11, _) = self { true } else { false }
    }
}
