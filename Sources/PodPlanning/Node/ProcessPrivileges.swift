/// What this daemon may give to the processes it starts. A plan asks for no more, so that what is refused at a start was
/// asked for by the pod.
package struct ProcessPrivileges: Codable, Hashable, Sendable {
    /// Open files of one process at most. Source: setrlimit(2), `RLIMIT_NOFILE`.
    package var openFiles: UInt64 = 1 << 20
    /// The lowest `oom_score_adj`, -1000...1000.
    package var lowestOOMScore = -1000

    package init() {}

    /// - Parameters:
    ///   - hasResourceCapability: `CAP_SYS_RESOURCE`, which lifts both limits. Source: capabilities(7).
    ///   - openFiles: the daemon's own hard limit.
    ///   - systemOpenFiles: `fs.nr_open`, above which nobody gets.
    ///   - oomScore: the daemon's own `oom_score_adj`.
    package init(hasResourceCapability: Bool, openFiles: UInt64, systemOpenFiles: UInt64, oomScore: Int) {
        self.openFiles = min(self.openFiles, systemOpenFiles, hasResourceCapability ? .max : openFiles)
        if !hasResourceCapability { lowestOOMScore = oomScore }
    }
}
