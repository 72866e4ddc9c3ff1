import FoundationEssentials
import KubeAPI

@testable import Networking

func decode<Object: Decodable>(_ json: String) throws -> Object {
    try JSONDecoder().decode(Object.self, from: Data(json.utf8))
}

/// The headless Service of the StatefulSet tutorial with two ready pods, one that is not, and neighbours of other kinds.
func tutorialRegistry() throws -> ServiceRegistry {
    let services: [Service] = [
        try decode(#"{"metadata":{"name":"web","namespace":"default"},"spec":{"clusterIP":"None","ports":[{"name":"http","port":80,"protocol":"TCP"}]}}"#),
        try decode(#"{"metadata":{"name":"api","namespace":"default"},"spec":{"clusterIP":"10.96.0.9","ports":[{"name":"https","port":443}]}}"#),
        try decode(#"{"metadata":{"name":"early","namespace":"default"},"spec":{"clusterIP":"None","publishNotReadyAddresses":true}}"#),
        try decode(#"{"metadata":{"name":"empty","namespace":"default"},"spec":{"clusterIP":"None"}}"#),
        try decode(#"{"metadata":{"name":"docs","namespace":"default"},"spec":{"type":"ExternalName","externalName":"docs.example.com"}}"#),
        try decode(#"{"metadata":{"name":"near","namespace":"default"},"spec":{"type":"ExternalName","externalName":"api.default.svc.cluster.local"}}"#),
        try decode(#"{"metadata":{"name":"loop","namespace":"default"},"spec":{"type":"ExternalName","externalName":"loop.default.svc.cluster.local"}}"#),
    ]
    let slices: [EndpointSlice] = [
        try decode(
            #"""
            {"metadata":{"name":"web-1","namespace":"default","labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4",
             "ports":[{"name":"http","port":8080,"protocol":"TCP"}],
             "endpoints":[{"addresses":["10.61.0.2"],"hostname":"web-0","conditions":{"ready":true}},
                          {"addresses":["10.61.0.3"],"hostname":"web-1"},
                          {"addresses":["10.61.0.4"],"hostname":"web-2","conditions":{"ready":false}}]}
            """#),
        try decode(
            #"""
            {"metadata":{"name":"web-6","namespace":"default","labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv6",
             "ports":[{"name":"http","port":8080}],"endpoints":[{"addresses":["fd00:61::2"],"hostname":"web-0"}]}
            """#),
        try decode(
            #"""
            {"metadata":{"name":"early-1","namespace":"default","labels":{"kubernetes.io/service-name":"early"}},"addressType":"IPv4",
             "endpoints":[{"addresses":["10.61.0.4"],"conditions":{"ready":false}}]}
            """#),
    ]
    return ServiceRegistry(services: services, slices: slices)
}

func name(_ text: String) -> DNSName { DNSName(text)! }  // literals of the tests
