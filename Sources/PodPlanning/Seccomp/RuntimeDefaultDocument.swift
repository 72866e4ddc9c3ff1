package import KubeAPI

/// The profile of containers that name none, in the OCI runtime spec's JSON: for other runtimes, to be compared with.
package func runtimeDefaultSeccompDocument(capabilities: UInt64) -> JSONValue { SeccompRules.runtimeDefault(capabilities: capabilities).document }

extension SeccompRules {
    /// In the OCI runtime spec's form. Source: config-linux.md, "Seccomp".
    var document: JSONValue {
        var document: JSONValue = [
            "architectures": .array((architectures.contains(Self.native) ? architectures : [Self.native] + architectures).map { .string("SCMP_ARCH_\($0.uppercased())") }),
            "syscalls": .array(
                rules.map { rule in
                    var entry: JSONValue = [
                        "names": .array(rule.calls.map { .string($0) }), "action": .string(rule.action.name),
                        "args": .array(rule.arguments.map(\.document)),
                    ]
                    entry["errnoRet"] = rule.action.number
                    return entry
                }),
            "defaultAction": .string(defaultAction.name),
        ]
        document["defaultErrnoRet"] = defaultAction.number
        return document
    }

    #if arch(x86_64)
    private static let native = "x86_64"
    #else
    private static let native = "aarch64"
    #endif
}

extension SeccompRules.Action {
    fileprivate var name: String {
        switch self {
        case .killProcess: "SCMP_ACT_KILL_PROCESS"
        case .killThread: "SCMP_ACT_KILL_THREAD"
        case .trap: "SCMP_ACT_TRAP"
        case .allow: "SCMP_ACT_ALLOW"
        case .log: "SCMP_ACT_LOG"
        case .errno: "SCMP_ACT_ERRNO"
        case .trace: "SCMP_ACT_TRACE"
        }
    }

    fileprivate var number: JSONValue? {
        switch self {
        case .errno(let number), .trace(let number): .int(Int(number))
        case .killProcess, .killThread, .trap, .allow, .log: nil
        }
    }
}

extension SeccompRules.Argument {
    fileprivate var document: JSONValue {
        ["index": .int(Int(index)), "value": .int(Int(clamping: value)), "valueTwo": .int(Int(clamping: second)), "op": .string("SCMP_CMP_\(comparison.name)")]
    }
}

extension SeccompRules.Comparison {
    fileprivate var name: String {
        switch self {
        case .notEqual: "NE"
        case .less: "LT"
        case .lessOrEqual: "LE"
        case .equal: "EQ"
        case .greaterOrEqual: "GE"
        case .greater: "GT"
        case .maskedEqual: "MASKED_EQ"
        }
    }
}
