@testable import ControlPlane
import Foundation
import KubeAPI
import Testing

/// Admits everything.
struct AdmitAll: Admission {
    func admit(_ object: inout JSONValue, _ request: AdmissionRequest) {}
}

@Suite("API service")
struct APIServiceTests {
    let directory: TemporaryDirectory
    let api: APIService

    init() throws {
        directory = try TemporaryDirectory()
        api = APIService(store: try ObjectStore(path: directory.path + "/db", seal: .test), admission: AdmitAll())
    }

    private func pod(_ name: String, node: String = "") -> JSONValue {
        ["metadata": ["name": .string(name)], "spec": ["nodeName": .string(node), "containers": [["name": "c", "image": "i"]]], "status": ["phase": "Running"]]
    }

    @Test("creation sets what the server owns and drops the status")
    func create() async throws {
        let pod = try await api.create(ResourceCatalog.pods, namespace: "default", pod("p"))
        #expect(pod["apiVersion"] == "v1")
        #expect(pod["kind"] == "Pod")
        #expect(pod["status"] == nil)
        #expect(pod.at("metadata", "namespace") == "default")
        #expect(pod.at("metadata", "generation") == 1)
        #expect(pod.at("metadata", "uid")?.string?.count == 36)
        #expect(pod.at("metadata", "creationTimestamp")?.string != nil)
    }

    @Test("a second object of the name is refused in Kubernetes' words")
    func alreadyExists() async throws {
        _ = try await api.create(ResourceCatalog.statefulSets, namespace: "default", ["metadata": ["name": "w"]])
        let error = await #expect(throws: APIError.self) { try await api.create(ResourceCatalog.statefulSets, namespace: "default", ["metadata": ["name": "w"]]) }
        #expect(error?.status.message == #"statefulsets.apps "w" already exists"#)
        #expect(error?.status.code == 409)
    }

    @Test("generateName makes different names")
    func generateName() async throws {
        var names: Set<String> = []
        for _ in 0..<20 {
            let object = try await api.create(ResourceCatalog.configMaps, namespace: "default", ["metadata": ["generateName": "cm-"]])
            names.insert(object.at("metadata", "name")?.string ?? "")
        }
        #expect(names.count == 20)
        #expect(names.allSatisfy { $0.hasPrefix("cm-") && $0.count == 8 })
    }

    @Test("only a change of the desired state raises the generation, and no change writes nothing")
    func generation() async throws {
        let created = try await api.create(ResourceCatalog.statefulSets, namespace: "default", ["metadata": ["name": "w"], "spec": ["replicas": 1]])
        let same = try await api.update(ResourceCatalog.statefulSets, namespace: "default", name: "w", created)
        #expect(same.at("metadata", "resourceVersion") == created.at("metadata", "resourceVersion"))
        var changed = created
        changed["metadata"]?["labels"] = ["a": "b"]
        changed = try await api.update(ResourceCatalog.statefulSets, namespace: "default", name: "w", changed)
        #expect(changed.at("metadata", "generation") == 1)
        changed["spec"]?["replicas"] = 2
        changed = try await api.update(ResourceCatalog.statefulSets, namespace: "default", name: "w", changed)
        #expect(changed.at("metadata", "generation") == 2)
    }

    @Test("an update on an old version is a conflict; without a version the last one wins")
    func conflict() async throws {
        let created = try await api.create(ResourceCatalog.configMaps, namespace: "default", ["metadata": ["name": "c"], "data": ["a": "1"]])
        var newer = created
        newer["data"] = ["a": "2"]
        _ = try await api.update(ResourceCatalog.configMaps, namespace: "default", name: "c", newer)
        newer["data"] = ["a": "3"]
        let error = await #expect(throws: APIError.self) { try await api.update(ResourceCatalog.configMaps, namespace: "default", name: "c", newer) }
        #expect(error?.status.message == #"Operation cannot be fulfilled on configmaps "c": the object has been modified; please apply your changes to the latest version and try again"#)
        newer["metadata"]?["resourceVersion"] = nil
        #expect(try await api.update(ResourceCatalog.configMaps, namespace: "default", name: "c", newer).at("data", "a") == "3")
    }

    @Test("the status subresource changes the status only, the object everything else")
    func status() async throws {
        var pod = try await api.create(ResourceCatalog.pods, namespace: "default", pod("p"))
        pod["spec"]?["nodeName"] = "elsewhere"
        pod["status"] = ["phase": "Failed"]
        let updated = try await api.update(ResourceCatalog.pods, namespace: "default", name: "p", subresource: "status", pod)
        #expect(updated.at("spec", "nodeName") == "")
        #expect(updated.at("status", "phase") == "Failed")
        var again = updated
        again["status"] = ["phase": "Running"]
        again["spec"]?["priority"] = 3
        again = try await api.update(ResourceCatalog.pods, namespace: "default", name: "p", again)
        #expect(again.at("status", "phase") == "Failed")
        #expect(again.at("spec", "priority") == 3)
    }

