import Glibc
package import LinuxSystem
package import PodPlanning

/// Lays out the volumes of pods on the host and takes them down again. Every effect is idempotent and runs off the
/// cooperative pool, with a deadline; the caller brackets it in the ledger.
package struct PodVolumes: Sendable {
    package let paths: NodePaths
    package let localVolumes: LocalVolumeStore
    let deadline: Duration

    package init(paths: NodePaths, localVolumes: LocalVolumeStore, deadline: Duration = .seconds(60)) {
        self.paths = paths
        self.localVolumes = localVolumes
        self.deadline = deadline
    }

    /// Makes a volume ready to be bound into containers. Doing it again changes nothing, except that files are brought
    /// up to date.
    ///
    /// - Parameters:
    ///   - fsGroup: given to volumes that are the pod's own or a claim's; never to hostPath.
    ///   - ownedBy: the group that an earlier call for this pod has completed, as recorded: then the pass is left out.
    ///   - identity: what the source was the last time; nil the first time.
    /// - Throws: `identityMismatch` when the source is another one, or empty where it was not.
    package func publish(
        _ request: VolumeRequest, podUID: String, fsGroup: FSGroup? = nil, ownedBy completed: UInt32? = nil,
        expecting identity: SourceIdentity? = nil
    ) async throws(VolumeError) -> PublishedVolume {
        let target = path(of: request, podUID: podUID)
        let pass = fsGroup?.id == completed ? nil : fsGroup
        switch request.source {
        case .localImage(let id):
            let staged = try await localVolumes.stage(id, expecting: identity)
            if let pass, !request.isReadOnly {
                try await VolumeWork.run("setting the group of volume \(id)", deadline: .seconds(3600)) { () throws(VolumeError) in
                    try OwnershipPass.run(on: staged.path, for: pass)
                }
            }
            return PublishedVolume(request, path: staged.path, identity: staged.identity, fsGroup: fsGroup, check: staged.check)
        case .hostPath(let path, let type):
            try await VolumeWork.run("checking \(path)", deadline: deadline) { () throws(VolumeError) in
                try HostPathCheck.perform(path, type: type)
            }
            return PublishedVolume(request, path: path)
        case .directory(let path, let type, _, _):
            let found = try await VolumeWork.run("checking \(path)", deadline: deadline) { () throws(VolumeError) in
                try HostPathCheck.perform(path, type: type)
                let found = try volumeCall { () throws(SystemCallError) in try SourceIdentity(of: path) }
                if let identity, !identity.matches(found) { throw .identityMismatch(path: path, expected: identity, found: found) }
                return found
            }
            return PublishedVolume(request, path: path, identity: found)
        case .emptyDirectory:
            try await VolumeWork.run("making \(target)", deadline: deadline) { () throws(VolumeError) in
                try Self.makeDirectory(target, mode: 0o777)
                if let pass { try OwnershipPass.run(on: target, for: pass) }
            }
            return PublishedVolume(request, path: target, fsGroup: fsGroup)
        case .memory, .hugePages:
            try await VolumeWork.run("mounting \(target)", deadline: deadline) { () throws(VolumeError) in
                let isNew =
                    switch request.source {
                    case .hugePages(let page, let size):
                        try Self.mountMemory(target, kind: .hugetlbfs, options: ["pagesize=\(page)", "size=\(size)"], mode: 0o777)
                    case .memory(let size): try Self.mountMemory(target, sizeBytes: size, mode: 0o777)
                    default: false
                    }
                // What was completed before a reboot went with it.
                if let pass = isNew ? fsGroup : pass { try OwnershipPass.run(on: target, for: pass) }
            }
            return PublishedVolume(request, path: target, isMount: true, fsGroup: fsGroup)
        case .image(let layers, _):
            try await VolumeWork.run("mounting \(target)", deadline: deadline) { () throws(VolumeError) in
                try Self.mountImage(layers, at: target, volume: request.name)
            }
            return PublishedVolume(request, path: target, isMount: true)
        case .files(let files, let plugin):
            let inMemory = Self.keepsInMemory(plugin)
            let changed = try await VolumeWork.run("writing \(target)", deadline: deadline) { () throws(VolumeError) in
                if inMemory {
                    try Self.mountMemory(target, sizeBytes: nil, mode: 0o755)
                } else {
                    try Self.makeDirectory(target, mode: 0o755)
                }
                return try FileProjection(path: target).write(files, group: fsGroup?.id)
            }
            var published = PublishedVolume(request, path: target, isMount: inMemory, fsGroup: fsGroup)
            published.filesChanged = changed
            return published
        }
    }

    /// Whether `path` leads to `identity` now; false also when that cannot be seen.
    package func isInPlace(_ identity: SourceIdentity, at path: String) async -> Bool {
        do throws(VolumeError) {
            return try await VolumeWork.run("looking at \(path)", deadline: deadline) { () throws(VolumeError) in
                identity.matches(try volumeCall { () throws(SystemCallError) in try SourceIdentity(of: path) })
            }
        } catch {
            return false
        }
    }

    /// Takes down what `publish` made under the pod's directory. A claim's volume is only no longer used by this pod:
    /// `LocalVolumeStore.unstage` is the caller's decision, when the last pod is gone. hostPath is never touched.
    ///
    /// - Returns: who kept it busy, when it had to be detached lazily; empty otherwise.
    @discardableResult
    package func unpublish(podUID: String, volume name: String, kind: String) async throws(VolumeError) -> [MountHolder] {
        guard let plugin = Self.plugin(kind: kind) else { return [] }
        return try await unpublish(paths.volume(name, plugin: plugin, of: podUID))
    }

    /// Takes down every volume of the pod that Berth's own plugins made, and their directories.
    ///
    /// - Returns: directories that are left because Berth did not make them.
    package func unpublishAll(podUID: String) async throws(VolumeError) -> [String] {
        let root = paths.podVolumes(podUID)
        var left: [String] = []
        for plugin in try await names(in: root) {
            guard Self.plugins.contains(plugin.replacing("~", with: "/")) else {
                left.append("\(root)/\(plugin)")
                continue
            }
            for volume in try await names(in: "\(root)/\(plugin)") { try await unpublish("\(root)/\(plugin)/\(volume)") }
            rmdir("\(root)/\(plugin)")
        }
        rmdir(root)
        return left
    }

    @discardableResult
    private func unpublish(_ target: String) async throws(VolumeError) -> [MountHolder] {
        try await VolumeWork.run("removing \(target)", deadline: deadline) { () throws(VolumeError) in
            let mounts = try volumeCall { () throws(SystemCallError) in try MountInfo.read() }
            var holders: [MountHolder] = []
            for mount in mounts.mounts(under: target).reversed() {
                // Berth mounts nothing but memory and images here, and nothing below them.
                guard mount.mountPoint == target, ["tmpfs", "hugetlbfs", "overlay"].contains(mount.filesystemType) else { throw .mountInside(path: mount.mountPoint) }
                holders += try Self.unmount(mount)
            }
            try OwnedTree.remove(target)
            return holders
        }
    }

    private static func unmount(_ mount: MountInfo) throws(VolumeError) -> [MountHolder] {
        do throws(SystemCallError) {
            try FileSystemMount.unmount(mount.mountPoint)
            return []
        } catch {
            guard error.code == EBUSY else { throw .failed(error) }
        }
        return try volumeCall { () throws(SystemCallError) in
            let device = try SourceIdentity(of: mount.mountPoint).device
            let holders = MountHolder.find(device: device, label: mount.device)
            try FileSystemMount.unmount(mount.mountPoint, lazily: true)
            return holders
        }
    }

    private func names(in directory: String) async throws(VolumeError) -> [String] {
        try await VolumeWork.run("listing \(directory)", deadline: deadline) { () throws(VolumeError) in
            do throws(SystemCallError) {
                return try DirectoryEntry.list(directory).map(\.name).sorted()
            } catch {
                if error.code == ENOENT { return [] }
                throw .failed(error)
            }
        }
    }

    private static func makeDirectory(_ path: String, mode: mode_t) throws(VolumeError) {
        try volumeCall { () throws(SystemCallError) in
            let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            try DirectoryTree.make(parent, mode: 0o750)
            do throws(SystemCallError) {
                try systemCall("mkdir", on: path) { mkdir(path, mode) }
            } catch where error.code == EEXIST {
                return  // its mode may have been changed since, by an ownership pass or by the pod
            }
            // The umask may have taken bits away.
            try systemCall("chmod", on: path) { chmod(path, mode) }
        }
    }

    /// An overlay of layers alone, which nobody can write to. Of two it needs at least; the empty mount point is one more.
    private static func mountImage(_ layers: [String], at path: String, volume: String) throws(VolumeError) {
        try makeDirectory(path, mode: 0o755)
        let options = "lowerdir=" + (layers.reversed() + [path]).joined(separator: ":")
        // mount(2) takes one page of options.
        guard options.utf8.count < 4096 else { throw .unsupported(volume: volume, reason: "the image has too many layers (\(layers.count))") }
        try volumeCall { () throws(SystemCallError) in
            if try FileSystemMount.isMounted(.overlay, at: path) { return }
            try FileSystemMount.mount("overlay", at: path, type: "overlay", flags: [.readOnly, .noSUID, .noDevices, .noExec], options: options)
        }
    }

    /// - Returns: false when it was mounted already.
    @discardableResult
    private static func mountMemory(_ path: String, sizeBytes: Int?, mode: mode_t) throws(VolumeError) -> Bool {
        try mountMemory(path, kind: .tmpfs, options: sizeBytes.map { ["size=\($0)"] } ?? [], mode: mode)
    }

    private static func mountMemory(_ path: String, kind: FileSystemMount.Kind, options: [String], mode: mode_t) throws(VolumeError) -> Bool {
        try makeDirectory(path, mode: mode)
        return try volumeCall { () throws(SystemCallError) in
            if try FileSystemMount.isMounted(kind, at: path) { return false }
            let all = ["mode=\(String(mode, radix: 8))"] + options
            try FileSystemMount.mount("\(kind)", at: path, type: "\(kind)", flags: [.noSUID, .noDevices], options: all.joined(separator: ","))
            return true
        }
    }
}
