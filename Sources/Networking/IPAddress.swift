import Glibc

/// An IPv4 or IPv6 address, in network byte order.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16.
    package let bytes: [UInt8]
    package var isIPv4: Bool { bytes.count == 4 }

    /// As inet_pton(3) reads it: no zone, no octal, no prefix length.
    package init?(_ text: String) {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var buffer = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &buffer) == 1 {
                bytes = buffer
                return
            }
        }
        return nil
    }

    /// - Precondition: 4 or 16 bytes.
    init(bytes: [UInt8]) {
        precondition(bytes.count == 4 || bytes.count == 16, "an address has 4 or 16 bytes")
        self.bytes = bytes
    }

    init(v4 value: UInt32) { bytes = (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

    package var description: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        // Cannot fail: the family is known and the buffer long enough for both.
        inet_ntop(isIPv4 ? AF_INET : AF_INET6, bytes, &buffer, socklen_t(buffer.count))
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The first label of its own A or AAAA record: `10-61-0-2`.
    var dashed: String { String(description.map { $0 == "." || $0 == ":" ? "-" : $0 }) }
}

/// `10.61.0.0/16`: an address whose host bits are zero, and how many bits name the network.
package struct IPv4Subnet: Hashable, Sendable, CustomStringConvertible {
    let network: UInt32
    package let prefixLength: Int

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])), address.isIPv4, let length = Int(parts[1]), (0...32).contains(length)
        else { return nil }
        network = address.bytes.reduce(0) { $0 << 8 | UInt32($1) }
        prefixLength = length
        guard network & ~mask == 0 else { return nil }
    }

    private var mask: UInt32 { prefixLength == 0 ? 0 : ~0 << (32 - UInt32(prefixLength)) }
    var netmask: IPAddress { IPAddress(v4: mask) }
    func address(at index: UInt32) -> IPAddress { IPAddress(v4: network + index) }
    package var description: String { "\(IPAddress(v4: network))/\(prefixLength)" }
}
