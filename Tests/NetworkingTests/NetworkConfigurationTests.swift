import FoundationEssentials
import KubeAPI
import Testing

@testable import Networking

@Suite("Network configuration")
struct NetworkConfigurationTests {
    private func list(_ json: String) throws(NetworkError) -> NetworkConfigurationList {
        try NetworkConfigurationList(parsing: Array(json.utf8), file: "10-test.conflist")
    }
    private let attachment = PodAttachment(containerID: "c1", networkNamespace: "/proc/1/ns/net", namespace: "default", name: "web-0", uid: "u")

    @Test("each plugin gets the list's name and version, the capabilities it declares, and the result before it")
    func pluginInput() throws {
        let list = try list(
            #"{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a","x":1},{"type":"portmap","capabilities":{"portMappings":true},"snat":true}]}"#)
        var attachment = attachment
        attachment.portMappings = [PortMapping(hostPort: 8080, containerPort: 80, hostIP: "127.0.0.1")]
        #expect(list.plugins[0].input(for: attachment, in: list, previous: nil) == ["cniVersion": "1.0.0", "name": "n", "type": "a", "x": 1])
        #expect(
            list.plugins[1].input(for: attachment, in: list, previous: ["ips": []]) == [
                "cniVersion": "1.0.0", "name": "n", "type": "portmap", "snat": true, "prevResult": ["ips": []],
                "runtimeConfig": ["portMappings": [["hostPort": 8080, "containerPort": 80, "protocol": "tcp", "hostIP": "127.0.0.1"]]],
            ])
    }

