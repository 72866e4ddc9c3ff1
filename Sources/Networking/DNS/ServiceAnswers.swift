/// What to do with a question.
enum DNSResolution: Hashable, Sendable {
    case answer(DNSResponse)
    /// The answer begins with these aliases; the addresses of `target` are somebody else's to tell.
    case follow([DNSRecord], target: DNSName)
    /// Not a name of the cluster.
    case forward
}

/// The cluster's own answer. Source: Kubernetes DNS-Based Service Discovery 1.1.
func answer(_ question: DNSQuestion, from registry: ServiceRegistry) -> DNSResolution {
    guard question.class == DNSClass.internet || question.class == DNSClass.any else { return .forward }
    if let address = IPAddress(reverse: question.name), let name = registry.pointers[address] {
        return respond(to: question, with: [DNSRecord(name: question.name, ttl: lifetime, data: .pointer(name))], in: registry)
    }
    guard let labels = question.name.relative(to: registry.zone) else { return .forward }

    // From the right: svc or pod, namespace, service, and what stands before it.
    switch (labels.last, labels.dropLast().last, labels.dropLast(2).last) {
    case (nil, _, _):
        return respond(to: question, with: [registry.startOfAuthority], in: registry)
    case ("svc", nil, _):
        return respond(to: question, with: [], in: registry)
    case ("svc", let namespace?, nil):
        guard registry.services[namespace] != nil else { return .answer(registry.nameError) }
        return respond(to: question, with: [], in: registry)
    case ("svc", let namespace?, let name?):
        guard let entry = registry.services[namespace]?[name] else { return .answer(registry.nameError) }
        return answer(question, prefix: Array(labels.dropLast(3)), entry: entry, registry: registry)
    case ("pod", _?, let dashed?) where labels.count == 3:
        // `10-61-0-2.default.pod`: says only what the name itself says, as other cluster DNS servers do.
        guard let address = IPAddress(dashed: dashed) else { return .answer(registry.nameError) }
        return respond(to: question, with: [DNSRecord(name: question.name, ttl: lifetime, data: .address(address))], in: registry)
    default:
        return .answer(registry.nameError)
    }
}

/// Seconds. Short, because pods come and go; Kubernetes' own default.
private let lifetime: UInt32 = 5

private func answer(
    _ question: DNSQuestion, prefix: [String], entry: ServiceRegistry.Entry, registry: ServiceRegistry
) -> DNSResolution {
    let service = DNSName(labels: question.name.labels.dropFirst(prefix.count))
    func addresses(_ hosts: [IPAddress], as name: DNSName) -> [DNSRecord] {
        hosts.map { DNSRecord(name: name, ttl: lifetime, data: .address($0)) }
    }
    switch prefix.count {
    case 0:
        if let target = entry.externalName {
            let alias = DNSRecord(name: question.name, ttl: lifetime, data: .alias(target))
            if question.type == DNSType.cname { return respond(to: question, with: [alias], in: registry) }
            return .follow([alias], target: target)
        }
        if question.type == DNSType.srv {
            return services(entry.servicePorts, of: entry, service: service, question: question, registry: registry)
        }
        let hosts = entry.clusterIPs.isEmpty ? entry.endpoints.map(\.address) : entry.clusterIPs
        // A headless Service without ready endpoints exists: no data, rather than no such name.
        return respond(to: question, with: addresses(hosts, as: question.name), in: registry)
    case 1 where prefix[0].hasPrefix("_"):
        let isKnown = entry.servicePorts.contains { "_\($0.protocol)" == prefix[0] }
        return isKnown ? respond(to: question, with: [], in: registry) : .answer(registry.nameError)
    case 1:
        let hosts = entry.clusterIPs.isEmpty ? entry.endpoints.filter { $0.label == prefix[0] }.map(\.address) : []
        guard !hosts.isEmpty else { return .answer(registry.nameError) }
        return respond(to: question, with: addresses(hosts, as: question.name), in: registry)
    case 2 where prefix[0].hasPrefix("_") && prefix[1].hasPrefix("_"):
        let ports = entry.servicePorts.filter { "_\($0.name.lowercased())" == prefix[0] && "_\($0.protocol)" == prefix[1] }
        guard !ports.isEmpty else { return .answer(registry.nameError) }
        return services(ports, of: entry, service: service, question: question, registry: registry)
    default:
        return .answer(registry.nameError)
    }
}

