import Glibc

/// What this very process may do.
package enum OwnProcess {
    /// `CAP_SYS_RESOURCE`. Source: capability.h.
    package static let sysResource = 24

    /// Whether a capability, by its number, is among the effective ones. Source: proc_pid_status(5), `CapEff`.
    package static func has(capability number: Int) -> Bool {
        // Without /proc/self/status, which no Linux lacks, better too little than too much.
        let text = (try? SmallFile.text("/proc/self/status")) ?? ""
        for line in text.split(separator: "\n") where line.hasPrefix("CapEff:") {
            let digits = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).last ?? ""
            return UInt64(digits, radix: 16).map { $0 & 1 << UInt64(number) != 0 } ?? false
        }
        return false
    }

    /// The hard limit of open files. Source: getrlimit(2).
    package static var openFilesLimit: UInt64 {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? UInt64(limit.rlim_max) : 1024
    }

    /// -1000...1000. Source: proc_pid_oom_score_adj(5).
    package static var oomScoreAdjustment: Int { SmallFile.firstLine("/proc/self/oom_score_adj").flatMap { Int($0) } ?? 0 }
}
