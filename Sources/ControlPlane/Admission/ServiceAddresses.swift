import KubeAPI

extension FieldError: Error {}

/// The range that Services get their `clusterIP` from.
package struct ServiceAddresses: Sendable {
    /// The network's first address, as a number.
    private let base: UInt32
    private let count: UInt32

    /// 10.96.0.0/16
    package static let standard = ServiceAddresses(base: 0x0A60_0000, prefix: 16)

    private init(base: UInt32, prefix: Int) {
        self.base = base
        count = UInt32(1) << (32 - prefix)
    }

    /// - Parameter cidr: an IPv4 network such as `10.96.0.0/16`, 12…28 bits; nil when it is none.
    package init?(cidr: String) {
        let parts = cidr.split(separator: "/")
        guard parts.count == 2, let prefix = Int(parts[1]), (12...28).contains(prefix), let address = Self.number(String(parts[0])) else { return nil }
        self.init(base: address & ~((UInt32(1) << (32 - prefix)) - 1), prefix: prefix)
    }

    /// The first usable address: that of the `kubernetes` Service.
    package var first: String { Self.text(base + 1) }

    /// Sets `clusterIP`, `clusterIPs`, the families and node ports of `service` where its type asks for them.
    func allot(to service: inout JSONValue, others: [JSONValue]) throws(FieldError) {
        let type = service.text("spec", "type")
        guard ["ClusterIP", "NodePort", "LoadBalancer"].contains(type) else {
            for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] { service.set("spec", key, to: nil) }
            return
        }
        var address = service.text("spec", "clusterIP")
        if address.isEmpty, let first = service.texts("spec", "clusterIPs").first { address = first }
        if address != "None" {
            let taken = Set(others.map { $0.text("spec", "clusterIP") })
            if address.isEmpty {
                // Each Service begins its search elsewhere, so that two made at the same moment do not meet.
                let start = service.meta.uid.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 } % (count - 11)
                let candidates = (0..<count - 11).lazy.map { Self.text(base + 10 + (start + $0) % (count - 11)) }
                guard let free = candidates.first(where: { !taken.contains($0) }) else {
                    throw FieldError(FieldPath("spec.clusterIP"), .invalid("", "range is full"))
                }
                address = free
            } else if taken.contains(address) {
                let problem = FieldError.Problem.invalid([.string(address)], "failed to allocate IP \(address): provided IP is already allocated")
                throw FieldError(FieldPath("spec.clusterIPs"), problem)
            }
        }
        service.set("spec", "clusterIP", to: .string(address))
        service.set("spec", "clusterIPs", to: [.string(address)])
        service.modify("spec") { spec in
            if spec.items("ipFamilies").isEmpty { spec["ipFamilies"] = ["IPv4"] }
            spec.fill("ipFamilyPolicy", "SingleStack")
        }
        if type != "ClusterIP" { try allotNodePorts(to: &service, others: others) }
    }

    private func allotNodePorts(to service: inout JSONValue, others: [JSONValue]) throws(FieldError) {
        var taken = Set(others.flatMap { $0.items("spec", "ports").compactMap { $0.number("nodePort") } })
        var ports = service.items("spec", "ports")
        for index in ports.indices {
            let wanted = ports[index].number("nodePort") ?? 0
            let field = FieldPath("spec.ports").index(index).child("nodePort")
            if wanted != 0, taken.contains(wanted) {
                throw FieldError(field, .invalid(.int(wanted), "provided port is already allocated"))
            }
            guard let port = wanted != 0 ? wanted : (30000...32767).first(where: { !taken.contains($0) }) else {
                throw FieldError(field, .invalid(0, "range is full"))
            }
            taken.insert(port)
            ports[index]["nodePort"] = .int(port)
        }
        service.set("spec", "ports", to: .array(ports))
    }

    private static func number(_ text: String) -> UInt32? {
        let bytes = text.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
        return bytes.count == 4 ? bytes.reduce(0) { $0 << 8 | UInt32($1) } : nil
    }

    private static func text(_ number: UInt32) -> String {
        "\(number >> 24).\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
    }
}
