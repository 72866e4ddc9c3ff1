import Glibc
import SwiftASN1
import X509

/// An IP address in network byte order: 4 bytes or 16.
package struct IPAddressBytes: Hashable, Sendable {
    package let bytes: [UInt8]

    /// Nil when `text` is neither an IPv4 nor an IPv6 address.
    package init?(_ text: String) {
        var four = [UInt8](repeating: 0, count: 4)
        var six = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = four
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            bytes = six
        } else {
            return nil
        }
    }

    var generalName: GeneralName { .ipAddress(ASN1OctetString(contentBytes: bytes[...])) }
}
