import CSeccomp
import FoundationEssentials
import Glibc
import LinuxSystem
import Synchronization

/// Turns seccomp profiles into the BPF that `berth-pod` loads, and keeps each result: compiling costs more than starting a container.
package final class SeccompCompiler: Sendable {
    private enum Key: Hashable {
        case runtimeDefault(capabilities: UInt64)
        case localhost(json: [UInt8])
    }

    private let programs = Mutex<[Key: [UInt8]]>([:])

    package init() {}

    /// - Parameter capabilities: the container's bounding set, on which some system calls depend.
    package func runtimeDefault(capabilities: UInt64) throws(PlanningError) -> [UInt8] {
        try program(.runtimeDefault(capabilities: capabilities)) { () throws(PlanningError) in
            try SeccompRules.runtimeDefault(capabilities: capabilities).compacted()
        }
    }

    /// A profile in the OCI runtime spec's JSON.
    package func localhost(_ name: String, json: [UInt8]) throws(PlanningError) -> [UInt8] {
        try program(.localhost(json: json)) { () throws(PlanningError) in
            try SeccompProfileDocument.profile(named: name, json: json).compiled()
        }
    }

    private func program(_ key: Key, _ compile: () throws(PlanningError) -> [UInt8]) throws(PlanningError) -> [UInt8] {
        if let known = programs.withLock({ $0[key] }) { return known }
        let program = try compile()
        programs.withLock { $0[key] = program }
        return program
    }
}
