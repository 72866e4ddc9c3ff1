import FoundationEssentials
import KubeAPI

/// What the measured pods are made of.
enum PodShape {
    /// One container that sleeps.
    case plain
    /// A web server with an init container that writes its page, a readiness and a liveness probe, an emptyDir, a ConfigMap
    /// and a claim.
    case full
    /// A web server with one probe every ten seconds.
    case probed(ProbeKind)

    enum ProbeKind: String, CaseIterable { case httpGet, tcpSocket, exec }

    var needsClaim: Bool { if case .full = self { true } else { false } }

    /// - Parameter claim: of a shape that needs one.
    func pod(_ name: String, image: String, claim: String) throws -> Pod {
        var main: JSONValue = ["name": "main", "image": .string(image), "imagePullPolicy": "IfNotPresent"]
        var spec: JSONValue = ["terminationGracePeriodSeconds": 0]
        switch self {
        case .plain:
            main["command"] = ["sleep", "1000000"]
        case .full:
            main["command"] = ["httpd", "-f", "-p", "8080", "-h", "/www"]
            main["volumeMounts"] = [["name": "www", "mountPath": "/www"], ["name": "data", "mountPath": "/data"]]
            main["readinessProbe"] = Self.probe(.httpGet, path: "/page")
            main["livenessProbe"] = Self.probe(.exec)
            spec["initContainers"] = [
                [
                    "name": "prepare", "image": .string(image), "imagePullPolicy": "IfNotPresent", "command": ["cp", "/config/page", "/www/page"],
                    "volumeMounts": [["name": "config", "mountPath": "/config"], ["name": "www", "mountPath": "/www"]],
                ]
            ]
            spec["volumes"] = [
                ["name": "www", "emptyDir": [:]], ["name": "config", "configMap": ["name": "bench"]],
                ["name": "data", "persistentVolumeClaim": ["claimName": .string(claim)]],
            ]
        case .probed(let kind):
            main["command"] = ["httpd", "-f", "-p", "8080", "-h", "/etc"]
            main["readinessProbe"] = Self.probe(kind, path: "/passwd")
        }
        spec["containers"] = [main]
        let manifest: JSONValue = ["metadata": ["name": .string(name), "namespace": "default"], "spec": spec]
        return try JSONDecoder().decode(Pod.self, from: Data(manifest.serialized()))
    }

    /// The ConfigMap of every full pod.
    static func configMap() throws -> ConfigMap {
        let manifest: JSONValue = ["metadata": ["name": "bench", "namespace": "default"], "data": ["page": "ready\n"]]
        return try JSONDecoder().decode(ConfigMap.self, from: Data(manifest.serialized()))
    }

    static func claim(_ name: String) throws -> PersistentVolumeClaim {
        let manifest: JSONValue = [
            "metadata": ["name": .string(name), "namespace": "default"],
            "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "16Mi"]]],
        ]
        return try JSONDecoder().decode(PersistentVolumeClaim.self, from: Data(manifest.serialized()))
    }

    private static func probe(_ kind: ProbeKind, path: String = "/") -> JSONValue {
        let action: JSONValue =
            switch kind {
            case .httpGet: ["path": .string(path), "port": 8080]
            case .tcpSocket: ["port": 8080]
            case .exec: ["command": ["true"]]
            }
        var probe: JSONValue = ["periodSeconds": 10]
        probe[kind.rawValue] = action
        return probe
    }
}
