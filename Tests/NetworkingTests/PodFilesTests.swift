import KubeAPI
import Testing

@testable import Networking

@Suite("Files of the pod's network")
struct PodFilesTests {
    private func pod(_ spec: String) throws -> Pod {
        try decode(#"{"metadata":{"name":"web-0","namespace":"shop"},"spec":\#(spec)}"#)
    }
    private let host = ResolverConfiguration(parsing: """
        # written by DHCP
        nameserver 192.0.2.53
        nameserver 192.0.2.54
        domain ignored.example
        search office.example. example
        options edns0 timeout:1
        sortlist 130.155.160.0
        """)

    @Test("a pod's hosts file names the pod by its full and its short name, then the aliases")
    func hosts() throws {
        let pod = try pod(#"{"hostname":"web-0","subdomain":"web","hostAliases":[{"ip":"192.0.2.1","hostnames":["a","b"]}]}"#)
        let text = hostsFile(for: pod, podIPs: ["10.61.0.2", "fd00::2"], domain: "cluster.local", hostFile: "unused")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "# Kubernetes-managed hosts file.")
        #expect(lines.contains("127.0.0.1\tlocalhost"))
        #expect(lines.suffix(6) == [
            "10.61.0.2\tweb-0.web.shop.svc.cluster.local\tweb-0", "fd00::2\tweb-0.web.shop.svc.cluster.local\tweb-0", "",
            "# Entries added by HostAliases.", "192.0.2.1\ta\tb", "",
        ])
    }

    @Test("on the host's network it is the host's file")
    func hostNetwork() throws {
        let text = hostsFile(for: try pod(#"{"hostNetwork":true}"#), podIPs: ["192.0.2.2"], domain: "cluster.local", hostFile: "127.0.0.1 localhost\n")
        #expect(text == "# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n")
    }

    @Test("a long pod name is cut to a host name")
    func longName() throws {
        var pod = try pod("{}")
        pod.metadata.name = String(repeating: "a", count: 62) + "-b"
        #expect(PodHostname(of: pod, domain: "cluster.local") .short == String(repeating: "a", count: 62))
    }

    @Test("who is asked, by policy", arguments: [
        (#"{}"#, "search shop.svc.cluster.local svc.cluster.local cluster.local office.example example\nnameserver 10.61.0.1\noptions ndots:5\n"),
        (#"{"dnsPolicy":"ClusterFirst","hostNetwork":true}"#, "search office.example example\nnameserver 192.0.2.53\nnameserver 192.0.2.54\noptions edns0 timeout:1\n"),
        (#"{"dnsPolicy":"ClusterFirstWithHostNet","hostNetwork":true}"#, "search shop.svc.cluster.local svc.cluster.local cluster.local office.example example\nnameserver 10.61.0.1\noptions ndots:5\n"),
        (#"{"dnsPolicy":"Default"}"#, "search office.example example\nnameserver 192.0.2.53\nnameserver 192.0.2.54\noptions edns0 timeout:1\n"),
        (#"{"dnsPolicy":"None","dnsConfig":{"nameservers":["192.0.2.9"],"searches":["a.b."],"options":[{"name":"ndots","value":"1"}]}}"#, "search a.b\nnameserver 192.0.2.9\noptions ndots:1\n"),
        (#"{"dnsConfig":{"nameservers":["10.61.0.1","192.0.2.9"],"searches":["example","x"],"options":[{"name":"ndots","value":"2"},{"name":"edns0"}]}}"#,
            "search shop.svc.cluster.local svc.cluster.local cluster.local office.example example x\nnameserver 10.61.0.1\nnameserver 192.0.2.9\noptions ndots:2 edns0\n"),
    ])
    func resolver(spec: String, expected: String) throws {
        let (configuration, warnings) = resolvConf(for: try pod(spec), clusterDNS: ["10.61.0.1"], domain: "cluster.local", host: host)
        #expect(configuration.text == expected)
        #expect(warnings.isEmpty)
    }

    @Test("what is over the limits is cut and reported")
    func limits() throws {
        var pod = try pod("{}")
        let many = (0..<40).map { "d\($0).example" }
        pod.spec.dnsConfig = try decode(#"{"nameservers":["1.1.1.1","2.2.2.2","3.3.3.3"]}"#)
        pod.spec.dnsConfig?.searches = many
        let (configuration, warnings) = resolvConf(for: pod, clusterDNS: ["10.61.0.1"], domain: "cluster.local", host: host)
        #expect(configuration.nameservers == ["10.61.0.1", "1.1.1.1", "2.2.2.2"])
        #expect(configuration.searches.count == 32)
        #expect(warnings.count == 2)
        pod.spec.dnsConfig?.searches = (0..<20).map { "\($0)" + String(repeating: "x", count: 200) }
        #expect(resolvConf(for: pod, clusterDNS: [], domain: "cluster.local", host: host).configuration.searches.joined(separator: " ").utf8.count <= 2048)
    }

    @Test("without a cluster DNS, ClusterFirst means the node's resolvers")
    func noClusterDNS() throws {
        #expect(resolvConf(for: try pod("{}"), clusterDNS: [], domain: "cluster.local", host: host).configuration == host)
    }
}
