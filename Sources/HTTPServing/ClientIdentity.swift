import NIOSSL
import SwiftASN1
import X509

/// Who is at the other end of a connection, as far as the transport can tell.
package enum ClientIdentity: Hashable, Sendable {
    /// Nothing was presented; a bearer token may still say who it is.
    case anonymous
    /// A certificate that the server's client CA signed: user is the common name, groups are the organisations.
    /// Source: Kubernetes authentication, "X.509 client certificates".
    case certificate(user: String, groups: [String])
    /// Root, or this daemon's own user, on the Unix socket.
    case localRoot

    init(verified certificate: NIOSSLCertificate?) {
        guard let certificate else {
            self = .anonymous
            return
        }
        do {
            let subject = try Certificate(derEncoded: certificate.toDERBytes()).subject
            var user = ""
            var groups: [String] = []
            for attribute in subject.flatMap({ $0 }) {
                switch attribute.type {
                case .RDNAttributeType.commonName: user = String(describing: attribute.value)
                case .RDNAttributeType.organizationName: groups.append(String(describing: attribute.value))
                default: continue
                }
            }
            self = user.isEmpty ? .anonymous : .certificate(user: user, groups: groups)
        } catch {
            self = .anonymous  // BoringSSL accepted what swift-certificates cannot read: it names nobody
        }
    }
}
