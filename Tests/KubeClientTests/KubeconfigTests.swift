import Testing

@testable import KubeClient

@Suite("Kubeconfig")
struct KubeconfigTests {
    static let complete = """
        apiVersion: v1
        kind: Config
        current-context: one
        clusters:
        - name: prod
          cluster: {server: "https://10.0.0.1:6443/", insecure-skip-tls-verify: true}
        users:
        - name: ann
          user: {token: abc}
        contexts:
        - name: one
          context: {cluster: prod, user: ann, namespace: shop}
        """

    @Test("a complete file gives server, user and namespace")
    func complete() throws {
        let configuration = try KubeConfiguration(kubeconfigText: Self.complete, file: "/etc/k")
        #expect(configuration.server == "https://10.0.0.1:6443")
        #expect(configuration.namespace == "shop")
        #expect(configuration.trust == .anyone)
        guard case .value("abc") = configuration.token else {
            Issue.record("no token")
            return
        }
    }

    static let mistakes: [(wrong: String, right: String, field: String)] = [
        ("current-context: one", "current-context: two", "current-context"),
        ("cluster: prod,", "cluster: test,", "contexts[one].cluster"),
        ("user: ann,", "user: bob,", "contexts[one].user"),
        ("https://10.0.0.1:6443/", "10.0.0.1", "clusters[prod].server"),
        ("{token: abc}", "{client-certificate-data: AAAA}", "users[ann].client-key"),
        ("{token: abc}", "{client-key-data: '!'}", "users[ann].client-key-data"),
        ("insecure-skip-tls-verify: true", "certificate-authority: /nowhere/ca.crt", "clusters[prod].certificate-authority"),
    ]

    @Test("a mistake is reported with the field it is in", arguments: mistakes)
    func mistake(wrong: String, right: String, field: String) {
        let text = Self.complete.replacing(wrong, with: right)
        #expect(text != Self.complete)
        do throws(KubeClientError) {
            _ = try KubeConfiguration(kubeconfigText: text, file: "/etc/k")
            Issue.record("accepted")
        } catch {
            guard case .configuration("/etc/k", let found, _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(found == field)
        }
    }
}
