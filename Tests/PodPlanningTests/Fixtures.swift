import FoundationEssentials
import KubeAPI
import OCISpec
import PodPlanning
import SandboxPlan
import Testing

/// A pod of namespace `default` with this spec, in JSON as users write it.
func pod(_ spec: String, name: String = "web-0", metadata: String = "") throws -> Pod {
    let extra = metadata.isEmpty ? "" : ",\(metadata)"
    let json = #"{"metadata":{"name":"\#(name)","namespace":"default","uid":"u1"\#(extra)},"spec":\#(spec)}"#
    return try JSONDecoder().decode(Pod.self, from: Data(json.utf8))
}

func decoded<Value: Decodable>(_ json: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(json.utf8))
}

func quantity(_ text: String) throws -> Quantity { try #require(Quantity(text)) }

extension NodeFacts {
    static func test(_ layout: CgroupLayout = .v2(mountPoint: "/sys/fs/cgroup")) throws -> NodeFacts {
        let amounts = try ["cpu": quantity("4"), "memory": quantity("8Gi"), "pods": quantity("110")]
        var facts = NodeFacts(
            paths: NodePaths(root: ""), cgroups: layout, nodeName: "n1", hostname: "machine", nodeIPs: ["192.0.2.1", "2001:db8::1"],
            capacity: amounts, allocatable: amounts, clusterDNS: ["10.96.0.10"])
        facts.nodeLabels = ["kubernetes.io/hostname": "n1", "disk": "ssd", "generation": "7"]
        return facts
    }

    static let legacy = CgroupLayout.v1(hierarchies: [
        "cpu": "/cg/cpu", "cpuacct": "/cg/cpuacct", "cpuset": "/cg/cpuset", "memory": "/cg/memory", "pids": "/cg/pids",
        "devices": "/cg/devices", "name=systemd": "/cg/systemd", "": "/cg/unified",
    ])
}

extension ResolvedImage {
    static func test(_ parameters: String = "{}") throws -> ResolvedImage {
        let config = ImageConfig(architecture: "amd64", os: "linux", config: try decoded(parameters), rootfs: .init(diffIDs: []))
        return ResolvedImage(
            layers: ["/l1", "/l2"], config: config, imageID: "sha256:1",
            passwd: "root:x:0:0:root:/root:/bin/sh\nwww:x:33:34:web:/var/www:/bin/false\n",
            group: "root:x:0:\nwww:x:34:\nlogs:x:50:www,mail\n")
    }
}

extension ReferencedObjects {
    static func test() throws -> ReferencedObjects {
        var objects = ReferencedObjects()
        objects.configMaps["c"] = try decoded(#"{"metadata":{"name":"c"},"data":{"a":"1","b":"2"},"binaryData":{"z":"AAE="}}"#)
        objects.secrets["s"] = try decoded(#"{"metadata":{"name":"s"},"data":{"user":"YWRtaW4="}}"#)
        objects.services = try decoded(
            """
            [{"metadata":{"name":"kubernetes","namespace":"default"},"spec":{"clusterIP":"10.96.0.1","ports":[{"name":"https","port":443}]}},
             {"metadata":{"name":"my-db","namespace":"default"},"spec":{"clusterIP":"10.96.0.9","ports":[{"port":5432},{"name":"web-ui","port":80,"protocol":"UDP"}]}},
             {"metadata":{"name":"web","namespace":"default"},"spec":{"clusterIP":"None","ports":[{"port":80}]}},
             {"metadata":{"name":"far","namespace":"other"},"spec":{"clusterIP":"10.96.0.8","ports":[{"port":80}]}}]
            """)
        return objects
    }
}

/// The plan of the first container of `pod`, with what most tests do not care about filled in.
func plan(
    _ pod: Pod, image: String = #"{"Entrypoint":["/entry"],"Cmd":["-d"]}"#, volumes: [MountedVolume] = [], objects: ReferencedObjects? = nil,
    podIPs: [String] = ["10.88.0.5"], userMapping: IDMapping? = nil, runtime: OCIRuntime? = nil, on node: NodeFacts? = nil
) throws -> ContainerPlan {
    let container = try #require(pod.spec.containers.first)
    return try containerPlan(
        for: container, in: pod, attempt: 2, id: String(repeating: "a", count: 64), image: .test(image),
        volumes: Dictionary(uniqueKeysWithValues: volumes.map { ($0.name, $0) }), objects: objects ?? .test(), podIPs: podIPs,
        userMapping: userMapping, runtime: runtime, seccomp: SeccompCompiler(), on: node ?? .test())
}

extension ContainerPlan {
    func environment(_ name: String) -> String? {
        process.environment.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }
    func mount(_ destination: String) -> MountPlan? { mounts.first { $0.destination == destination } }
}
