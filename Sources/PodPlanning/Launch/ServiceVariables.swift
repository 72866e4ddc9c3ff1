import KubeAPI

/// The variables that announce Services to a container: `REDIS_SERVICE_HOST`, `REDIS_SERVICE_PORT`, and the link
/// variables after them. Source: Kubernetes, "Service", "Environment variables".
///
/// - Returns: names and values; Services in order of name.
func serviceVariables(_ services: [Service], namespace: String, linksEnabled: Bool) -> [(name: String, value: String)] {
    let announced = services.filter { service in
        guard !service.spec.clusterIP.isEmpty, service.spec.clusterIP != "None" else { return false }
        let isAPI = service.metadata.namespace == "default" && service.metadata.name == "kubernetes"
        return isAPI || (linksEnabled && service.metadata.namespace == namespace)
    }
    return announced.sorted { $0.metadata.name < $1.metadata.name }.flatMap(variables)
}

private func variables(_ service: Service) -> [(name: String, value: String)] {
    let prefix = variableName(service.metadata.name)
    let host = service.spec.clusterIP
    guard let first = service.spec.ports.first else { return [] }
    var result = [("\(prefix)_SERVICE_HOST", host), ("\(prefix)_SERVICE_PORT", "\(first.port)")]
    result += service.spec.ports.filter { !$0.name.isEmpty }.map { ("\(prefix)_SERVICE_PORT_\(variableName($0.name))", "\($0.port)") }

    let bracketed = host.contains(":") ? "[\(host)]" : host
    for (index, port) in service.spec.ports.enumerated() {
        let proto = port.protocol.isEmpty ? "TCP" : port.protocol.uppercased()
        let url = "\(proto.lowercased())://\(bracketed):\(port.port)"
        let link = "\(prefix)_PORT_\(port.port)_\(proto)"
        if index == 0 { result.append(("\(prefix)_PORT", url)) }
        result += [(link, url), ("\(link)_PROTO", proto.lowercased()), ("\(link)_PORT", "\(port.port)"), ("\(link)_ADDR", host)]
    }
    return result
}

private func variableName(_ name: String) -> String { name.uppercased().replacing("-", with: "_") }
