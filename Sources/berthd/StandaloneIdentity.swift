import FoundationEssentials
import ControlPlane
import HTTPServing
import KubeClient
import PodPlanning

/// The certificates of a standalone node, all of its own authority: one for the API server, one for the node API, and
/// one each for the administrator and for the node as clients.
struct StandaloneIdentity: Sendable {
    /// Of the authority, in PEM.
    let rootCertificate: String
    let apiServer: ServerTLS.Files
    let upstream: Upstream

    /// - Parameter gateway: where pods reach the API server.
    init(options: NodeOptions, environment: NodeEnvironment, gateway: String) throws {
        let paths = environment.paths
        let name = environment.facts.nodeName
        let directory = "\(paths.state)/pki"
        let authority = try CertificateAuthority(directory: directory, commonName: "berth-ca")
        let addresses = ["127.0.0.1", "::1"] + environment.facts.nodeIPs + (options.bindAddress.first?.isNumber == true ? [options.bindAddress] : [])
        let domain = environment.facts.clusterDomain
        rootCertificate = authority.certificatePEM

        apiServer = ServerTLS.Files(
            certificateChain: "\(directory)/apiserver.crt", privateKey: "\(directory)/apiserver.key", clientCA: "\(directory)/ca.crt")
        try apiServer.write(
            try authority.issueServer(
                commonName: "kube-apiserver",
                dnsNames: ["localhost", name, "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.\(domain)"],
                ipAddresses: addresses + [gateway, try options.serviceAddresses().first]))
        let serving = ServerTLS.Files(
            certificateChain: "\(directory)/node.crt", privateKey: "\(directory)/node.key", clientCA: "\(directory)/ca.crt")
        try serving.write(
            try authority.issueServer(commonName: "system:node:\(name)", dnsNames: ["localhost", name], ipAddresses: addresses))

        let host = ["0.0.0.0", "::"].contains(options.bindAddress) ? "127.0.0.1" : options.bindAddress
        let server = "https://\(host):\(options.securePort)"
        let node = try authority.issueClient(commonName: "system:node:\(name)", organizations: ["system:nodes"])
        let admin = try authority.issueClient(commonName: "kubernetes-admin", organizations: ["system:masters"])
        try PEMFile.write(
            Self.kubeconfig(server: server, authority: authority.certificatePEM, user: "admin", admin), to: paths.adminKubeconfig, mode: 0o600)
        try PEMFile.write(
            Self.kubeconfig(server: server, authority: authority.certificatePEM, user: "node", node),
            to: "\(paths.configuration)/node.kubeconfig", mode: 0o600)
        let provisioner = try authority.issueClient(commonName: "berth-provisioner", organizations: ["system:masters"])
        func configuration(_ pair: KeyPair) -> KubeConfiguration {
            KubeConfiguration(
                server: server, trust: .authorities(pem: Array(authority.certificatePEM.utf8)),
                clientCertificate: .init(chain: Array(pair.certificatePEM.utf8), key: Array(pair.privateKeyPEM.utf8)))
        }
        upstream = Upstream(configuration: configuration(node), provisioner: configuration(provisioner), serving: serving)
    }

    private static func kubeconfig(server: String, authority: String, user: String, _ pair: KeyPair) -> String {
        func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
        return """
            apiVersion: v1
            kind: Config
            clusters:
            - name: berth
              cluster:
                server: \(server)
                certificate-authority-data: \(encoded(authority))
            users:
            - name: \(user)
              user:
                client-certificate-data: \(encoded(pair.certificatePEM))
                client-key-data: \(encoded(pair.privateKeyPEM))
            contexts:
            - name: berth
              context:
                cluster: berth
                user: \(user)
            current-context: berth

            """
    }
}
