import KubeAPI
import Testing

@testable import Networking

@Suite("Answers about Services")
struct ServiceAnswersTests {
    private func response(_ text: String, _ type: UInt16) throws -> DNSResponse {
        let resolution = answer(DNSQuestion(name: name(text), type: type), from: try tutorialRegistry())
        guard case .answer(let response) = resolution else {
            Issue.record("\(text) is not answered: \(resolution)")
            return .failure(.serverFailure)
        }
        return response
    }

    private func addresses(_ response: DNSResponse) -> [String] {
        response.answers.compactMap { if case .address(let address) = $0.data { address.description } else { nil } }
    }

    @Test("addresses of Services and of their endpoints", arguments: [
        ("web.default.svc.cluster.local", DNSType.a, ["10.61.0.2", "10.61.0.3"]),
        ("WEB.Default.svc.CLUSTER.local", DNSType.a, ["10.61.0.2", "10.61.0.3"]),
        ("web.default.svc.cluster.local", DNSType.aaaa, ["fd00:61::2"]),
        ("web-0.web.default.svc.cluster.local", DNSType.a, ["10.61.0.2"]),
        ("web-0.web.default.svc.cluster.local", DNSType.aaaa, ["fd00:61::2"]),
        ("api.default.svc.cluster.local", DNSType.a, ["10.96.0.9"]),
        ("early.default.svc.cluster.local", DNSType.a, ["10.61.0.4"]),
        ("10-61-0-4.early.default.svc.cluster.local", DNSType.a, ["10.61.0.4"]),
        ("10-61-0-2.default.pod.cluster.local", DNSType.a, ["10.61.0.2"]),
    ])
    func addressRecords(text: String, type: UInt16, expected: [String]) throws {
        let response = try response(text, type)
        #expect(response.code == .success)
        #expect(addresses(response) == expected)
        #expect(response.answers.allSatisfy { $0.ttl == 5 && $0.name == name(text) })
    }

    @Test("a name that exists without such a record is no error, and says how long to remember that", arguments: [
        ("web-1.web.default.svc.cluster.local", DNSType.aaaa), ("empty.default.svc.cluster.local", DNSType.a),
        ("default.svc.cluster.local", DNSType.a), ("svc.cluster.local", DNSType.a), ("cluster.local", DNSType.a),
        ("_tcp.web.default.svc.cluster.local", DNSType.a), ("api.default.svc.cluster.local", DNSType.aaaa),
    ])
    func noData(text: String, type: UInt16) throws {
        let response = try response(text, type)
        #expect(response.code == .success)
        #expect(response.answers.isEmpty)
        #expect(response.authority.map(\.type) == [DNSType.soa])
    }

    @Test("a name that does not exist", arguments: [
        "web-2.web.default.svc.cluster.local",  // not ready
        "web-9.web.default.svc.cluster.local", "web.other.svc.cluster.local", "nothing.default.svc.cluster.local", "other.svc.cluster.local",
        "web-0.api.default.svc.cluster.local", "a.web-0.web.default.svc.cluster.local", "_udp.web.default.svc.cluster.local",
        "_dns._tcp.web.default.svc.cluster.local", "example.com.default.svc.cluster.local", "node.cluster.local", "x.default.pod.cluster.local",
    ])
    func nameError(text: String) throws {
        let response = try response(text, DNSType.a)
        #expect(response.code == .nameError)
        #expect(response.authority.map(\.type) == [DNSType.soa])
    }

    @Test("SRV records name each ready endpoint with the port it serves on, and bring the addresses along")
    func headlessServiceRecords() throws {
        let response = try response("_http._tcp.web.default.svc.cluster.local", DNSType.srv)
        let targets = response.answers.compactMap { record -> String? in
            guard case .service(_, let weight, let port, let target) = record.data else { return nil }
            return "\(target) \(port) \(weight)"
        }
        let host = "web.default.svc.cluster.local."
        #expect(targets == ["web-0.\(host) 8080 33", "web-1.\(host) 8080 33", "web-0.\(host) 8080 33"])
        #expect(response.additional.count == 3)
    }

    @Test("SRV records of a Service with an address name the Service and its own port")
    func clusterServiceRecords() throws {
        let response = try response("_https._tcp.api.default.svc.cluster.local", DNSType.srv)
        #expect(response.answers.map(\.data) == [.service(priority: 0, weight: 100, port: 443, target: name("api.default.svc.cluster.local"))])
        #expect(addresses(DNSResponse(answers: response.additional)) == ["10.96.0.9"])
    }

    @Test("addresses are named back", arguments: [
        ("2.0.61.10.in-addr.arpa", "web-0.web.default.svc.cluster.local."), ("9.0.96.10.in-addr.arpa", "api.default.svc.cluster.local."),
        ("2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.6.0.0.0.0.d.f.ip6.arpa", "web-0.web.default.svc.cluster.local."),
    ])
    func pointers(text: String, expected: String) throws {
        guard case .pointer(let target) = try response(text, DNSType.ptr).answers.first?.data else {
            Issue.record("no PTR record")
            return
        }
        #expect(target.description == expected)
    }

    @Test("an external name is an alias to follow")
    func externalName() throws {
        let alias = name("docs.default.svc.cluster.local")
        let expected = DNSRecord(name: alias, ttl: 5, data: .alias(name("docs.example.com")))
        let registry = try tutorialRegistry()
        #expect(answer(DNSQuestion(name: alias, type: DNSType.a), from: registry) == .follow([expected], target: name("docs.example.com")))
    }

    @Test("names outside the cluster are somebody else's", arguments: ["example.com", "local", "acluster.local", "1.0.0.127.in-addr.arpa", "."])
    func forwarded(text: String) throws {
        #expect(answer(DNSQuestion(name: name(text == "." ? "" : text), type: DNSType.a), from: try tutorialRegistry()) == .forward)
    }

    @Test("the cluster's domain is configurable")
    func otherDomain() throws {
        let service: Service = try decode(#"{"metadata":{"name":"a","namespace":"b"},"spec":{"clusterIP":"10.96.0.1"}}"#)
        let registry = ServiceRegistry(services: [service], domain: "berth.internal")
        guard case .answer(let response) = answer(DNSQuestion(name: name("a.b.svc.berth.internal"), type: DNSType.a), from: registry) else {
            Issue.record("not answered")
            return
        }
        #expect(addresses(response) == ["10.96.0.1"])
        #expect(answer(DNSQuestion(name: name("a.b.svc.cluster.local"), type: DNSType.a), from: registry) == .forward)
    }
}
