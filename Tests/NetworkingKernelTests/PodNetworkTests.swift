import FoundationEssentials
import Glibc
import KubeAPI
import LinuxSystem
import Logging
import Testing

@testable import Networking

@Suite("Pod networks", .enabled(if: TestNetwork.isPossible, "needs root, CNI plugins and nft"), .serialized)
struct PodNetworkTests {
    @Test("pods get addresses, a way to each other and to the node; and give everything back")
    func lifecycle() async throws {
        try await TestNetwork.with(1) { test in
            try await TestNamespace.with { first in
                try await TestNamespace.with { second in
                    let (a, b) = (test.attachment("a", in: first), test.attachment("b", in: second))
                    let result = try await test.cni.add(a)
                    let other = try await test.cni.add(b)
                    #expect(result.ips == ["10.213.1.2"])
                    #expect(other.ips == ["10.213.1.3"])
                    try await first("busybox", "ping", "-c1", "-W5", "10.213.1.3")
                    try await second("busybox", "ping", "-c1", "-W5", test.network.gateway)
                    #expect(try await first("ip", "route").contains("default via 10.213.1.1"))

                    // What the ledger keeps is enough for everything that follows, in another process and without the file.
                    let remembered = try JSONDecoder().decode(NetworkResult.self, from: JSONEncoder().encode(result))
                    #expect(remembered == result)
                    try await test.cni.check(a, result: remembered)
                    test.network.removeConfiguration(from: test.configurationDirectory)
                    try await test.cni.delete(a, result: remembered)
                    try await test.cni.delete(a, result: remembered)
                    #expect(try test.network.reservations.holders() == ["b"])
                    await #expect(throws: NetworkError.self) { try await test.cni.check(a, result: remembered) }
                    try await test.cni.delete(b, result: other)
                    #expect(try test.network.reservations.holders() == [])
                }
            }
        }
    }

    @Test("a pod whose namespace is gone gives its address back, with and without a record")
    func namespaceGone() async throws {
        try await TestNetwork.with(2) { test in
            var results: [String: NetworkResult] = [:]
            for id in ["a", "b"] {
                try await TestNamespace.with { namespace in results[id] = try await test.cni.add(test.attachment(id, in: namespace)) }
            }
            #expect(try test.network.reservations.holders() == ["a", "b"])
            var gone = test.attachment("a", in: nil)
            gone.networkNamespace = "/run/netns/does-not-exist"
            try await test.cni.delete(gone, result: results["a"])
            try await test.cni.delete(test.attachment("b", in: nil), result: nil)
            #expect(try test.network.reservations.holders() == [])
        }
    }

    @Test("addresses that nobody remembers are released, the others stay")
    func leakSweep() async throws {
        try await TestNetwork.with(3) { test in
            for id in ["known", "forgotten"] {
                try await TestNamespace.with { namespace in _ = try await test.cni.add(test.attachment(id, in: namespace)) }
            }
            #expect(try await test.cni.releaseLeaked(in: test.network.reservations) { $0 != "known" } == ["forgotten"])
            #expect(try test.network.reservations.holders() == ["known"])
            #expect(try await test.cni.releaseLeaked(in: test.network.reservations) { _ in true } == ["known"])
            #expect(try await test.cni.releaseLeaked(in: test.network.reservations) { _ in true } == [])
        }
    }

    @Test("a host port leads to the pod, and goes with it")
    func hostPort() async throws {
        try await TestNetwork.with(4) { test in
            try await TestNamespace.with { namespace in
                let attachment = test.attachment("a", in: namespace, portMappings: [PortMapping(hostPort: 21_804, containerPort: 80)])
                let result = try await test.cni.add(attachment)
                let listener = try await onDedicatedThread { () throws(SystemCallError) in
                    try enterNetworkNamespace(namespace.path)
                    return try Socket.listen(port: 80)
                }
                try Socket.connect(to: test.network.gateway, port: 21_804)
                #expect(try await run("iptables-save", "-t", "nat").contains("--dport 21804"))
                try await test.cni.delete(attachment, result: result)
                #expect(try await !run("iptables-save", "-t", "nat").contains("--dport 21804"))
                close(listener)
            }
        }
    }

