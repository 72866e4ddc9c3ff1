import SandboxPlan

/// Which device nodes may be made and opened. Source: kernel cgroup-v1 guide, "Device Whitelist Controller".
struct DeviceRule: Hashable {
    struct Access: OptionSet, Hashable {
        let rawValue: UInt32
        // The kernel's `BPF_DEVCG_ACC_*`.
        static let make = Self(rawValue: 1)
        static let read = Self(rawValue: 2)
        static let write = Self(rawValue: 4)
        var letters: String { (contains(.read) ? "r" : "") + (contains(.write) ? "w" : "") + (contains(.make) ? "m" : "") }
    }

    var type: DevicePlan.Kind
    var major: UInt32?
    var minor: UInt32?
    var access: Access

    /// Nodes of any kind may be made, only the harmless ones used; those of the terminals are each pod's own.
    static let container: [DeviceRule] =
        [
            DeviceRule(type: .character, access: .make), DeviceRule(type: .block, access: .make),
        ]
        + [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2), (136, nil)].map { (major: UInt32, minor: UInt32?) in
            DeviceRule(type: .character, major: major, minor: minor, access: [.make, .read, .write])
        }

    /// As `devices.allow` of cgroup v1 reads it.
    var line: String {
        "\(type.rawValue) \(major.map(String.init) ?? "*"):\(minor.map(String.init) ?? "*") \(access.letters)"
    }
}

/// The same rules as a program for cgroup v2, where devices have no control files: what no rule allows is refused.
/// Source: bpf-helpers(7); kernel BPF documentation, "BPF_PROG_TYPE_CGROUP_DEVICE".
func deviceFilter(_ rules: [DeviceRule]) -> [UInt64] {
    // The context, `struct bpf_cgroup_dev_ctx`: type in the lower half of its first word, access in the upper, then the numbers.
    let (context, type, access, major, minor, wanted) = (1, 2, 3, 4, 5, 6)
    var program = [
        BPF.load(type, from: context, offset: 0), BPF.move(access, from: type), BPF.and(type, 0xffff), BPF.shiftRight(access, 16),
        BPF.load(major, from: context, offset: 4), BPF.load(minor, from: context, offset: 8),
    ]
    for rule in rules {
        // Each test that fails skips the rest of its rule.
        var tests: [[(Int16) -> UInt64]] = [[{ BPF.skip($0, unless: type, is: rule.type == .block ? 1 : 2) }]]
        let excess = ~rule.access.rawValue & 7
        if excess != 0 {
            tests.append([{ _ in BPF.move(wanted, from: access) }, { _ in BPF.and(wanted, Int32(excess)) }, { BPF.skip($0, unless: wanted, is: 0) }])
        }
        if let number = rule.major { tests.append([{ BPF.skip($0, unless: major, is: Int32(bitPattern: number)) }]) }
        if let number = rule.minor { tests.append([{ BPF.skip($0, unless: minor, is: Int32(bitPattern: number)) }]) }
        let steps = tests.flatMap(\.self)
        for (index, step) in steps.enumerated() { program.append(step(Int16(steps.count - index + 1))) }
        program += [BPF.set(0, 1), BPF.exit]
    }
    return program + [BPF.set(0, 0), BPF.exit]
}

/// Instructions of eBPF, as `struct bpf_insn` lays them out: code, registers, offset, constant. Source: RFC 9669.
private enum BPF {
    static let exit = word(0x95)
    static func load(_ target: Int, from base: Int, offset: Int16) -> UInt64 { word(0x61, target, base, offset: offset) }
    static func move(_ target: Int, from source: Int) -> UInt64 { word(0xbf, target, source) }
    static func set(_ target: Int, _ value: Int32) -> UInt64 { word(0xb7, target, value: value) }
    static func and(_ target: Int, _ value: Int32) -> UInt64 { word(0x57, target, value: value) }
    static func shiftRight(_ target: Int, _ bits: Int32) -> UInt64 { word(0x77, target, value: bits) }
    /// Goes on `count` instructions after the next, unless the lower half of the register has that value.
    static func skip(_ count: Int16, unless register: Int, is value: Int32) -> UInt64 { word(0x56, register, offset: count, value: value) }

    private static func word(_ code: UInt8, _ target: Int = 0, _ source: Int = 0, offset: Int16 = 0, value: Int32 = 0) -> UInt64 {
        UInt64(code) | UInt64(target) << 8 | UInt64(source) << 12 | UInt64(UInt16(bitPattern: offset)) << 16
            | UInt64(UInt32(bitPattern: value)) << 32
    }
}
