package import KubeAPI

/// The content of a resolv.conf. Source: resolv.conf(5).
package struct ResolverConfiguration: Hashable, Sendable {
    package var nameservers: [String]
    package var searches: [String]
    /// `ndots:5` and the like, in order.
    package var options: [String]

    package init(nameservers: [String] = [], searches: [String] = [], options: [String] = []) {
        self.nameservers = nameservers
        self.searches = searches
        self.options = options
    }

    /// Lines that are not understood are skipped, as the resolver skips them. The last `search` or `domain` line counts.
    package init(parsing text: String) {
        self.init()
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            guard let keyword = words.first, !keyword.hasPrefix("#"), !keyword.hasPrefix(";") else { continue }
            switch keyword {
            case "nameserver": nameservers += words.dropFirst().prefix(1)
            case "search", "domain": searches = words.dropFirst().map(withoutTrailingDot)
            case "options": options += words.dropFirst()
            default: break
            }
        }
    }

    package var text: String {
        var lines: [String] = []
        if !searches.isEmpty { lines.append("search " + searches.joined(separator: " ")) }
        lines += nameservers.map { "nameserver \($0)" }
        if !options.isEmpty { lines.append("options " + options.joined(separator: " ")) }
        return lines.map { $0 + "\n" }.joined()
    }

    /// What Kubernetes allows and resolvers read: 3 name servers, 32 search domains in 2048 characters.
    package static let limits = (nameservers: 3, searches: 32, searchCharacters: 2048)
}

/// The `/etc/resolv.conf` that a pod's containers share.
///
/// - Parameters:
///   - clusterDNS: addresses of the cluster's DNS; when empty, `ClusterFirst` falls back to the node's resolvers.
///   - host: the node's own configuration.
/// - Returns: the configuration, and a message for each limit that cut something off (the kubelet's event
///   `DNSConfigForming`).
/// - Note: source: Kubernetes, "DNS for Services and Pods", pod's DNS policy and DNS config.
package func resolvConf(
    for pod: Pod, clusterDNS: [String], domain: String, host: ResolverConfiguration
) -> (configuration: ResolverConfiguration, warnings: [String]) {
    var configuration: ResolverConfiguration
    var warnings: [String] = []
    switch pod.spec.dnsPolicy {
    case "None":
        configuration = ResolverConfiguration()
    case "Default":
        configuration = host
    case "ClusterFirstWithHostNet":
        configuration = clusterFirst(namespace: pod.metadata.namespace, clusterDNS: clusterDNS, domain: domain, host: host)
    default:  // ClusterFirst, which for a pod on the host's network means the host's resolvers
        configuration =
            pod.spec.hostNetwork
            ? host : clusterFirst(namespace: pod.metadata.namespace, clusterDNS: clusterDNS, domain: domain, host: host)
    }
    if let own = pod.spec.dnsConfig {
        configuration.nameservers = unique(configuration.nameservers + own.nameservers)
        configuration.searches = unique(configuration.searches + own.searches.map(withoutTrailingDot))
        configuration.options = merge(configuration.options, own.options)
    }
    limit(&configuration, &warnings)
    return (configuration, warnings)
}

private func clusterFirst(
    namespace: String, clusterDNS: [String], domain: String, host: ResolverConfiguration
) -> ResolverConfiguration {
    guard !clusterDNS.isEmpty else { return host }
    return ResolverConfiguration(
        nameservers: clusterDNS,
        searches: unique(["\(namespace).svc.\(domain)", "svc.\(domain)", domain] + host.searches),
        options: ["ndots:5"])
}

/// An option of the pod replaces one of the same name in place; the others follow, in the pod's order.
private func merge(_ options: [String], _ own: [PodDNSConfigOption]) -> [String] {
    var merged = options
    for option in own where !option.name.isEmpty {
        let text = if let value = option.value, !value.isEmpty { "\(option.name):\(value)" } else { option.name }
        let present = merged.firstIndex { $0.split(separator: ":", maxSplits: 1).first.map(String.init) == option.name }
        if let present { merged[present] = text } else { merged.append(text) }
    }
    return merged
}

private func limit(_ configuration: inout ResolverConfiguration, _ warnings: inout [String]) {
    let limits = ResolverConfiguration.limits
    if configuration.nameservers.count > limits.nameservers {
        configuration.nameservers = Array(configuration.nameservers.prefix(limits.nameservers))
        let applied = configuration.nameservers.joined(separator: " ")
        warnings.append("Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: \(applied)")
    }
    let all = configuration.searches.count
    configuration.searches = Array(configuration.searches.prefix(limits.searches))
    while configuration.searches.joined(separator: " ").utf8.count > limits.searchCharacters { configuration.searches.removeLast() }
    if configuration.searches.count < all {
        let applied = configuration.searches.joined(separator: " ")
        warnings.append("Search Line limits were exceeded, some search paths have been omitted, the applied search line is: \(applied)")
    }
}

private func withoutTrailingDot(_ name: some StringProtocol) -> String {
    name.count > 1 && name.hasSuffix(".") ? String(name.dropLast()) : String(name)
}

private func unique(_ values: [String]) -> [String] {
    var seen: Set<String> = []
    return values.filter { seen.insert($0).inserted }
}
