import FoundationEssentials
import KubeAPI
@testable import PodPlanning
import SandboxPlan
import Testing

/// Runs a compiled filter as the kernel would. Source: linux/filter.h, linux/seccomp.h; the instructions libseccomp emits.
struct FilterMachine {
    let program: [UInt8]

    /// The `SECCOMP_RET_*` value for a call on x86-64.
    func verdict(_ call: UInt32, _ arguments: [UInt64] = [], architecture: UInt32 = 0xC000_003E) -> UInt32? {
        var data = [UInt8](repeating: 0, count: 64)
        func store<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
            withUnsafeBytes(of: value.littleEndian) { for (index, byte) in $0.enumerated() { data[offset + index] = byte } }
        }
        store(call, at: 0)
        store(architecture, at: 4)
        for (index, argument) in arguments.enumerated() { store(argument, at: 16 + 8 * index) }

        var accumulator: UInt32 = 0
        var position = 0
        while position * 8 + 8 <= program.count {
            let base = position * 8
            let code = UInt16(program[base]) | UInt16(program[base + 1]) << 8
            let (yes, no) = (Int(program[base + 2]), Int(program[base + 3]))
            let operand = (0..<4).reduce(UInt32(0)) { $0 | UInt32(program[base + 4 + $1]) << (8 * UInt32($1)) }
            position += 1
            switch code {
            case 0x20: accumulator = (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[Int(operand) + $1]) << (8 * UInt32($1)) }
            case 0x54: accumulator &= operand
            case 0x15: position += accumulator == operand ? yes : no
            case 0x25: position += accumulator > operand ? yes : no
            case 0x35: position += accumulator >= operand ? yes : no
            case 0x45: position += accumulator & operand != 0 ? yes : no
            case 0x05: position += Int(operand)
            case 0x06: return operand
            default: return nil
            }
        }
        return nil
    }
}

#if arch(x86_64)
    @Suite("Seccomp on x86-64")
    struct SeccompTests {
        static let allow: UInt32 = 0x7fff_0000
        static let permissionDenied: UInt32 = 0x0005_0001
        static let notImplemented: UInt32 = 0x0005_0026
        static let sysAdmin: UInt64 = 1 << 21

        static let table: [(String, UInt32, [UInt64], UInt64, UInt32)] = [
            ("read", 0, [], 0, allow),
            ("execve", 59, [], 0, allow),
            ("io_uring_setup", 425, [], 0, permissionDenied),
            ("mount", 165, [], 0, permissionDenied),
            ("mount with SYS_ADMIN", 165, [], sysAdmin, allow),
            ("reboot", 169, [], 0, permissionDenied),
            ("reboot with SYS_BOOT", 169, [], 1 << 22, allow),
            ("chroot with SYS_CHROOT", 161, [], 1 << 18, allow),
            ("clone of a thread", 56, [0x3d0f00], 0, allow),
            ("clone with a user namespace", 56, [0x1000_0011], 0, permissionDenied),
            ("clone with a user namespace and SYS_ADMIN", 56, [0x1000_0011], sysAdmin, allow),
            ("clone3", 435, [], 0, notImplemented),
            ("clone3 with SYS_ADMIN", 435, [], sysAdmin, allow),
            ("unshare", 272, [], 0, permissionDenied),
            ("a call of the future", 4000, [], 0, notImplemented),
            ("socket of the internet", 41, [2], 0, allow),
            ("socket of the hypervisor", 41, [40], 0, permissionDenied),
            ("personality of Linux", 135, [0], 0, allow),
            ("personality query", 135, [0xffff_ffff], 0, allow),
            ("personality without address randomisation", 135, [0x0040000], 0, permissionDenied),
            ("keyctl", 250, [], 0, permissionDenied),
            ("bpf with BPF", 321, [], 1 << 39, allow),
        ]

        @Test("RuntimeDefault", arguments: table)
        func runtimeDefault(name: String, call: UInt32, arguments: [UInt64], capabilities: UInt64, expected: UInt32) throws {
            let machine = FilterMachine(program: try SeccompCompiler().runtimeDefault(capabilities: capabilities))
            #expect(machine.verdict(call, arguments) == expected, "\(name)")
        }

        @Test("32-bit programs are under the same rules")
        func compatible() throws {
            let machine = FilterMachine(program: try SeccompCompiler().runtimeDefault(capabilities: 0))
            #expect(machine.verdict(3, architecture: 0x4000_0003) == Self.allow)
            #expect(machine.verdict(21, architecture: 0x4000_0003) == Self.permissionDenied)
        }

        @Test("the short program gives libseccomp's own verdicts, call by call", arguments: [0, sysAdmin, 0xa804_25fb, ~0] as [UInt64])
        func compacted(capabilities: UInt64) throws {
            let rules = SeccompRules.runtimeDefault(capabilities: capabilities)
            let short = FilterMachine(program: try rules.compacted())
            let long = FilterMachine(program: try rules.compiled())
            let arguments: [[UInt64]] = [[0], [40], [0x1000_0000], [0x3d0f00], [0x20008], [~0]]
            // i386 packs its socket calls into number 102, which libseccomp takes apart by argument.
            for (architecture, newest, packed) in [(UInt32(0xC000_003E), UInt32(450), UInt32?.none), (0x4000_0003, 450, 102)] {
                for number in 0...newest where number != packed {
                    for argument in arguments {
                        let verdicts = (short.verdict(number, argument, architecture: architecture), long.verdict(number, argument, architecture: architecture))
                        #expect(verdicts.0 == verdicts.1, "\(number) \(argument) on \(architecture)")
                    }
                }
            }
            #expect(short.verdict(0, architecture: 0xC000_00B7) == long.verdict(0, architecture: 0xC000_00B7))
        }

        @Test("the program is short, because the kernel compiles it at every start")
        func size() throws {
            #expect(try SeccompCompiler().runtimeDefault(capabilities: 0xa804_25fb).count / 8 < 350)
        }

        static let profile = """
            {"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],"syscalls":[
             {"names":["mkdir","no_such_call"],"action":"SCMP_ACT_ERRNO","errnoRet":5},
             {"names":["kill"],"action":"SCMP_ACT_KILL_PROCESS","args":[{"index":1,"value":9,"op":"SCMP_CMP_EQ"}]},
             {"names":["dup"],"action":"SCMP_ACT_LOG","args":[{"index":0,"value":1,"op":"SCMP_CMP_GT"},{"index":0,"value":1,"op":"SCMP_CMP_LT"}]}]}
            """

        static let localhostTable: [(UInt32, [UInt64], UInt32)] = [
            (0, [], allow), (83, [], 0x0005_0005), (62, [1, 9], 0x8000_0000), (62, [1, 15], allow), (32, [5], 0x7ffc_0000),
            (32, [0], 0x7ffc_0000), (32, [1], allow), (4000, [], allow),
        ]

        @Test("a profile of the node does what it says", arguments: localhostTable)
        func localhost(call: UInt32, arguments: [UInt64], expected: UInt32) throws {
            let machine = FilterMachine(program: try SeccompCompiler().localhost("p", json: Array(Self.profile.utf8)))
            #expect(machine.verdict(call, arguments) == expected)
        }
    }