    @Test("portmap is only run for pods with host ports")
    func idlePlugin() throws {
        let list = try list(#"{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"bridge"},{"type":"portmap","capabilities":{"portMappings":true}}]}"#)
        #expect(list.plugins.map { $0.isIdle(for: attachment) } == [false, true])
        var exposed = attachment
        exposed.portMappings = [PortMapping(hostPort: 8080, containerPort: 80)]
        #expect(list.plugins.map { $0.isIdle(for: exposed) } == [false, false])
    }

    @Test("a list that cannot be used is refused with the file and the reason", arguments: [
        (#"{"cniVersion":"1.0.0","plugins":[{"type":"a"}]}"#, "'name'"), (#"{"cniVersion":"1.0.0","name":"../x","plugins":[{"type":"a"}]}"#, "'name'"),
        (#"{"cniVersion":"9.0.0","name":"n","plugins":[{"type":"a"}]}"#, "cniVersion 9.0.0"), (#"{"cniVersion":"1.0.0","name":"n","plugins":[]}"#, "'plugins'"),
        (#"{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"../../bin/sh"}]}"#, "plugins[0].type"), (#"{"cniVersion":"1.0.0","name":"n","plugins":[{}]}"#, "plugins[0].type"),
        (#"{"cniVersion""#, "line 1"),
    ])
    func refused(json: String, reason: String) throws {
        let error = #expect(throws: NetworkError.self) { try list(json) }
        #expect(error?.description.contains("10-test.conflist") == true)
        #expect(error?.description.contains(reason) == true)
        #expect(error?.remedy != nil)
    }

    @Test("of several offered versions the newest that we read is used")
    func versions() throws {
        #expect(try list(#"{"cniVersion":"0.4.0","cniVersions":["0.4.0","1.1.0","2.0.0"],"name":"n","plugins":[{"type":"a"}]}"#).cniVersion == "1.1.0")
    }

    @Test("the first usable file in lexical order counts, and broken ones before it are reported")
    func directory() throws {
        let directory = TemporaryDirectory.make()
        defer { directory.remove() }
        #expect(throws: NetworkError.noConfiguration(directory: directory.path)) { try NetworkConfigurationList.load(from: directory.path) }
        try directory.write("broken", to: "00-broken.conflist")
        try directory.write(#"{"cniVersion":"0.3.1","name":"single","type":"a"}"#, to: "10-single.conf")
        try directory.write(#"{"cniVersion":"1.0.0","name":"later","plugins":[{"type":"a"}]}"#, to: "20-later.conflist")
        try directory.write("notes", to: "README")
        let (list, passedOver) = try NetworkConfigurationList.load(from: directory.path)
        #expect(list.name == "single")
        #expect(passedOver.count == 1)
    }

    @Test("the default is written once, kept up to date, and yields to an operator's own")
    func defaultNetwork() throws {
        let directory = TemporaryDirectory.make()
        defer { directory.remove() }
        let network = try DefaultNetwork(stateDirectory: "/var/lib/berth/cni")
        #expect(try network.writeIfNoneConfigured(in: "\(directory.path)/net.d"))
        #expect(try network.writeIfNoneConfigured(in: "\(directory.path)/net.d"))
        let list = try NetworkConfigurationList.load(from: "\(directory.path)/net.d").list
        #expect(list.plugins.map(\.type) == ["bridge", "portmap"])
        #expect(list.source.at("plugins")?[0]?["ipMasq"] == nil)
        let other = try DefaultNetwork(subnet: "10.62.0.0/24", stateDirectory: "/var/lib/berth/cni")
        #expect(try other.writeIfNoneConfigured(in: "\(directory.path)/net.d"))
        #expect(try NetworkConfigurationList.load(from: "\(directory.path)/net.d").list.source == other.list)
        try directory.write(#"{"cniVersion":"1.0.0","name":"own","plugins":[{"type":"a"}]}"#, to: "net.d/00-own.conflist")
        #expect(try !network.writeIfNoneConfigured(in: "\(directory.path)/net.d"))
    }

    @Test("the gateway is the subnet's first address", arguments: [("10.61.0.0/16", "10.61.0.1", "255.255.0.0"), ("192.168.7.128/25", "192.168.7.129", "255.255.255.128")])
    func subnet(text: String, gateway: String, netmask: String) throws {
        let network = try DefaultNetwork(subnet: text, stateDirectory: "/s")
        #expect(network.gateway == gateway)
        #expect(network.subnet.netmask.description == netmask)
        #expect(network.subnet.description == text)
    }

    @Test("what is no subnet is refused", arguments: ["", "10.61.0.0", "10.61.0.1/16", "10.61.0.0/33", "fd00::/64", "10.61.0.0/30", "0.0.0.0/0", "a/b"])
    func badSubnet(text: String) { #expect(throws: NetworkError.invalidSubnet(text)) { try DefaultNetwork(subnet: text, stateDirectory: "/s") } }

    @Test("host ports of all containers are mapped")
    func portMappings() throws {
        let spec: PodSpec = try decode(#"{"containers":[{"name":"a","ports":[{"containerPort":80,"hostPort":8080},{"containerPort":81}]},{"name":"b","ports":[{"containerPort":53,"hostPort":53,"protocol":"UDP","hostIP":"127.0.0.1"}]}]}"#)
        #expect(PortMapping.of(spec) == [
            PortMapping(hostPort: 8080, containerPort: 80), PortMapping(hostPort: 53, containerPort: 53, protocol: "udp", hostIP: "127.0.0.1"),
        ])
    }

    @Test("a result's pod addresses leave out those of the host")
    func addresses() throws {
        let raw = try JSONValue(parsing: #"{"interfaces":[{"name":"berth0"},{"name":"eth0","sandbox":"/x"}],"ips":[{"address":"10.61.0.1/16","interface":0},{"address":"10.61.0.2/16","interface":1},{"address":"fd00::2/64"}]}"#)
        #expect(NetworkResult(configuration: .null, raw: raw, portMappings: []).ips == ["10.61.0.2", "fd00::2"])
    }

    @Test("reservations are read as host-local writes them")
    func reservations() throws {
        let directory = TemporaryDirectory.make()
        defer { directory.remove() }
        try directory.write("c1\r\neth0", to: "10.61.0.2")
        try directory.write("c2\r\neth0", to: "10.61.0.3")
        try directory.write("10.61.0.3", to: "last_reserved_ip.0")
        try directory.write("", to: "lock")
        let reservations = AddressReservations(directory: directory.path)
        #expect(try reservations.all() == ["10.61.0.2": "c1", "10.61.0.3": "c2"])
        #expect(try AddressReservations(directory: "/nonexistent").holders() == [])
    }
}

/// A directory for one test.
struct TemporaryDirectory {
    let path: String
    static func make() -> TemporaryDirectory { TemporaryDirectory(path: FileManager.default.temporaryDirectory.path() + "network-\(UUID().uuidString)") }
    func write(_ text: String, to file: String) throws {
        let target = URL(filePath: "\(path)/\(file)")
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: target)
    }
    /// Gone already is as good.
    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
