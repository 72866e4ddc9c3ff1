import Foundation
import Glibc
import LinuxSystem
import PodPlanning
import Testing
@testable import Volumes

extension Trait where Self == ConditionTrait {
    /// Mounting and loop devices need root.
    static var asRoot: ConditionTrait { .enabled(if: getuid() == 0 && access("/dev/loop-control", F_OK) == 0, "needs root and loop devices") }

    /// Resizing a mounted ext4 needs CAP_SYS_RESOURCE, which some containers lack even for root.
    static var mayResize: ConditionTrait { .enabled(if: hasSystemResourceCapability, "needs CAP_SYS_RESOURCE") }
    static var mayNotResize: ConditionTrait { .disabled(if: hasSystemResourceCapability, "only where CAP_SYS_RESOURCE is missing") }
}

/// Bit 24 of the effective set. Source: capabilities(7).
private var hasSystemResourceCapability: Bool {
    // Without /proc nothing here runs anyway.
    let status = (try? SmallFile.text("/proc/self/status")) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
    return UInt64(line?.dropFirst("CapEff:\t".count) ?? "", radix: 16).map { $0 & 1 << 24 != 0 } ?? false
}

/// A node's directories under a temporary root. `tearDown` fails the test when a mount or loop device is left.
struct VolumesFixture {
    let root: String
    let paths: NodePaths
    let store: LocalVolumeStore
    let pods: PodVolumes

    init() throws {
        root = "/tmp/berth-volumes-\(UUID().uuidString.prefix(8).lowercased())"
        try DirectoryTree.make(root, mode: 0o700)
        paths = NodePaths(root: root)
        store = LocalVolumeStore(directory: paths.provisionedVolumes)
        pods = PodVolumes(paths: paths, localVolumes: store)
    }

    static func with(_ body: (VolumesFixture) async throws -> Void) async throws {
        let fixture = try VolumesFixture()
        do {
            try await body(fixture)
        } catch {
            try await fixture.tearDown(expectClean: false)
            throw error
        }
        try await fixture.tearDown(expectClean: true)
    }

    private func tearDown(expectClean: Bool) async throws {
        let mounts = try MountInfo.read().mounts(under: root)
        for mount in mounts.reversed() { try FileSystemMount.unmount(mount.mountPoint, lazily: true) }
        var devices = try loopDevices()
        // A container that starts elsewhere on this machine holds a copy of every mount for a moment, and with it the
        // device; the kernel tells nobody when the last copy goes.
        let patience = ContinuousClock.now + .seconds(20)
        while !devices.isEmpty, ContinuousClock.now < patience {
            try await Task.sleep(for: .milliseconds(50))
            devices = try loopDevices()
        }
        if expectClean {
            #expect(mounts.map(\.mountPoint) == [], "mounts left behind")
            #expect(devices == [], "loop devices left behind")
        }
        try FileManager.default.removeItem(atPath: root)
    }

    /// Backing files below our root that a loop device still holds.
    func loopDevices() throws -> [String] {
        try DirectoryEntry.list("/sys/block").compactMap { SmallFile.firstLine("/sys/block/\($0.name)/loop/backing_file") }.filter { $0.hasPrefix(root) }
    }

    func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
    func read(_ path: String) -> String? { FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } }
    func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

/// Writes `count` bytes to `path` as root would.
/// - Returns: the errno that stopped it, and how many bytes were written.
func fill(_ path: String, bytes count: Int) -> (code: CInt, written: Int) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    defer { close(file) }
    let chunk = [UInt8](repeating: 0x42, count: 1 << 20)
    var written = 0
    while written < count {
        let now = write(file, chunk, min(chunk.count, count - written))
        if now < 0 { return (errno, written) }
        written += now
    }
    return fsync(file) == 0 ? (0, written) : (errno, written)
}