    @Test("a plugin that does not end is asked again later, and what the others could do is done; with nothing written down, too", arguments: [true, false])
    func slowPlugin(isRecorded: Bool) async throws {
        try await TestNetwork.with(isRecorded ? 11 : 12) { test in
            let port = isRecorded ? 21_811 : 21_812
            let attachment = test.attachment("a", in: nil, portMappings: [PortMapping(hostPort: port, containerPort: 80)])
            var result: NetworkResult?
            try await TestNamespace.with { namespace in
                var present = attachment
                present.networkNamespace = namespace.path
                result = try await test.cni.add(present)
            }
            func isForwarded() async throws -> Bool { try await run("iptables-save", "-t", "nat").contains("--dport \(port)") }
            #expect(try await isForwarded())
            let slow = try test.cniWithSlow("portmap")
            let error = await #expect(throws: NetworkError.self) { try await slow.delete(attachment, result: isRecorded ? result : nil) }
            #expect(error?.description.contains("no end within") == true)
            #expect(try await isForwarded())
            #expect(try test.network.reservations.holders() == [])
            try await test.cni.delete(attachment, result: isRecorded ? result : nil)
            #expect(try await !isForwarded())
        }
    }

    @Test("rules of a host port that nobody remembers go with the address")
    func leakedHostPort() async throws {
        try await TestNetwork.with(13) { test in
            try await TestNamespace.with { namespace in
                _ = try await test.cni.add(test.attachment("a", in: namespace, portMappings: [PortMapping(hostPort: 21_813, containerPort: 80)]))
            }
            #expect(try await test.cni.releaseLeaked(in: test.network.reservations) { _ in true } == ["a"])
            #expect(try await !run("iptables-save", "-t", "nat").contains("--dport 21813"))
        }
    }

    @Test("a host port of UDP leads to the pod, and the answer back")
    func datagrams() async throws {
        try await TestNetwork.with(14) { test in
            try await TestNamespace.with { namespace in
                let attachment = test.attachment("a", in: namespace, portMappings: [PortMapping(hostPort: 21_814, containerPort: 53, protocol: "udp")])
                let result = try await test.cni.add(attachment)
                let gateway = test.network.gateway
                let answer = try await onDedicatedThread { () throws(SystemCallError) in
                    let client = try Socket.datagrams(port: 0)
                    try enterNetworkNamespace(namespace.path)
                    let server = try Socket.datagrams(port: 53)
                    try client.send("question", to: gateway, port: 21_814)
                    try server.answer { $0 + " answered" }
                    return try client.receive()
                }
                #expect(answer == "question answered")
                try await test.cni.delete(attachment, result: result)
                #expect(try await !run("iptables-save", "-t", "nat").contains("--dport 21814"))
            }
        }
    }

    @Test("a plugin's own words are in the error, and a failed ADD leaves nothing")
    func failingPlugin() async throws {
        try await TestNetwork.with(5) { test in
            try await TestNamespace.with { namespace in
                // Seven addresses after the bridge's; the eighth pod finds none. Here the first, with all of them taken.
                let reservations = test.network.reservations.directory
                try FileManager.default.createDirectory(atPath: reservations, withIntermediateDirectories: true)
                for host in 2...254 { try Data("x\r\neth0".utf8).write(to: URL(filePath: "\(reservations)/10.213.5.\(host)")) }
                let error = await #expect(throws: NetworkError.self) { try await test.cni.add(test.attachment("a", in: namespace)) }
                #expect(error?.description.contains("no IP addresses available") == true)
                #expect(try await !namespace("ip", "link").contains("eth0"))
                #expect(try await !run("ip", "link", "show", "master", test.network.bridge).contains("veth"))
            }
        }
    }

