import FoundationEssentials
import HTTPServing
import KubeAPI
import KubeClient
import NodeServer
import PodPlanning

/// The API server this node works for, and the certificates of the node's own API.
struct Upstream: Sendable {
    let configuration: KubeConfiguration
    let serving: ServerTLS.Files
    /// As whom the built-in provisioner writes volumes, which a node may not; nil when it has no such identity.
    let provisioner: KubeConfiguration?
    /// Where the authority of the node API's clients is kept that the cluster publishes; nil when it is settled otherwise.
    let publishedClientCA: String?

    init(configuration: KubeConfiguration, provisioner: KubeConfiguration?, serving: ServerTLS.Files) {
        self.configuration = configuration
        self.provisioner = provisioner
        self.serving = serving
        publishedClientCA = nil
    }

    /// A cluster named by a kubeconfig. Until the cluster signs a serving certificate, the node signs its own.
    init(joining options: NodeOptions, environment: NodeEnvironment) throws {
        configuration = try KubeConfiguration(kubeconfig: options.kubeconfig ?? "")
        provisioner = try options.provisionerKubeconfig.map { path throws(KubeClientError) in try KubeConfiguration(kubeconfig: path) }
        let directory = "\(environment.paths.state)/pki"
        let authority = try CertificateAuthority(directory: directory, commonName: "\(environment.facts.nodeName)-ca")
        let published = "\(directory)/cluster-client-ca.crt"
        let files = ServerTLS.Files(
            certificateChain: "\(directory)/node.crt", privateKey: "\(directory)/node.key",
            clientCA: try options.clientCAFile ?? (PEMFile.read(published) == nil ? nil : published))
        try files.write(try authority.issueServer(commonName: "system:node:\(environment.facts.nodeName)", dnsNames: [environment.facts.nodeName], ipAddresses: environment.facts.nodeIPs + ["127.0.0.1"]))
        serving = files
        publishedClientCA = options.clientCAFile == nil ? published : nil
    }
}

extension KubeClient {
    /// What the API server trusts its own clients' certificates by.
    func publishedClientAuthority() async -> ClientAuthority.Answer {
        let (namespace, name, key) = ("kube-system", "extension-apiserver-authentication", "client-ca-file")
        do throws(KubeClientError) {
            let map = try await get(ConfigMap.self, named: name, in: namespace)
            if let pem = map.data[key], !pem.isEmpty { return .published(pem) }
            return .withheld(reason: "ConfigMap \(namespace)/\(name) has no \(key)")
        } catch {
            return error.isForbidden || error.isNotFound ? .withheld(reason: "\(error)") : .unknown(reason: "\(error)")
        }
    }
}

extension ServerTLS.Files {
    /// Key first: a certificate is never without its key.
    func write(_ pair: KeyPair) throws {
        try PEMFile.write(pair.privateKeyPEM, to: privateKey, mode: 0o600)
        try PEMFile.write(pair.certificatePEM, to: certificateChain, mode: 0o644)
    }
}
