import Glibc
import LinuxSystem

/// Huge pages of 2Mi that this machine sets aside for as long as a test runs.
struct HugePagePool {
    private static let file = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
    private let before: Int
    private let more: Int

    private static var count: Int { SmallFile.firstLine(file).flatMap { Int($0) } ?? 0 }

    /// Whether the kernel has them, lets us ask for them, and finds the memory.
    static let canGrow: Bool = {
        guard getuid() == 0, let pool = try? HugePagePool(more: 2) else { return false }
        defer { pool.giveBack() }
        return count >= pool.before + 2
    }()

    init(more: Int) throws {
        before = Self.count
        self.more = more
        try ControlFile.write("\(before + more)".utf8, to: Self.file)
    }

    func giveBack() {
        // The machine is as it was, but for what others have asked for since.
        try? ControlFile.write("\(max(Self.count - more, before))".utf8, to: Self.file)
    }
}
