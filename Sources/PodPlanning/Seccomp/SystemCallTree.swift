/// A search tree over ranges of system call numbers, as classic BPF to be put before a program: it answers the calls whose
/// verdict needs no look at their arguments, and lets the others go on to the program.
///
/// The kernel checks, converts and compiles a filter instruction by instruction each time a container starts. One comparison
/// per range of neighbouring numbers, in place of one per call, shortens the RuntimeDefault filter to a quarter.
/// Source: linux/filter.h, linux/seccomp.h (struct seccomp_data).
struct SystemCallTree {
    enum Verdict: Hashable {
        /// A `SECCOMP_RET_*` value.
        case answer(UInt32)
        /// The program that follows decides.
        case further
    }

    private enum Target {
        case node(Int)
        case leaf(Verdict)
    }

    /// libseccomp's token, the kernel's `AUDIT_ARCH_*`.
    private let architecture: UInt32
    /// Each node before what is below it: numbers from `bound` on go to `above`.
    private var nodes: [(bound: UInt32, above: Target, below: Target)] = []
    private var leaves: [Verdict] = []

    /// - Parameter verdicts: by number, from zero; numbers past the last get `beyond`.
    init(architecture: UInt32, verdicts: [Verdict], beyond: Verdict) {
        self.architecture = architecture
        var ranges: [(first: UInt32, verdict: Verdict)] = []
        for (number, verdict) in (verdicts + [beyond]).enumerated() where ranges.last?.verdict != verdict {
            ranges.append((UInt32(number), verdict))
        }
        _ = grow(ranges[...])
    }

    private mutating func grow(_ ranges: ArraySlice<(first: UInt32, verdict: Verdict)>) -> Target {
        if ranges.count == 1, let only = ranges.first {
            if !leaves.contains(only.verdict) { leaves.append(only.verdict) }
            return .leaf(only.verdict)
        }
        let middle = ranges.startIndex + ranges.count / 2
        let index = nodes.count
        nodes.append((ranges[middle].first, .node(0), .node(0)))
        nodes[index].below = grow(ranges[..<middle])
        nodes[index].above = grow(ranges[middle...])
        return .node(index)
    }

    /// The trees one after the other; whatever none of them answers reaches `program`.
    ///
    /// - Returns: nil when a tree is too large for the jumps of BPF, which reach 255 instructions.
    static func before(_ program: [UInt8], _ trees: [SystemCallTree]) -> [UInt8]? {
        var instructions = [Instruction(.load, operand: 4)]  // the architecture
        for tree in trees {
            guard let body = tree.body else { return nil }
            instructions += [Instruction(.equal, ifTrue: 1, operand: tree.architecture), Instruction(.jump, operand: UInt32(body.count))] + body
        }
        for index in instructions.indices where instructions[index].isOnward {
            instructions[index].operand = UInt32(instructions.count - index - 1)
        }
        return instructions.flatMap(\.bytes) + program
    }

    private var body: [Instruction]? {
        func distance(from index: Int, to target: Target) -> UInt8? {
            switch target {
            case .node(let other): UInt8(exactly: other - index - 1)
            case .leaf(let verdict): leaves.firstIndex(of: verdict).flatMap { UInt8(exactly: nodes.count + $0 - index - 1) }
            }
        }
        var body = [Instruction(.load, operand: 0)]  // the number
        for (index, node) in nodes.enumerated() {
            guard let above = distance(from: index, to: node.above), let below = distance(from: index, to: node.below) else { return nil }
            body.append(Instruction(.atLeast, ifTrue: above, ifFalse: below, operand: node.bound))
        }
        return body
            + leaves.map {
                switch $0 {
                case .answer(let value): Instruction(.answer, operand: value)
                case .further: Instruction(.jump, isOnward: true)
                }
            }
    }

    private struct Instruction {
        enum Code: UInt16 { case load = 0x20, jump = 0x05, equal = 0x15, atLeast = 0x35, answer = 0x06 }

        let code: Code
        let ifTrue: UInt8
        let ifFalse: UInt8
        var operand: UInt32
        /// A jump to the program, whose distance is known last.
        let isOnward: Bool

        init(_ code: Code, ifTrue: UInt8 = 0, ifFalse: UInt8 = 0, operand: UInt32 = 0, isOnward: Bool = false) {
            self.code = code
            self.ifTrue = ifTrue
            self.ifFalse = ifFalse
            self.operand = operand
            self.isOnward = isOnward
        }

        var bytes: [UInt8] {
            withUnsafeBytes(of: code.rawValue, Array.init) + [ifTrue, ifFalse] + withUnsafeBytes(of: operand, Array.init)
        }
    }
}
