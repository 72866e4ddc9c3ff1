package import KubeAPI

/// The `/etc/hosts` that a pod's containers share, laid out as the kubelet does.
///
/// - Parameters:
///   - podIPs: the pod's addresses; empty for a pod on the host's network.
///   - domain: the cluster's, such as `cluster.local`.
///   - hostFile: the node's own `/etc/hosts`, which a pod on the host's network gets.
package func hostsFile(for pod: Pod, podIPs: [String], domain: String, hostFile: String) -> String {
    var lines: [String]
    if pod.spec.hostNetwork {
        lines = ["# Kubernetes-managed hosts file (host network).", hostFile]
        if hostFile.hasSuffix("\n") { lines[1].removeLast() }
    } else {
        lines = [
            "# Kubernetes-managed hosts file.",
            "127.0.0.1\tlocalhost",
            "::1\tlocalhost ip6-localhost ip6-loopback",
            "fe00::0\tip6-localnet",
            "fe00::0\tip6-mcastprefix",
            "fe00::1\tip6-allnodes",
            "fe00::2\tip6-allrouters",
        ]
        let name = PodHostname(of: pod, domain: domain)
        lines += podIPs.map { ip in ([ip] + [name.fullyQualified, name.short].compactMap(\.self)).joined(separator: "\t") }
    }
    if !pod.spec.hostAliases.isEmpty {
        lines += ["", "# Entries added by HostAliases."]
        lines += pod.spec.hostAliases.map { ([$0.ip] + $0.hostnames).joined(separator: "\t") }
    }
    return lines.joined(separator: "\n") + "\n"
}

/// A pod's own name, within the limits of a DNS label.
package struct PodHostname: Hashable, Sendable {
    package let short: String
    /// `web-0.web.default.svc.cluster.local`; nil for a pod without `subdomain`.
    package let fullyQualified: String?

    package init(of pod: Pod, domain: String) {
        if let override = pod.spec.hostnameOverride, !override.isEmpty {
            short = override
            fullyQualified = nil
            return
        }
        // Longer names are cut to a label's 63 characters, and must not then end in a dash or dot.
        var name = String((pod.spec.hostname.isEmpty ? pod.metadata.name : pod.spec.hostname).prefix(63))
        while name.last == "-" || name.last == "." { name.removeLast() }
        short = name
        fullyQualified =
            pod.spec.subdomain.isEmpty ? nil : "\(name).\(pod.spec.subdomain).\(pod.metadata.namespace).svc.\(domain)"
    }
}
