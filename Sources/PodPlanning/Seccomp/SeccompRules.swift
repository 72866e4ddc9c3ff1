import CLinux
import CSeccomp
import Glibc
import LinuxSystem

/// A profile with every choice made: what to do with each system call, on which architectures.
struct SeccompRules: Hashable {
    struct Argument: Hashable {
        var index: UInt32
        var comparison: Comparison
        var value: UInt64
        /// The second operand of `maskedEqual`.
        var second: UInt64 = 0
    }

    enum Comparison: UInt32 { case notEqual = 1, less, lessOrEqual, equal, greaterOrEqual, greater, maskedEqual }

    enum Action: Hashable {
        case killProcess, killThread, trap, allow, log
        case errno(Int32)
        case trace(Int32)

        /// The kernel's `SECCOMP_RET_*` values. Source: seccomp(2).
        var code: UInt32 {
            switch self {
            case .killProcess: 0x8000_0000
            case .killThread: 0
            case .trap: 0x0003_0000
            case .errno(let number): 0x0005_0000 | UInt32(truncatingIfNeeded: number & 0xffff)
            case .trace(let number): 0x7ff0_0000 | UInt32(truncatingIfNeeded: number & 0xffff)
            case .log: 0x7ffc_0000
            case .allow: 0x7fff_0000
            }
        }
    }

    struct Rule: Hashable {
        var calls: [String]
        var action: Action
        /// All must hold.
        var arguments: [Argument] = []
    }

    var defaultAction: Action
    var rules: [Rule]
    /// libseccomp's names of further architectures that share the rules; an unknown one is left out.
    var architectures: [String] = []
    /// Source: seccomp_init(3), seccomp_rule_add(3), seccomp_export_bpf(3).
    func compiled() throws(PlanningError) -> [UInt8] {
        guard let context = seccomp_init(defaultAction.code) else { throw .seccompFailed(step: "start a filter", code: -ENOMEM) }
        defer { seccomp_release(context) }
        for token in tokens where token != seccomp_arch_native() {
            try check("add an architecture", seccomp_arch_add(context, token), except: -EEXIST)
        }
        // A binary search in place of a list: the filter runs on every system call. Older versions do not know the attribute.
        _ = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)
        // berth-pod sets no_new_privs where the plan says so, and holds CAP_SYS_ADMIN while it loads the filter.
        try check("clear no_new_privs", seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0))
        for rule in rules where rule.action != defaultAction {
            for call in rule.calls {
                let number = seccomp_syscall_resolve_name(call)
                // A name this architecture or this libseccomp does not have.
                guard number != -1 else { continue }
                try add(rule, number, call, to: context)
            }
        }
        return try exported(context)
    }

    /// The same verdicts from a much shorter program: libseccomp compiles the rules that look at arguments, a tree before them
    /// answers the rest. Calls newer than every one the rules name get ENOSYS in place of the default action, so that a C
    /// library falls back. A call is named either by rules with arguments or by one without.
    func compacted() throws(PlanningError) -> [UInt8] {
        var conditional = self
        conditional.rules = rules.filter { !$0.arguments.isEmpty }
        var byName: [String: SystemCallTree.Verdict] = [:]
        for rule in rules {
            for call in rule.calls { byName[call] = rule.arguments.isEmpty ? .answer(rule.action.code) : .further }
        }
        let trees = tokens.map { token in
            var verdicts = Self.names(of: token).map { $0.flatMap { byName[$0] } }
            while verdicts.last == .some(nil) { verdicts.removeLast() }
            return SystemCallTree(
                architecture: token, verdicts: verdicts.map { $0 ?? .answer(defaultAction.code) }, beyond: .answer(Action.errno(ENOSYS).code))
        }
        guard let program = SystemCallTree.before(try conditional.compiled(), trees) else { return try compiled() }
        return program
    }

    /// What libseccomp calls each number of an architecture, from zero. There are some 460 calls today.
    private static func names(of token: UInt32) -> [String?] {
        (0..<1024).map { (number: Int32) in
            guard let name = seccomp_syscall_resolve_num_arch(token, number) else { return nil }
            defer { free(name) }
            return String(cString: name)
        }
    }

    /// The native architecture first.
    private var tokens: [UInt32] {
        let native = seccomp_arch_native()
        return [native] + architectures.map { seccomp_arch_resolve_name($0) }.filter { $0 != 0 && $0 != native }
    }

    private func add(_ rule: Rule, _ number: Int32, _ call: String, to context: scmp_filter_ctx) throws(PlanningError) {
        let comparisons = rule.arguments.map {
            scmp_arg_cmp(arg: $0.index, op: scmp_compare(rawValue: $0.comparison.rawValue), datum_a: $0.value, datum_b: $0.second)
        }
        // libseccomp takes one comparison per argument and rule; further ones become rules of their own, as in runc.
        let isRepeated = Set(rule.arguments.map(\.index)).count < rule.arguments.count
        for group in isRepeated ? comparisons.map({ [$0] }) : [comparisons] {
            let code = seccomp_rule_add_array(context, rule.action.code, number, UInt32(group.count), group)
            try check("add a rule for \(call)", code, except: -EEXIST)
        }
    }

    private func check(_ step: String, _ code: Int32, except harmless: Int32 = 0) throws(PlanningError) {
        guard code == 0 || code == harmless else { throw .seccompFailed(step: step, code: code) }
    }

    private func exported(_ context: scmp_filter_ctx) throws(PlanningError) -> [UInt8] {
        let memory = berth_memfd("seccomp")
        guard memory >= 0 else { throw .seccompFailed(step: "make room for the program", code: -errno) }
        let file = OwnedFileDescriptor(adopting: memory)
        try check("export the program", seccomp_export_bpf(context, file.rawValue))
        let size = lseek(file.rawValue, 0, SEEK_END)
        var program = [UInt8](repeating: 0, count: max(Int(size), 0))
        let count = program.withUnsafeMutableBytes { pread(file.rawValue, $0.baseAddress, $0.count, 0) }
        guard count == program.count, count > 0 else { throw .seccompFailed(step: "read the program", code: -EIO) }
        return program
    }
}
