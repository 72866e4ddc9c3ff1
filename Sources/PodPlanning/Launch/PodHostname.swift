package import KubeAPI

/// The names a pod answers to. Source: Kubernetes, "DNS for Services and Pods", "Pod's hostname and subdomain fields".
package struct PodHostname: Hashable, Sendable {
    /// At most 63 characters; what `hostname` prints, unless the pod asks for the full name.
    package let hostname: String
    /// `<subdomain>.<namespace>.svc.<cluster domain>`; nil without a subdomain.
    package let domain: String?
    /// What is written into the UTS namespace.
    package let kernelName: String

    package init(of pod: Pod, on node: NodeFacts) throws(PlanningError) {
        let spec = pod.spec
        if let override = spec.hostnameOverride {
            hostname = Self.cut(override)
            domain = nil
            kernelName = hostname
            return
        }
        hostname = Self.cut(spec.hostname.isEmpty ? pod.metadata.name : spec.hostname)
        domain = spec.subdomain.isEmpty ? nil : "\(spec.subdomain).\(pod.metadata.namespace).svc.\(node.clusterDomain)"
        if spec.setHostnameAsFQDN == true, let domain {
            let full = "\(hostname).\(domain)"
            guard full.utf8.count <= 64 else { throw .hostnameTooLong(full) }
            kernelName = full
        } else {
            kernelName = hostname
        }
    }

    /// The kernel's 64 bytes hold 63 and a terminator; a name may not end in a dash or dot.
    private static func cut(_ name: String) -> String {
        guard name.utf8.count > 63 else { return name }
        var short = name.prefix(63)
        while short.last == "-" || short.last == "." { short.removeLast() }
        return String(short)
    }
}