#endif

@Suite("Seccomp choice")
struct SeccompChoiceTests {
    static func program(_ podContext: String, _ context: String, profiles: [String: [UInt8]] = [:], seccompDefault: Bool = true) throws -> [UInt8] {
        var node = try NodeFacts.test()
        node.seccompDefault = seccompDefault
        var objects = ReferencedObjects()
        objects.seccompProfiles = profiles
        let pod = try pod(#"{"securityContext":\#(podContext),"containers":[{"name":"c","securityContext":\#(context)}]}"#)
        return try plan(pod, objects: objects, on: node).process.seccomp
    }

    @Test("RuntimeDefault is the default; the container's profile wins over the pod's", arguments: [
        ("{}", "{}", true, true), ("{}", "{}", false, false), (#"{"seccompProfile":{"type":"Unconfined"}}"#, "{}", true, false),
        (#"{"seccompProfile":{"type":"Unconfined"}}"#, #"{"seccompProfile":{"type":"RuntimeDefault"}}"#, false, true),
        (#"{"seccompProfile":{"type":"RuntimeDefault"}}"#, #"{"privileged":true}"#, true, false),
    ])
    func choice(podContext: String, context: String, seccompDefault: Bool, isConfined: Bool) throws {
        #expect(try Self.program(podContext, context, seccompDefault: seccompDefault).isEmpty != isConfined)
    }

    @Test("a profile that is missing or broken keeps the container from starting", arguments: [
        nil as String?, "{", #"{"defaultAction":"SCMP_ACT_DANCE"}"#,
        #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":7,"value":0,"op":"SCMP_CMP_EQ"}]}]}"#,
    ])
    func broken(json: String?) {
        let profiles = json.map { ["p": Array($0.utf8)] } ?? [:]
        let error = #expect(throws: PlanningError.self) {
            try Self.program("{}", #"{"seccompProfile":{"type":"Localhost","localhostProfile":"p"}}"#, profiles: profiles)
        }
        #expect(error?.reason == "CreateContainerError")
    }
}
