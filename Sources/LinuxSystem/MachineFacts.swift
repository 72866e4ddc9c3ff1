import Glibc

/// What this machine is, as a node reports it.
package struct MachineFacts: Hashable, Sendable {
    package var hostname: String
    /// 32 hexadecimal digits. Source: machine-id(5).
    package var machineID: String
    package var systemUUID: String
    /// New after every boot; a reboot is recognised by it.
    package var bootID: String
    package var kernelVersion: String
    /// `PRETTY_NAME` of os-release(5).
    package var osImage: String
    /// As Go spells it: amd64, arm64.
    package var architecture: String
    package var processors: Int
    package var memoryBytes: Int
    /// Bytes in huge pages that have been set aside, by the size of a page in bytes; every size that the kernel has.
    package var hugePages: [Int: Int] = [:]

    /// Reads them from `/proc`, `/sys` and `/etc`. A fact that a container or a small machine lacks is empty.
    package static func read() -> MachineFacts {
        let memory = MemoryInfo.read()
        let uuid = SmallFile.firstLine("/sys/class/dmi/id/product_uuid") ?? ""
        let machineID = SmallFile.firstLine("/etc/machine-id") ?? ""
        return MachineFacts(
            hostname: SmallFile.firstLine("/proc/sys/kernel/hostname") ?? "localhost", machineID: machineID,
            systemUUID: uuid.isEmpty ? machineID : uuid, bootID: SmallFile.firstLine("/proc/sys/kernel/random/boot_id") ?? "",
            kernelVersion: SmallFile.firstLine("/proc/sys/kernel/osrelease") ?? "", osImage: osImage(), architecture: goArchitecture,
            processors: max(sysconf(CInt(_SC_NPROCESSORS_ONLN)), 1), memoryBytes: memory.total, hugePages: hugePages())
    }

    /// Source: kernel guide, "HugeTLB Pages". A kernel without them has no such directory.
    private static func hugePages() -> [Int: Int] {
        let directory = "/sys/kernel/mm/hugepages"
        var pages: [Int: Int] = [:]
        for name in ((try? DirectoryEntry.list(directory)) ?? []).map(\.name) where name.hasPrefix("hugepages-") && name.hasSuffix("kB") {
            guard let kilobytes = Int(name.dropFirst("hugepages-".count).dropLast("kB".count)) else { continue }
            pages[kilobytes << 10] = (SmallFile.firstLine("\(directory)/\(name)/nr_hugepages").flatMap { Int($0) } ?? 0) * kilobytes << 10
        }
        return pages
    }

    private static func osImage() -> String {
        // A system without os-release is only nameless.
        let text = (try? SmallFile.text("/etc/os-release")) ?? ""
        for line in text.split(separator: "\n") where line.hasPrefix("PRETTY_NAME=") {
            return String(line.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" && $0 != "'" })
        }
        return "Linux"
    }

    private static var goArchitecture: String {
        #if arch(x86_64)
        "amd64"
        #elseif arch(arm64)
        "arm64"
        #else
        "unknown"
        #endif
    }
}
