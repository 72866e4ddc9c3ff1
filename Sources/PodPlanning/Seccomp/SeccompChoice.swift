import KubeAPI
import SandboxPlan

/// The profile that a container's system calls are filtered by.
enum SeccompChoice {
    case unconfined
    case runtimeDefault(capabilities: UInt64)
    case localhost(name: String, json: [UInt8])

    init(container: Container, pod: Pod, capabilities: CapabilitySets, objects: ReferencedObjects, node: NodeFacts) throws(PlanningError) {
        let profile = container.securityContext.seccompProfile ?? pod.spec.securityContext.seccompProfile
        if container.securityContext.privileged {
            self = .unconfined
            return
        }
        switch profile?.type ?? (node.seccompDefault ? "RuntimeDefault" : "Unconfined") {
        case "Localhost":
            let name = profile?.localhostProfile ?? ""
            guard isBeneath(name) else { throw .badSeccompProfile(name: name, problem: "must be a relative path without '..'") }
            guard let bytes = objects.seccompProfiles[name] else { throw .seccompProfileNotFound(name) }
            self = .localhost(name: name, json: bytes)
        case "RuntimeDefault": self = .runtimeDefault(capabilities: capabilities.bounding)
        default: self = .unconfined
        }
    }

    /// For `berth-pod`; empty when unconfined.
    func program(by compiler: SeccompCompiler) throws(PlanningError) -> [UInt8] {
        switch self {
        case .unconfined: []
        case .runtimeDefault(let capabilities): try compiler.runtimeDefault(capabilities: capabilities)
        case .localhost(let name, let json): try compiler.localhost(name, json: json)
        }
    }

    /// A number that `JSONValue` cannot hold would become another one.
    private static func document(of rules: SeccompRules, _ name: String) throws(PlanningError) -> JSONValue {
        for argument in rules.rules.flatMap(\.arguments) where max(argument.value, argument.second) > UInt64(Int.max) {
            throw .badSeccompProfile(name: name, problem: "has a value above 2^63, which is not passed on to OCI runtimes")
        }
        return rules.document
    }

    /// The same rules for an OCI runtime, read and written anew, so that it is held to what this node understands of a profile.
    var document: JSONValue? {
        get throws(PlanningError) {
            switch self {
            case .unconfined: nil
            case .runtimeDefault(let capabilities): SeccompRules.runtimeDefault(capabilities: capabilities).document
            case .localhost(let name, let json): try Self.document(of: SeccompProfileDocument.profile(named: name, json: json), name)
            }
        }
    }
}