    @Test("concurrent modifications all count")
    func modify() async throws {
        _ = try await api.create(ResourceCatalog.configMaps, namespace: "default", ["metadata": ["name": "c"], "data": [:]])
        try await withThrowingDiscardingTaskGroup { group in
            for index in 0..<30 {
                group.addTask {
                    _ = try await api.modify(ResourceCatalog.configMaps, namespace: "default", name: "c") { old in
                        var new = old
                        new["data"]?["k\(index)"] = "v"
                        return new
                    }
                }
            }
        }
        #expect(try api.get(ResourceCatalog.configMaps, namespace: "default", name: "c")["data"]?.object?.count == 30)
    }

    @Test("a pod that may be running is given its grace period; the agent's second deletion removes it")
    func grace() async throws {
        _ = try await api.create(ResourceCatalog.pods, namespace: "default", pod("p", node: "n"))
        guard case .begun(let dying) = try await api.delete(ResourceCatalog.pods, namespace: "default", name: "p") else {
            Issue.record("the pod went at once")
            return
        }
        #expect(dying.at("metadata", "deletionGracePeriodSeconds") == 30)
        #expect(dying.at("metadata", "deletionTimestamp")?.string != nil)
        var longer = DeleteOptions()
        longer.gracePeriodSeconds = 60
        _ = try await api.delete(ResourceCatalog.pods, namespace: "default", name: "p", longer)
        #expect(try api.get(ResourceCatalog.pods, namespace: "default", name: "p").at("metadata", "deletionGracePeriodSeconds") == 30)
        var wrong = DeleteOptions()
        wrong.gracePeriodSeconds = 0
        wrong.uid = "other"
        await #expect(throws: APIError.self) { try await api.delete(ResourceCatalog.pods, namespace: "default", name: "p", wrong) }
        var final = DeleteOptions()
        final.gracePeriodSeconds = 0
        final.uid = dying.at("metadata", "uid")?.string
        guard case .removed = try await api.delete(ResourceCatalog.pods, namespace: "default", name: "p", final) else {
            Issue.record("the pod is still there")
            return
        }
        #expect(throws: APIError.self) { try api.get(ResourceCatalog.pods, namespace: "default", name: "p") }
    }

    @Test("an unscheduled pod goes at once")
    func unscheduled() async throws {
        _ = try await api.create(ResourceCatalog.pods, namespace: "default", pod("p"))
        guard case .removed = try await api.delete(ResourceCatalog.pods, namespace: "default", name: "p") else {
            Issue.record("the pod is still there")
            return
        }
    }

    @Test("finalizers hold an object until the last one goes")
    func finalizers() async throws {
        _ = try await api.create(ResourceCatalog.configMaps, namespace: "default", ["metadata": ["name": "c", "finalizers": ["a/b"]]])
        guard case .begun = try await api.delete(ResourceCatalog.configMaps, namespace: "default", name: "c") else {
            Issue.record("the finalizer was ignored")
            return
        }
        _ = try await api.modify(ResourceCatalog.configMaps, namespace: "default", name: "c") { old in
            var new = old
            new["metadata"]?["finalizers"] = []
            return new
        }
        #expect(throws: APIError.self) { try api.get(ResourceCatalog.configMaps, namespace: "default", name: "c") }
    }

    @Test("propagation policies become finalizers", arguments: [
        (DeleteOptions.Propagation.foreground, "foregroundDeletion"), (.orphan, "orphan"),
    ])
    func propagation(policy: DeleteOptions.Propagation, finalizer: String) async throws {
        _ = try await api.create(ResourceCatalog.statefulSets, namespace: "default", ["metadata": ["name": "w"]])
        var options = DeleteOptions()
        options.propagation = policy
        guard case .begun(let object) = try await api.delete(ResourceCatalog.statefulSets, namespace: "default", name: "w", options) else {
            Issue.record("it went at once")
            return
        }
        #expect(object.at("metadata", "finalizers") == [.string(finalizer)])
    }

    @Test("a dry run leaves no trace")
    func dryRun() async throws {
        var options = WriteOptions()
        options.isDryRun = true
        _ = try await api.create(ResourceCatalog.configMaps, namespace: "default", ["metadata": ["name": "c"]], options)
        #expect(throws: APIError.self) { try api.get(ResourceCatalog.configMaps, namespace: "default", name: "c") }
    }

    @Test("a list comes in parts that add up to the whole")
    func parts() async throws {
        for index in 0..<7 { _ = try await api.create(ResourceCatalog.configMaps, namespace: "default", ["metadata": ["name": .string("c\(index)")]]) }
        var options = ListOptions()
        options.limit = 3
        var names: [String] = []
        repeat {
            let part = try api.list(ResourceCatalog.configMaps, options)
            names += part.objects.map(\.key.name)
            options.continuation = part.continuation
        } while !options.continuation.isEmpty
        #expect(names == (0..<7).map { "c\($0)" })
    }

    @Test("a pod is bound to a node once")
    func bind() async throws {
        _ = try await api.create(ResourceCatalog.pods, namespace: "default", pod("p"))
        try await api.bind(namespace: "default", pod: "p", to: "n")
        let bound = try api.get(ResourceCatalog.pods, namespace: "default", name: "p")
        #expect(bound.at("spec", "nodeName") == "n")
        #expect(bound.at("status", "conditions")?[0]?["type"] == "PodScheduled")
        await #expect(throws: APIError.self) { try await api.bind(namespace: "default", pod: "p", to: "m") }
    }
}
