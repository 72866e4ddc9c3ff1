/// How to reach an API server, and as whom.
package struct KubeConfiguration: Sendable {
    /// `https://host:port`, optionally with a path, without a trailing slash.
    package var server: String
    package var trust: Trust
    package var clientCertificate: ClientCertificate?
    package var token: BearerToken?
    /// The context's namespace; `default` when it names none.
    package var namespace: String

    /// Whose signature on the server's certificate is good enough.
    package enum Trust: Sendable, Hashable {
        case system
        /// Certificates in PEM.
        case authorities(pem: [UInt8])
        case anyone
    }

    /// Certificate chain and private key in PEM.
    package struct ClientCertificate: Sendable {
        package var chain: [UInt8]
        package var key: [UInt8]
        package init(chain: [UInt8], key: [UInt8]) {
            self.chain = chain
            self.key = key
        }
    }

    package enum BearerToken: Sendable {
        case value(String)
        /// Read again for every request, because such files are rotated.
        case file(String)
    }

    package init(server: String, trust: Trust, clientCertificate: ClientCertificate? = nil, token: BearerToken? = nil, namespace: String = "default") {
        self.server = server
        self.trust = trust
        self.clientCertificate = clientCertificate
        self.token = token
        self.namespace = namespace
    }
}