/// SRV records with the addresses of their targets, which saves the client a second round.
private func services(
    _ ports: [ServiceRegistry.Port], of entry: ServiceRegistry.Entry, service: DNSName, question: DNSQuestion, registry: ServiceRegistry
) -> DNSResolution {
    var targets: [(port: UInt16, name: DNSName, addresses: [IPAddress])] = []
    for port in ports {
        if !entry.clusterIPs.isEmpty {
            targets.append((port.number, service, entry.clusterIPs))
            continue
        }
        for host in entry.endpoints {
            for own in host.ports where own.name == port.name && own.protocol == port.protocol {
                targets.append((own.number, service.prepending(host.label), [host.address]))
            }
        }
    }
    let weight = UInt16(100 / max(targets.count, 1))
    let records = targets.map {
        DNSRecord(name: question.name, ttl: lifetime, data: .service(priority: 0, weight: max(weight, 1), port: $0.port, target: $0.name))
    }
    var additional: [DNSRecord] = []
    for target in targets {
        for address in target.addresses {
            let record = DNSRecord(name: target.name, ttl: lifetime, data: .address(address))
            if !additional.contains(record) { additional.append(record) }
        }
    }
    return respond(to: question, with: records, additional: additional, in: registry)
}

extension ServiceRegistry.Entry {
    /// The Service's ports; of a headless one also those that only its endpoints have.
    fileprivate var servicePorts: [ServiceRegistry.Port] {
        guard clusterIPs.isEmpty else { return ports }
        var all = ports
        for port in endpoints.flatMap(\.ports) where !all.contains(where: { $0.name == port.name && $0.protocol == port.protocol }) {
            all.append(port)
        }
        return all
    }
}

/// Those records of an existing name that were asked for; with none, "no data" and who says so.
private func respond(
    to question: DNSQuestion, with records: [DNSRecord], additional: [DNSRecord] = [], in registry: ServiceRegistry
) -> DNSResolution {
    let answers = records.filter { $0.type == question.type || question.type == DNSType.any }
    guard !answers.isEmpty else { return .answer(DNSResponse(authority: [registry.startOfAuthority])) }
    return .answer(DNSResponse(answers: answers, additional: additional))
}

extension ServiceRegistry {
    fileprivate var startOfAuthority: DNSRecord {
        DNSRecord(
            name: zone, ttl: lifetime,
            // There is no zone transfer, so nobody compares serials.
            data: .authority(server: zone.prepending("ns", "dns"), mailbox: zone.prepending("hostmaster"), serial: 1, minimum: lifetime))
    }

    fileprivate var nameError: DNSResponse { DNSResponse(code: .nameError, authority: [startOfAuthority]) }
}

extension IPAddress {
    /// `2.0.61.10.in-addr.arpa`, or 32 nibbles and `ip6.arpa`. Source: RFC 1035, section 3.5; RFC 3596, section 2.5.
    fileprivate init?(reverse name: DNSName) {
        let labels = name.labels.map { String(decoding: $0, as: UTF8.self) }
        switch (labels.suffix(2), labels.count) {
        case (["in-addr", "arpa"], 6):
            self.init(labels.prefix(4).reversed().joined(separator: "."))
        case (["ip6", "arpa"], 34):
            let nibbles = labels.prefix(32).reversed()
            guard nibbles.allSatisfy({ $0.utf8.count == 1 }) else { return nil }
            let digits = Array(nibbles)
            self.init(stride(from: 0, to: 32, by: 4).map { digits[$0..<$0 + 4].joined() }.joined(separator: ":"))
        default: return nil
        }
    }

    /// `10-61-0-2`, or an IPv6 address with dashes for colons.
    fileprivate init?(dashed text: String) {
        guard let address = IPAddress(String(text.map { $0 == "-" ? "." : $0 })) ?? IPAddress(String(text.map { $0 == "-" ? ":" : $0 }))
        else { return nil }
        self = address
    }
}
