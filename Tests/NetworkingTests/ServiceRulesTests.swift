import KubeAPI
import Testing

@testable import Networking

@Suite("Rules of Services")
struct ServiceRulesTests {
    private func rules(_ service: String, endpoints: String) throws -> [String] {
        let slice: EndpointSlice = try decode(
            #"{"metadata":{"name":"s-1","namespace":"d","labels":{"kubernetes.io/service-name":"s"}},"addressType":"IPv4","ports":[{"name":"http","port":8080}],"endpoints":[\#(endpoints)]}"#)
        let registry = ServiceRegistry(services: [try decode(#"{"metadata":{"name":"s","namespace":"d"},"spec":\#(service)}"#)], slices: [slice])
        let subnet = try #require(IPv4Subnet("10.61.0.0/16"))
        return serviceRules(registry, podSubnet: subnet).split(separator: "\n").map { $0.drop { $0 == " " } }.map(String.init)
            .filter { $0.contains("dport") }
    }

    @Test("connections are spread over the ready endpoints")
    func spread() throws {
        let endpoints = #"{"addresses":["10.61.0.2"]},{"addresses":["10.61.0.3"]},{"addresses":["10.61.0.4"],"conditions":{"ready":false}}"#
        #expect(
            try rules(#"{"clusterIP":"10.62.0.5","ports":[{"name":"http","port":80,"nodePort":30080}]}"#, endpoints: endpoints) == [
                "ip daddr 10.62.0.5 tcp dport 80 dnat ip to numgen random mod 2 map { 0 : 10.61.0.2 . 8080, 1 : 10.61.0.3 . 8080 }",
                "fib daddr type local tcp dport 30080 dnat ip to numgen random mod 2 map { 0 : 10.61.0.2 . 8080, 1 : 10.61.0.3 . 8080 }",
            ])
    }

    @Test("without an endpoint, connections are refused")
    func refused() throws {
        #expect(
            try rules(#"{"clusterIP":"10.62.0.5","ports":[{"name":"http","port":80},{"name":"dns","port":53,"protocol":"UDP"}]}"#, endpoints: "") == [
                "ip daddr 10.62.0.5 tcp dport 80 reject with tcp reset", "ip daddr 10.62.0.5 udp dport 53 reject",
            ])
    }

    @Test("a headless Service, an external name and an unknown protocol have no rules", arguments: [
        #"{"clusterIP":"None","ports":[{"name":"http","port":80}]}"#, #"{"type":"ExternalName","externalName":"a.b"}"#,
        #"{"clusterIP":"10.62.0.5","ports":[{"name":"http","port":80,"protocol":"} x {"}]}"#,
    ])
    func none(spec: String) throws { #expect(try rules(spec, endpoints: #"{"addresses":["10.61.0.2"]}"#).isEmpty) }
}
