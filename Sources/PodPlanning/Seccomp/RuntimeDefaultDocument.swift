import FoundationEssentials

/// The profile of containers that name none, in the OCI runtime spec's JSON: for other runtimes, to be compared with.
/// Source: config-linux.md, "Seccomp".
package func runtimeDefaultSeccompDocument(capabilities: UInt64) throws -> [UInt8] {
    try [UInt8](JSONEncoder().encode(Document(SeccompRules.runtimeDefault(capabilities: capabilities))))
}

private struct Document: Encodable {
    struct Call: Encodable {
        var names: [String]
        var action: String
        var errnoRet: Int32?
        var args: [Argument]
    }

    struct Argument: Encodable {
        var index: UInt32
        var value: UInt64
        var valueTwo: UInt64
        var op: String
    }

    var defaultAction: String
    var defaultErrnoRet: Int32?
    var architectures: [String]
    var syscalls: [Call]

    init(_ rules: SeccompRules) {
        (defaultAction, defaultErrnoRet) = Self.name(of: rules.defaultAction)
        #if arch(x86_64)
        architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]
        #else
        architectures = ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]
        #endif
        syscalls = rules.rules.map { rule in
            let (action, code) = Self.name(of: rule.action)
            return Call(
                names: rule.calls, action: action, errnoRet: code,
                args: rule.arguments.map { Argument(index: $0.index, value: $0.value, valueTwo: $0.second, op: Self.name(of: $0.comparison)) })
        }
    }

    private static func name(of action: SeccompRules.Action) -> (String, Int32?) {
        switch action {
        case .killProcess: ("SCMP_ACT_KILL_PROCESS", nil)
        case .killThread: ("SCMP_ACT_KILL_THREAD", nil)
        case .trap: ("SCMP_ACT_TRAP", nil)
        case .allow: ("SCMP_ACT_ALLOW", nil)
        case .log: ("SCMP_ACT_LOG", nil)
        case .errno(let code): ("SCMP_ACT_ERRNO", code)
        case .trace(let code): ("SCMP_ACT_TRACE", code)
        }
    }

    private static func name(of comparison: SeccompRules.Comparison) -> String {
        switch comparison {
        case .notEqual: "SCMP_CMP_NE"
        case .less: "SCMP_CMP_LT"
        case .lessOrEqual: "SCMP_CMP_LE"
        case .equal: "SCMP_CMP_EQ"
        case .greaterOrEqual: "SCMP_CMP_GE"
        case .greater: "SCMP_CMP_GT"
        case .maskedEqual: "SCMP_CMP_MASKED_EQ"
        }
    }
}
