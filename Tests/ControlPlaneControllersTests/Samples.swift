import FoundationEssentials
import KubeAPI

@testable import ControlPlane

/// Objects as users write them.
enum Samples {
    static let now = Date(timeIntervalSince1970: 1_700_000_000)

    static func pod(_ name: String = "a", spec: JSONValue = [:]) -> JSONValue {
        var pod: JSONValue = [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name), "namespace": "default", "uid": .string("uid-\(name)")],
            "spec": ["containers": [["name": "c", "image": "busybox:1"]]],
        ]
        pod["spec"]?.merge(spec)
        Defaults.apply(to: &pod)
        return pod
    }

    static func statefulSet(_ name: String = "web", replicas: Int = 3, spec: JSONValue = [:]) -> JSONValue {
        var set: JSONValue = [
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": ["name": .string(name), "namespace": "default", "uid": .string("uid-\(name)"), "generation": 1],
            "spec": [
                "serviceName": .string(name), "replicas": .int(replicas), "selector": ["matchLabels": ["app": .string(name)]],
                "template": [
                    "metadata": ["labels": ["app": .string(name)]],
                    "spec": ["containers": [["name": "nginx", "image": "nginx:1", "volumeMounts": [["name": "www", "mountPath": "/www"]]]]],
                ],
                "volumeClaimTemplates": [
                    [
                        "metadata": ["name": "www"],
                        "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "64Mi"]]],
                    ]
                ],
            ],
        ]
        set["spec"]?.merge(spec)
        Defaults.apply(to: &set)
        return set
    }

    static func daemonSet(spec: JSONValue = [:]) -> JSONValue {
        var set: JSONValue = [
            "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": ["name": "log", "namespace": "default", "uid": "uid-log", "generation": 1],
            "spec": [
                "selector": ["matchLabels": ["app": "log"]],
                "template": ["metadata": ["labels": ["app": "log"]], "spec": ["containers": [["name": "c", "image": "busybox:1"]]]],
            ],
        ]
        set["spec"]?.merge(spec)
        Defaults.apply(to: &set)
        return set
    }

    static func node(_ name: String = "n1", spec: JSONValue = [:], labels: [String: String] = [:]) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Node",
            "metadata": [
                "name": .string(name), "uid": .string("uid-\(name)"),
                "labels": labels.merging(["kubernetes.io/hostname": name]) { $1 }.json,
            ],
            "spec": spec,
            "status": [
                "allocatable": ["cpu": "2", "memory": "4Gi", "pods": "110"], "conditions": [["type": "Ready", "status": "True"]],
            ],
        ]
    }

    static func claim(_ name: String = "data", storage: String = "64Mi", spec: JSONValue = [:]) -> JSONValue {
        var claim: JSONValue = [
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": ["name": .string(name), "namespace": "default", "uid": .string("uid-\(name)")],
            "spec": [
                "accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": .string(storage)]], "storageClassName": "berth-local",
            ],
        ]
        claim["spec"]?.merge(spec)
        Defaults.apply(to: &claim)
        return claim
    }

    static func volume(_ name: String = "pv", storage: String = "64Mi", spec: JSONValue = [:], phase: String = "Available") -> JSONValue {
        var volume: JSONValue = [
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": .string(name), "uid": .string("uid-\(name)")],
            "spec": [
                "accessModes": ["ReadWriteOnce"], "capacity": ["storage": .string(storage)], "storageClassName": "berth-local",
                "hostPath": ["path": "/data"],
            ],
            "status": ["phase": .string(phase)],
        ]
        volume["spec"]?.merge(spec)
        Defaults.apply(to: &volume)
        return volume
    }

    static func service(_ name: String = "web", spec: JSONValue = [:]) -> JSONValue {
        var service: JSONValue = [
            "apiVersion": "v1", "kind": "Service",
            "metadata": ["name": .string(name), "namespace": "default", "uid": .string("uid-svc-\(name)")],
            "spec": ["clusterIP": "None", "selector": ["app": "web"], "ports": [["name": "http", "port": 80]]],
        ]
        service["spec"]?.merge(spec)
        Defaults.apply(to: &service)
        return service
    }

    static var storageClass: JSONValue { Bootstrap.storageClass }
}

extension JSONValue {
    mutating func merge(_ patch: JSONValue) { self = merged(with: patch) }

    /// This pod as its node reports it while it runs.
    func running(ready: Bool = true, on node: String = "n1", ip: String = "10.88.0.5", since: Date = Samples.now) -> JSONValue {
        var pod = self
        pod.set("spec", "nodeName", to: .string(node))
        pod["status"] = [
            "phase": "Running", "podIP": .string(ip),
            "conditions": [
                ["type": "Ready", "status": .string(ready ? "True" : "False"), "lastTransitionTime": .string(Timestamp(since).description)]
            ],
        ]
        return pod
    }

    func inPhase(_ phase: String) -> JSONValue {
        var pod = self
        pod.set("status", "phase", to: .string(phase))
        return pod
    }

    var deleting: JSONValue {
        var object = self
        object.set("metadata", "deletionTimestamp", to: "2023-11-14T22:13:20Z")
        return object
    }
}

extension Plan {
    /// One line for each operation that changes something, `together` flattened: `create pods/default/web-0`.
    var lines: [String] { Self.lines(operations) }

    /// The lines but for statuses and revisions.
    var deeds: [String] { lines.filter { !$0.hasPrefix("status") && !$0.contains("controllerrevisions") } }

    private static func lines(_ operations: [Operation]) -> [String] {
        operations.flatMap { operation -> [String] in
            switch operation {
            case .create(let object, _): ["create \(object.target)"]
            case .patch(let target, _, _, let part, _): ["\(part == .object ? "patch" : part.rawValue) \(target)"]
            case .delete(let target, _, _, _): ["delete \(target)"]
            case .record: []
            case .together(let strands): strands.flatMap { lines($0) }
            }
        }
    }

    var flat: [Operation] { Self.flatten(operations) }

    private static func flatten(_ operations: [Operation]) -> [Operation] {
        operations.flatMap { operation in if case .together(let strands) = operation { strands.flatMap { flatten($0) } } else { [operation] } }
    }

    var created: [JSONValue] { flat.compactMap { if case .create(let object, _) = $0 { object } else { nil } } }
    var occurrences: [Occurrence] { flat.compactMap { if case .record(let occurrence) = $0 { occurrence } else { nil } } }

    /// The merge patch of the object's status.
    var status: JSONValue? {
        for case .patch(_, _, let change, .status, _) in flat { return change["status"] }
        return nil
    }
}
