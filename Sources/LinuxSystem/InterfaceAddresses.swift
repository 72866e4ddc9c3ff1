import Glibc

/// The addresses of this machine's interfaces. Source: getifaddrs(3).
package enum InterfaceAddresses {
    /// The IPv4 address of the interface with the default route, else of the first one that is up and not the loopback.
    package static func primaryIPv4() -> String? {
        let all = ipv4()
        let preferred = defaultRouteInterface()
        return (all.first { $0.interface == preferred } ?? all.first)?.address
    }

    private static func ipv4() -> [(interface: String, address: String)] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: [(String, String)] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            let flags = entry.ifa_flags
            guard let address = entry.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET),
                flags & UInt32(IFF_UP) != 0, flags & UInt32(IFF_LOOPBACK) == 0
            else { continue }
            let number = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt32(bigEndian: $0.pointee.sin_addr.s_addr) }
            let bytes = [24, 16, 8, 0].map { "\(number >> $0 & 255)" }
            found.append((String(cString: entry.ifa_name), bytes.joined(separator: ".")))
        }
        return found
    }

    /// Source: proc_net_route: interface, destination, ... in hexadecimal.
    private static func defaultRouteInterface() -> String? {
        // A machine without IPv4 routing has no such file, and no default route.
        let text = (try? SmallFile.text("/proc/net/route")) ?? ""
        for line in text.split(separator: "\n").dropFirst() {
            let fields = line.split(whereSeparator: \.isWhitespace)
            if fields.count > 7, fields[1] == "00000000", fields[7] == "00000000" { return String(fields[0]) }
        }
        return nil
    }
}
