import SandboxPlan
import Testing

@testable import PodPlanning

@Suite("The device filter of cgroup v2")
struct DeviceFilterTests {
    /// One question of the kernel: a type, what is wanted, and the numbers of the node.
    struct Request: CustomTestStringConvertible {
        let type: DevicePlan.Kind
        let access: DeviceRule.Access
        let major: UInt32
        let minor: UInt32
        let isAllowed: Bool
        var testDescription: String { DeviceRule(type: type, major: major, minor: minor, access: access).line }
    }

    static let requests = [
        Request(type: .character, access: [.read, .write], major: 1, minor: 3, isAllowed: true),
        Request(type: .character, access: [.read, .write], major: 136, minor: 7, isAllowed: true),
        Request(type: .character, access: .read, major: 5, minor: 2, isAllowed: true),
        Request(type: .block, access: .make, major: 254, minor: 0, isAllowed: true),
        Request(type: .character, access: .make, major: 10, minor: 232, isAllowed: true),
        Request(type: .block, access: .read, major: 254, minor: 0, isAllowed: false),
        Request(type: .block, access: [.make, .read], major: 254, minor: 0, isAllowed: false),
        Request(type: .character, access: .write, major: 1, minor: 1, isAllowed: false),
        Request(type: .character, access: .read, major: 1, minor: 2, isAllowed: false),
        Request(type: .block, access: .read, major: 1, minor: 3, isAllowed: false),
        Request(type: .character, access: .read, major: 5, minor: 3, isAllowed: false),
        Request(type: .character, access: .read, major: 137, minor: 0, isAllowed: false),
    ]

    @Test("a container may make any node and open only the harmless ones", arguments: requests)
    func container(request: Request) throws {
        #expect(try run(deviceFilter(DeviceRule.container), request) == request.isAllowed)
    }

    @Test("without rules nothing may be used")
    func empty() throws {
        for request in Self.requests { #expect(try !run(deviceFilter([]), request)) }
    }

    @Test("on v2 the filter is the pod's, or that of the containers beside a privileged one")
    func placement() throws {
        let filter = deviceFilter(DeviceRule.container)
        let plain = try pod(#"{"containers":[{"name":"c"}]}"#)
        #expect(try sandboxPlan(for: plain, on: .test()).cgroup.deviceFilter == filter)
        #expect(try plan(plain).cgroup.deviceFilter.isEmpty)
        #expect(try sandboxPlan(for: plain, on: .test(NodeFacts.legacy)).cgroup.deviceFilter.isEmpty)

        let mixed = try pod(#"{"containers":[{"name":"c"},{"name":"p","securityContext":{"privileged":true}}]}"#)
        #expect(try sandboxPlan(for: mixed, on: .test()).cgroup.deviceFilter.isEmpty)
        #expect(try plan(mixed).cgroup.deviceFilter == filter)
        let privileged = try pod(#"{"containers":[{"name":"p","securityContext":{"privileged":true}}]}"#)
        #expect(try plan(privileged).cgroup.deviceFilter.isEmpty)
    }

    struct BadProgram: Error { let instruction: UInt64 }

    /// What the kernel would answer; an instruction that its documentation does not have, or a jump out of the program, is an error.
    private func run(_ program: [UInt64], _ request: Request) throws -> Bool {
        let words = [(request.type == .block ? 1 : 2) | UInt64(request.access.rawValue) << 16, UInt64(request.major), UInt64(request.minor)]
        var registers = [UInt64?](repeating: nil, count: 11)
        var position = 0
        while position < program.count {
            let instruction = program[position]
            let (target, source) = (Int(instruction >> 8 & 15), Int(instruction >> 12 & 15))
            let offset = Int(Int16(truncatingIfNeeded: instruction >> 16))
            let value = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: instruction >> 32)))
            func operand(_ register: Int) throws -> UInt64 {
                guard let content = registers[register] else { throw BadProgram(instruction: instruction) }
                return content
            }
            position += 1
            switch instruction & 0xff {
            case 0x61:
                guard source == 1, offset % 4 == 0, words.indices.contains(offset / 4) else { throw BadProgram(instruction: instruction) }
                registers[target] = words[offset / 4]
            case 0xbf: registers[target] = try operand(source)
            case 0xb7: registers[target] = value
            case 0x57: registers[target] = try operand(target) & value
            case 0x77: registers[target] = try operand(target) >> value
            case 0x56:
                guard offset >= 0 else { throw BadProgram(instruction: instruction) }  // a loop
                if UInt32(truncatingIfNeeded: try operand(target)) != UInt32(truncatingIfNeeded: value) { position += offset }
            case 0x95: return try operand(0) != 0
            default: throw BadProgram(instruction: instruction)
            }
        }
        throw BadProgram(instruction: 0)
    }
}
