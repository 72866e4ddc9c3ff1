@testable import ControlPlane
import KubeAPI
import Testing

@Suite("Server-side apply")
struct ServerSideApplyTests {
    private func apply(_ config: String, as manager: String, to live: JSONValue, force: Bool = false) throws -> JSONValue {
        try ServerSideApply(manager: manager, force: force, resource: ResourceCatalog.statefulSets, subresource: "", time: "2026-01-01T00:00:00Z")
            .merge(JSONValue(parsing: config), into: live)
    }

    private func created(_ config: String, by manager: String) throws -> JSONValue {
        let apply = ServerSideApply(manager: manager, force: false, resource: ResourceCatalog.statefulSets, subresource: "", time: "2026-01-01T00:00:00Z")
        var object = try JSONValue(parsing: config)
        let fields = apply.ownership(of: object)
        object["metadata"]?["managedFields"] = fields
        return object
    }

    private static func config(replicas: Int? = nil, env: String = "", image: String = "a") -> String {
        let count = replicas.map { "\"replicas\":\($0)," } ?? ""
        return #"{"metadata":{"name":"w"},"spec":{\#(count)"template":{"spec":{"containers":[{"name":"c","image":"\#(image)"\#(env)}]}}}}"#
    }

    @Test("a manager owns what it applied, element by element")
    func ownership() throws {
        let object = try created(Self.config(replicas: 1), by: "one")
        let fields = object.at("metadata", "managedFields")?[0]?["fieldsV1"]
        #expect(fields?.description == #"{"f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:image":{},"f:name":{}}}}}}}"#)
    }

    @Test("a change of another manager's field is a conflict that names both")
    func conflict() throws {
        let live = try created(Self.config(replicas: 1), by: "one")
        let error = #expect(throws: APIError.self) { try apply(Self.config(replicas: 2), as: "two", to: live) }
        #expect(error?.status.code == 409)
        #expect(error?.status.details?.causes == [StatusCause(reason: "FieldManagerConflict", message: "conflict with \"one\"", field: ".spec.replicas")])
        #expect(error?.status.message == "Apply failed with 1 conflict: conflict with \"one\": .spec.replicas")
    }

    @Test("force takes the field over; the first manager then conflicts in turn")
    func force() throws {
        var live = try created(Self.config(replicas: 1), by: "one")
        live = try apply(Self.config(replicas: 2), as: "two", to: live, force: true)
        #expect(live.at("spec", "replicas") == 2)
        #expect(throws: APIError.self) { try apply(Self.config(replicas: 1), as: "one", to: live) }
    }

    @Test("the same value is shared, and stays until its last owner lets go")
    func shared() throws {
        var live = try created(Self.config(replicas: 1), by: "one")
        live = try apply(Self.config(replicas: 1), as: "two", to: live)
        live = try apply(Self.config(), as: "one", to: live)
        #expect(live.at("spec", "replicas") == 1)
        live = try apply(Self.config(), as: "two", to: live)
        #expect(live.at("spec", "replicas") == nil)
    }

    @Test("list elements that are no longer applied go; those of others stay")
    func elements() throws {
        var live = try created(Self.config(env: #","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]"#), by: "one")
        live = try apply(Self.config(env: #","env":[{"name":"C","value":"3"}]"#), as: "two", to: live)
        live = try apply(Self.config(env: #","env":[{"name":"B","value":"2"}]"#), as: "one", to: live)
        let env = live.at("spec", "template", "spec", "containers")?[0]?["env"]?.array?.compactMap { $0["name"]?.string }
        #expect(Set(env ?? []) == ["B", "C"])
    }

    @Test("an update takes fields from those who applied them")
    func update() throws {
        let old = try created(Self.config(replicas: 1), by: "one")
        var new = old
        new["spec"]?["replicas"] = 5
        ManagedFields.recordUpdate(&new, from: old, manager: "kubectl", time: "2026-01-01T00:00:00Z", resource: ResourceCatalog.statefulSets)
        let error = #expect(throws: APIError.self) { try apply(Self.config(replicas: 1), as: "one", to: new) }
        #expect(error?.status.details?.causes.first?.message == "conflict with \"kubectl\" using apps/v1 at 2026-01-01T00:00:00Z")
    }

    @Test("an object that was never tracked belongs to before-first-apply")
    func untracked() throws {
        let live = try JSONValue(parsing: Self.config(replicas: 1))
        let error = #expect(throws: APIError.self) { try apply(Self.config(replicas: 2), as: "one", to: live) }
        #expect(error?.status.message.contains("before-first-apply") == true)
    }

    @Test("kubectl goes on with what it applied on the client side, but not with what others changed since")
    func handOver() throws {
        var live = try JSONValue(parsing: Self.config(replicas: 1))
        live["metadata"]?["annotations"] = ["kubectl.kubernetes.io/last-applied-configuration": .string(Self.config(replicas: 1))]
        ManagedFields.recordUpdate(
            &live, from: nil, manager: "kubectl-client-side-apply", time: "2026-01-01T00:00:00Z", resource: ResourceCatalog.statefulSets)
        let applied = try apply(Self.config(replicas: 2), as: "kubectl", to: live)
        #expect(applied.at("spec", "replicas") == 2)
        #expect(applied.at("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")?.string?.contains("2") == true)
        #expect(throws: APIError.self) { try apply(Self.config(replicas: 2), as: "other", to: live) }
        live["spec"]?["replicas"] = 7
        #expect(throws: APIError.self) { try apply(Self.config(replicas: 2), as: "kubectl", to: live) }
    }

    @Test("applying the same again changes nothing")
    func idempotent() throws {
        let live = try created(Self.config(replicas: 1), by: "one")
        #expect(try apply(Self.config(replicas: 1), as: "one", to: live) == live)
    }
}
