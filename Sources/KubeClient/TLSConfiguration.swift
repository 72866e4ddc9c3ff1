import NIOCore
import NIOSSL

extension KubeConfiguration {
    /// What NIOSSL needs for mutual TLS. Sources are checked here, so that a bad file is named at start.
    func tlsConfiguration() throws(KubeClientError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        // A server in the middle of a watch does not answer our goodbye; there is nothing to wait for.
        tls.shutdownTimeout = .milliseconds(100)
        switch trust {
        case .system: break
        case .anyone: tls.certificateVerification = .none
        case .authorities(let pem):
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(pem))
            } catch {
                throw .configuration(file: server, field: "certificate-authority", problem: "holds no certificate in PEM: \(error)")
            }
        }
        if let clientCertificate {
            do {
                tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(clientCertificate.chain).map { .certificate($0) }
            } catch {
                throw .configuration(file: server, field: "client-certificate", problem: "holds no certificate in PEM: \(error)")
            }
            do {
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: clientCertificate.key, format: .pem))
            } catch {
                throw .configuration(file: server, field: "client-key", problem: "holds no private key in PEM: \(error)")
            }
        }
        return tls
    }
}
