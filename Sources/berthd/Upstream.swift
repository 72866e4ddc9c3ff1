import FoundationEssentials
import HTTPServing
import KubeAPI
import KubeClient
import PodPlanning

/// The API server this node works for, and the certificates of the node's own API.
struct Upstream: Sendable {
    let configuration: KubeConfiguration
    let serving: ServerTLS.Files
    /// As whom the built-in provisioner writes volumes, which a node may not; nil when it has no such identity.
    let provisioner: KubeConfiguration?

    init(configuration: KubeConfiguration, provisioner: KubeConfiguration?, serving: ServerTLS.Files) {
        self.configuration = configuration
        self.provisioner = provisioner
        self.serving = serving
    }

    /// A cluster named by a kubeconfig. Until the cluster signs a serving certificate, the node signs its own.
    init(joining options: NodeOptions, environment: NodeEnvironment) throws {
        configuration = try KubeConfiguration(kubeconfig: options.kubeconfig ?? "")
        provisioner = try options.provisionerKubeconfig.map { path throws(KubeClientError) in try KubeConfiguration(kubeconfig: path) }
        let directory = "\(environment.paths.state)/pki"
        let authority = try CertificateAuthority(directory: directory, commonName: "\(environment.facts.nodeName)-ca")
        let files = ServerTLS.Files(
            certificateChain: "\(directory)/node.crt", privateKey: "\(directory)/node.key",
            clientCA: try Self.clientAuthority(options, configuration, directory: directory))
        try files.write(try authority.issueServer(commonName: "system:node:\(environment.facts.nodeName)", dnsNames: [environment.facts.nodeName], ipAddresses: environment.facts.nodeIPs + ["127.0.0.1"]))
        serving = files
    }

    /// The flag's, else the one that the kubeconfig trusts: API server and clients usually have the same.
    private static func clientAuthority(_ options: NodeOptions, _ configuration: KubeConfiguration, directory: String) throws -> String? {
        if let file = options.clientCAFile { return file }
        guard case .authorities(let pem) = configuration.trust else { return nil }
        let path = "\(directory)/client-ca.crt"
        try PEMFile.write(String(decoding: pem, as: UTF8.self), to: path, mode: 0o644)
        return path
    }
}

extension ServerTLS.Files {
    /// Key first: a certificate is never without its key.
    func write(_ pair: KeyPair) throws {
        try PEMFile.write(pair.privateKeyPEM, to: privateKey, mode: 0o600)
        try PEMFile.write(pair.certificatePEM, to: certificateChain, mode: 0o644)
    }
}
