import FoundationEssentials
import Glibc

/// A profile as the OCI runtime spec writes it, in JSON. Source: config-linux.md, "Seccomp".
struct SeccompProfileDocument: Decodable {
    var defaultAction: String
    var defaultErrnoRet: Int32?
    var architectures: [String]?
    var syscalls: [Syscall]?

    struct Syscall: Decodable {
        var names: [String]
        var action: String
        var errnoRet: Int32?
        var args: [Argument]?
    }

    struct Argument: Decodable {
        var index: UInt32
        var value: UInt64
        var valueTwo: UInt64?
        var op: String
    }

    static func profile(named name: String, json: [UInt8]) throws(PlanningError) -> SeccompRules {
        let document: SeccompProfileDocument
        do {
            document = try JSONDecoder().decode(SeccompProfileDocument.self, from: Data(json))
        } catch {
            throw .badSeccompProfile(name: name, problem: "not an OCI seccomp profile: \(error)")
        }
        return try document.rules(named: name)
    }

    private func rules(named name: String) throws(PlanningError) -> SeccompRules {
        var rules: [SeccompRules.Rule] = []
        for syscall in syscalls ?? [] {
            var arguments: [SeccompRules.Argument] = []
            for argument in syscall.args ?? [] {
                guard argument.index < 6, let comparison = Self.comparisons[argument.op] else {
                    throw .badSeccompProfile(name: name, problem: "argument \(argument.index) with operator \(argument.op)")
                }
                arguments.append(.init(index: argument.index, comparison: comparison, value: argument.value, second: argument.valueTwo ?? 0))
            }
            let action = try Self.action(syscall.action, syscall.errnoRet, name)
            rules.append(SeccompRules.Rule(calls: syscall.names, action: action, arguments: arguments))
        }
        let prefix = "SCMP_ARCH_"
        return SeccompRules(
            defaultAction: try Self.action(defaultAction, defaultErrnoRet, name), rules: rules,
            architectures: (architectures ?? []).map { ($0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0).lowercased() })
    }

    private static func action(_ text: String, _ errno: Int32?, _ name: String) throws(PlanningError) -> SeccompRules.Action {
        switch text {
        case "SCMP_ACT_ALLOW": return .allow
        case "SCMP_ACT_ERRNO": return .errno(errno ?? EPERM)
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": return .killThread
        case "SCMP_ACT_KILL_PROCESS": return .killProcess
        case "SCMP_ACT_TRAP": return .trap
        case "SCMP_ACT_TRACE": return .trace(errno ?? EPERM)
        case "SCMP_ACT_LOG": return .log
        default: throw .badSeccompProfile(name: name, problem: "unknown action \(text)")
        }
    }

    private static let comparisons: [String: SeccompRules.Comparison] = [
        "SCMP_CMP_NE": .notEqual, "SCMP_CMP_LT": .less, "SCMP_CMP_LE": .lessOrEqual, "SCMP_CMP_EQ": .equal, "SCMP_CMP_GE": .greaterOrEqual,
        "SCMP_CMP_GT": .greater, "SCMP_CMP_MASKED_EQ": .maskedEqual,
    ]
}
