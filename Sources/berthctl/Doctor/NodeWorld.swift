import FoundationEssentials
import Glibc
import Ledger
import LinuxSystem
import PodPlanning

/// What is on this machine that only Berth makes: read from the kernel and the disk, never changed.
struct NodeWorld: Equatable {
    /// Mount points under Berth's own directories, with the file system's type.
    var mounts: [String: String] = [:]
    /// Directory of a pod's cgroup by pod uid.
    var podCgroups: [String: String] = [:]
    /// Pod uids that have a directory under `/run/berth/pods`, and whether a supervisor answers there.
    var supervisors: Set<String> = []
    /// Pod uids with a directory under `/var/lib/kubelet/pods`.
    var podDirectories: Set<String> = []
    /// Container ids with a writable layer.
    var scratch: Set<String> = []
    /// Backing file by loop device, for those in Berth's volume directory.
    var loopDevices: [String: String] = [:]
    /// Volume ids that have an image.
    var volumeImages: Set<String> = []

    init() {}

    /// - Parameter cgroupRoots: every mounted cgroup hierarchy.
    init(paths: NodePaths, cgroupRoots: [String], cgroupParent: String = "") {
        let own = [paths.kubelet, paths.state, paths.run]
        // A machine that does not show its mounts or devices shows no orphans among them either.
        for mount in (try? MountInfo.read()) ?? [] where own.contains(where: { mount.mountPoint.hasPrefix($0 + "/") }) {
            mounts[mount.mountPoint] = mount.filesystemType
        }
        for root in cgroupRoots {
            for tier in ["", "/burstable", "/besteffort"] {
                let directory = "\(root)\(cgroupParent.isEmpty ? "" : "/\(cgroupParent)")/kubepods\(tier)"
                for name in Self.names(directory) where name.hasPrefix("pod") { podCgroups[String(name.dropFirst(3))] = "\(directory)/\(name)" }
            }
        }
        supervisors = Set(Self.names("\(paths.run)/pods"))
        podDirectories = Set(Self.names(paths.podsDirectory))
        scratch = Set(Self.names(paths.containers))
        for device in Self.names("/sys/block") where device.hasPrefix("loop") {
            if let file = SmallFile.firstLine("/sys/block/\(device)/loop/backing_file"), file.hasPrefix(paths.provisionedVolumes + "/") {
                loopDevices["/dev/\(device)"] = file
            }
        }
        volumeImages = Set(Self.names(paths.provisionedVolumes).filter { $0.hasPrefix("pvc-") })
    }

    private static func names(_ directory: String) -> [String] {
        // A directory that is not there has nothing in it.
        ((try? DirectoryEntry.list(directory)) ?? []).map(\.name)
    }
}
