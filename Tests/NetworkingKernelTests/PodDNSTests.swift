import FoundationEssentials
import KubeAPI
import Logging
import NIOPosix
import Testing

@testable import Networking

@Suite("DNS for pods", .enabled(if: TestNetwork.isPossible, "needs root, CNI plugins and nft"))
struct PodDNSTests {
    @Test("dig, run in a pod, finds the names of the cluster on the bridge's address")
    func dig() async throws {
        try await TestNetwork.with(20) { test in
            let service = try JSONDecoder().decode(
                Service.self, from: Data(#"{"metadata":{"name":"web","namespace":"default"},"spec":{"clusterIP":"None","ports":[{"name":"http","port":80}]}}"#.utf8))
            let endpoints = (0..<60).map { #"{"addresses":["10.213.20.\#($0 + 2)"],"hostname":"web-\#($0)"}"# }.joined(separator: ",")
            let slice = try JSONDecoder().decode(
                EndpointSlice.self,
                from: Data(#"{"metadata":{"name":"web-1","namespace":"default","labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4","ports":[{"name":"http","port":80}],"endpoints":[\#(endpoints)]}"#.utf8))
            let server = ClusterDNS(
                configuration: .init(address: test.network.gateway, upstream: .fixed([])),
                registry: ServiceRegistry(services: [service], slices: [slice]), group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
            #expect(try await server.start() == 53)
            try await TestNamespace.with { namespace in
                let result = try await test.cni.add(test.attachment("a", in: namespace))
                let at = "@\(test.network.gateway)"
                #expect(try await namespace("dig", at, "+short", "web-1.web.default.svc.cluster.local") == "10.213.20.3\n")
                #expect(try await namespace("dig", at, "+short", "-x", "10.213.20.3") == "web-1.web.default.svc.cluster.local.\n")
                // 60 addresses do not fit 512 bytes: dig sees the truncation and asks again by TCP.
                let all = try await namespace("dig", at, "+short", "+noedns", "web.default.svc.cluster.local")
                #expect(all.split(separator: "\n").count == 60)
                let srv = try await namespace("dig", at, "+tcp", "SRV", "_http._tcp.web.default.svc.cluster.local")
                #expect(srv.contains("ANSWER: 60"))
                #expect(srv.contains("ADDITIONAL: 61"))
                #expect(!srv.contains("malformed") && !srv.contains("trailing"))
                let missing = try await namespace("dig", at, "nothing.default.svc.cluster.local")
                #expect(missing.contains("status: NXDOMAIN"))
                #expect(missing.contains("SOA"))
                #expect(try await namespace("dig", at, "example.com").contains("status: SERVFAIL"))
                try await test.cni.delete(test.attachment("a", in: namespace), result: result)
            }
            await server.shutDown()
        }
    }
}