    @Test("a missing plugin is an error that names where it was looked for, and how to get it")
    func missingPlugin() async throws {
        try await TestNetwork.with(6) { test in
            let path = "\(test.configurationDirectory)/00-own.conflist"
            try Data(#"{"cniVersion":"1.0.0","name":"own","plugins":[{"type":"no-such-plugin"}]}"#.utf8).write(to: URL(filePath: path))
            try await TestNamespace.with { namespace in
                let error = await #expect(throws: NetworkError.self) { try await test.cni.add(test.attachment("a", in: namespace)) }
                #expect(error == .pluginMissing(type: "no-such-plugin", directories: ["/usr/lib/cni"]))
                #expect(error?.remedy != nil)
            }
        }
    }

    @Test("preparing the node again changes nothing")
    func idempotence() async throws {
        try await TestNetwork.with(7) { test in
            func state() async throws -> [String] {
                [
                    try await run("nft", "list", "table", "ip", "\(test.network.name)_masquerade"),
                    try await run("ip", "-o", "addr", "show", "dev", test.network.bridge),
                    try await run("iptables-save", "-t", "filter").split(separator: "\n").filter { $0.contains(test.network.bridge) }.joined(),
                ]
            }
            let before = try await state()
            #expect(before[0].contains("masquerade"))
            #expect(before[1].contains("10.213.7.1/24"))
            try await test.node.prepare()
            #expect(try await state() == before)
            #expect(SmallFile.firstLine("/proc/sys/net/ipv4/ip_forward") == "1")
        }
    }

    @Test("a Service's address leads to its pods, from pods, from the pod itself and from the node; without pods it refuses")
    func clusterAddress() async throws {
        try await TestNetwork.with(10) { test in
            try await TestNamespace.with { first in
                try await TestNamespace.with { second in
                    let (a, b) = (test.attachment("a", in: first), test.attachment("b", in: second))
                    let results = [try await test.cni.add(a), try await test.cni.add(b)]
                    let listener = try await onDedicatedThread { () throws(SystemCallError) in
                        try enterNetworkNamespace(second.path)
                        return try Socket.listen(port: 8080)
                    }
                    let proxy = ServiceProxy(test.network, logger: Logger(label: "test"))
                    await proxy.update(try registry(endpoints: results[1].ips))
                    for namespace in [first, second] {
                        try await onDedicatedThread { () throws(SystemCallError) in
                            try enterNetworkNamespace(namespace.path)
                            try Socket.connect(to: "10.214.10.5", port: 80)
                        }
                    }
                    try Socket.connect(to: "10.214.10.5", port: 80)
                    try Socket.connect(to: test.network.gateway, port: 31_810)

                    await proxy.update(try registry(endpoints: []))
                    let error = await #expect(throws: SystemCallError.self) {
                        try await onDedicatedThread { () throws(SystemCallError) in
                            try enterNetworkNamespace(first.path)
                            try Socket.connect(to: "10.214.10.5", port: 80)
                        }
                    }
                    #expect(error?.code == ECONNREFUSED)
                    try await proxy.remove()
                    #expect(try await !run("nft", "list", "tables").contains("\(test.network.name)_services"))
                    close(listener)
                    try await test.cni.delete(a, result: results[0])
                    try await test.cni.delete(b, result: results[1])
                }
            }
        }
    }

    private func registry(endpoints: [String]) throws -> ServiceRegistry {
        let service = #"{"metadata":{"name":"s","namespace":"d"},"spec":{"clusterIP":"10.214.10.5","ports":[{"name":"http","port":80,"nodePort":31810}]}}"#
        let slice = """
            {"metadata":{"name":"s-1","namespace":"d","labels":{"kubernetes.io/service-name":"s"}},"addressType":"IPv4",
             "ports":[{"name":"http","port":8080}],"endpoints":[\(endpoints.map { #"{"addresses":["\#($0)"]}"# }.joined(separator: ","))]}
            """
        return ServiceRegistry(
            services: [try JSONDecoder().decode(Service.self, from: Data(service.utf8))],
            slices: [try JSONDecoder().decode(EndpointSlice.self, from: Data(slice.utf8))])
    }

    @Test("an operator's own network is left alone, and DNS gets an address beside it")
    func foreignNetwork() async throws {
        try await TestNetwork.with(9) { test in
            let logger = Logger(label: "test")
            let own = try await PodNetwork.prepare(test.network, configurationDirectory: test.configurationDirectory, logger: logger)
            #expect(own.defaultNetwork == test.network)
            #expect(own.dnsAddress == test.network.gateway)
            let list = #"{"cniVersion":"1.0.0","name":"own","plugins":[{"type":"ptp"}]}"#
            try Data(list.utf8).write(to: URL(filePath: "\(test.configurationDirectory)/00-own.conflist"))
            let wasThere = try await run("ip", "-o", "addr", "show", "dev", "lo").contains(PodNetwork.linkLocalDNSAddress)
            let foreign = try await PodNetwork.prepare(test.network, configurationDirectory: test.configurationDirectory, logger: logger)
            #expect(foreign.defaultNetwork == nil)
            #expect(try await run("ip", "-o", "addr", "show", "dev", "lo").contains("\(foreign.dnsAddress)/32"))
            if !wasThere { try await run("ip", "addr", "del", "\(foreign.dnsAddress)/32", "dev", "lo") }
        }
    }

    @Test("thirty pods at once get thirty addresses")
    func manyAtOnce() async throws {
        try await TestNetwork.with(8) { test in
            var namespaces: [TestNamespace] = []
            func hardwareAddress() -> String? { SmallFile.firstLine("/sys/class/net/\(test.network.bridge)/address") }
            let before = hardwareAddress()
            for _ in 0..<30 { namespaces.append(try await TestNamespace()) }
            let ips = try await withThrowingTaskGroup(of: [String].self) { group in
                for (index, namespace) in namespaces.enumerated() {
                    group.addTask { try await test.cni.add(test.attachment("pod-\(index)", in: namespace)).ips }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(ips).count == 30)
            // Pods have resolved the gateway by now.
            #expect(hardwareAddress() == before)
            for namespace in namespaces { try await namespace.remove() }
            #expect(try await test.cni.releaseLeaked(in: test.network.reservations) { _ in true }.count == 30)
        }
    }
}
