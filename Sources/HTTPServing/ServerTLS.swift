import NIOCore
import NIOSSL
import Synchronization

/// The certificate a server shows and the authority its clients' certificates are checked against. Files are read again
/// by `reload()`, so that a rotated certificate or client CA serves the next connection without a restart.
package final class ServerTLS: Sendable {
    package struct Files: Hashable, Sendable {
        package var certificateChain: String
        package var privateKey: String
        /// Nil: client certificates are not asked for.
        package var clientCA: String?
        package init(certificateChain: String, privateKey: String, clientCA: String?) {
            self.certificateChain = certificateChain
            self.privateKey = privateKey
            self.clientCA = clientCA
        }
    }

    private let current: Mutex<(files: Files, context: NIOSSLContext)>

    package init(files: Files) throws(HTTPServingError) {
        current = Mutex((files, try Self.context(files)))
    }

    package func reload() throws(HTTPServingError) {
        try use(current.withLock { $0.files })
    }

    /// From the next connection on, client certificates are checked against the authority in this file; nil: not asked for.
    package func trustClients(of clientCA: String?) throws(HTTPServingError) {
        var files = current.withLock { $0.files }
        files.clientCA = clientCA
        try use(files)
    }

    private func use(_ files: Files) throws(HTTPServingError) {
        let fresh = try Self.context(files)
        current.withLock { $0 = (files, fresh) }
    }

    var context: NIOSSLContext { current.withLock { $0.context } }

    private static func context(_ files: Files) throws(HTTPServingError) -> NIOSSLContext {
        var reading = files.certificateChain
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(reading).map { NIOSSLCertificateSource.certificate($0) }
            reading = files.privateKey
            let key = try NIOSSLPrivateKey(file: reading, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            // A client that has gone silent does not answer our goodbye either; without this it would hold up the end by 5 s.
            configuration.shutdownTimeout = .milliseconds(300)
            if let clientCA = files.clientCA {
                reading = clientCA
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(clientCA))
                configuration.certificateVerification = .optionalVerification
            }
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .unusableCertificate(file: reading, cause: error)
        }
    }
}
