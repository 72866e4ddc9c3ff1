import Foundation
import Glibc
import LinuxSystem
import PodPlanning
import Testing
@testable import Volumes

@Suite("Pod volumes", .asRoot, .serialized)
struct PodVolumesKernelTests {
    private func file(_ path: String, _ text: String, mode: UInt32 = 0o644) -> ProjectedFile {
        ProjectedFile(path: path, content: Array(text.utf8), mode: mode)
    }

    private func status(_ path: String) -> stat {
        var information = stat()
        #expect(lstat(path, &information) == 0)
        return information
    }

    @Test("an emptyDir is empty, writable for all, stays when published again, and goes with the pod")
    func emptyDirectory() async throws {
        try await VolumesFixture.with { node in
            let request = VolumeRequest(name: "scratch", source: .emptyDirectory)
            let path = try await node.pods.publish(request, podUID: "u1").volume.hostPath
            #expect(path == "\(node.paths.kubelet)/pods/u1/volumes/kubernetes.io~empty-dir/scratch")
            #expect(status(path).st_mode & 0o7777 == 0o777)
            try node.write("x", to: "\(path)/f")
            #expect(try await node.pods.publish(request, podUID: "u1").volume.hostPath == path)
            #expect(node.exists("\(path)/f"))
            try await node.pods.unpublish(podUID: "u1", volume: "scratch", kind: "emptyDir")
            #expect(!node.exists(path))
            try await node.pods.unpublish(podUID: "u1", volume: "scratch", kind: "emptyDir")
        }
    }

    @Test("an image is its layers laid over each other, read-only, whether it has one or several", arguments: [1, 2])
    func image(count: Int) async throws {
        try await VolumesFixture.with { node in
            let layers = (0..<count).map { "\(node.root)/layer\($0)" }
            for (index, layer) in layers.enumerated() {
                try DirectoryTree.make(layer)
                try node.write("layer \(index)", to: "\(layer)/top")
                try node.write("", to: "\(layer)/only\(index)")
            }
            let request = VolumeRequest(name: "tools", source: .image(layers: layers, id: "sha256:x"))
            let published = try await node.pods.publish(request, podUID: "u1")
            let path = published.volume.hostPath
            #expect(published.volume.isReadOnly && published.isMount && published.kind == "image" && published.volumeID == "sha256:x")
            #expect(node.read("\(path)/top") == "layer \(count - 1)")
            #expect(layers.indices.allSatisfy { node.exists("\(path)/only\($0)") })
            #expect(open("\(path)/new", O_WRONLY | O_CREAT, 0o644) == -1 && errno == EROFS)
            #expect(try await node.pods.publish(request, podUID: "u1").volume.hostPath == path)
            #expect(try MountInfo.read().mounts(under: path).count == 1, "published again, it is mounted once")
            try await node.pods.unpublish(podUID: "u1", volume: "tools", kind: "image")
            #expect(!node.exists(path) && node.exists("\(layers[0])/top"))
        }
    }

    @Test("a subPath is made where it is missing, with the volume's mode, and never outside of the volume")
    func subPath() async throws {
        try await VolumesFixture.with { node in
            let path = try await node.pods.publish(VolumeRequest(name: "data", source: .emptyDirectory), podUID: "u1").volume.hostPath
            try await node.pods.makeSubPath("db/main", in: path)
            #expect(status("\(path)/db").st_mode & 0o7777 == 0o777 && status("\(path)/db/main").st_mode & 0o7777 == 0o777)
            chmod("\(path)/db/main", 0o700)
            try await node.pods.makeSubPath("db/main", in: path)
            #expect(status("\(path)/db/main").st_mode & 0o7777 == 0o700, "what is there is left as it is")

            let outside = "\(node.root)/outside"
            try DirectoryTree.make(outside)
            #expect(symlink(outside, "\(path)/absolute") == 0 && symlink("../../../../../../outside", "\(path)/relative") == 0)
            for link in ["absolute", "relative"] {
                await #expect(throws: VolumeError.self) { try await node.pods.makeSubPath("\(link)/made", in: path) }
            }
            #expect(try DirectoryEntry.list(outside).isEmpty)
            try node.write("x", to: "\(path)/file")
            await #expect(throws: VolumeError.self) { try await node.pods.makeSubPath("file/below", in: path) }
            try await node.pods.unpublish(podUID: "u1", volume: "data", kind: "emptyDir")
        }
    }

    @Test("a memory emptyDir has its size limit")
    func memory() async throws {
        try await VolumesFixture.with { node in
            let request = VolumeRequest(name: "ram", source: .memory(sizeBytes: 4 << 20))
            let published = try await node.pods.publish(request, podUID: "u1")
            #expect(published.isMount)
            _ = try await node.pods.publish(request, podUID: "u1")
            #expect(try MountInfo.read().mounts(under: node.root).count == 1)
            #expect(fill("\(published.volume.hostPath)/f", bytes: 5 << 20).code == ENOSPC)
            #expect(try await node.pods.unpublishAll(podUID: "u1").isEmpty)
        }
    }

    @Test("an emptyDir of huge pages has pages of its size, up to its limit", .enabled(if: HugePagePool.canGrow, "needs two free huge pages of 2Mi"))
    func hugePages() async throws {
        let page = 2 << 20
        let pool = try HugePagePool(more: 2)
        defer { pool.giveBack() }
        try await VolumesFixture.with { node in
            let request = VolumeRequest(name: "huge", source: .hugePages(pageBytes: page, sizeBytes: page))
            let published = try await node.pods.publish(request, podUID: "u1")
            #expect(published.isMount)
            _ = try await node.pods.publish(request, podUID: "u1")
            let mounts = try MountInfo.read().mounts(under: node.root)
            #expect(mounts.map(\.filesystemType) == ["hugetlbfs"])
            let file = try OwnedFileDescriptor(opening: "\(published.volume.hostPath)/f", flags: O_RDWR | O_CREAT, mode: 0o600)
            #expect(posix_fallocate(file.rawValue, 0, page) == 0)
            #expect(posix_fallocate(file.rawValue, page, page) == ENOSPC)
            #expect(try await node.pods.unpublishAll(podUID: "u1").isEmpty)
        }
    }

    @Test("the removal of an emptyDir takes any name and any depth, and follows no link")
    func removal() async throws {
        try await VolumesFixture.with { node in
            let precious = "\(node.root)/precious"
            try DirectoryTree.make(precious)
            try node.write("keep", to: "\(precious)/file")
            let path = try await node.pods.publish(VolumeRequest(name: "s", source: .emptyDirectory), podUID: "u1").volume.hostPath
            #expect(symlink(precious, "\(path)/link") == 0)
            #expect(mkfifo("\(path)/fifo", 0o600) == 0)
            #expect(mkdir("\(path)/..berth-removing-1", 0o755) == 0)
            try node.write("x", to: "\(path)/..berth-removing-1/inside")
            let strange: [CChar] = Array(path.utf8CString.dropLast()) + [CChar(UInt8(ascii: "/")), -1, -2, 0]
            close(creat(strange, 0o644))
            // Deeper than a path can be long: PATH_MAX is 4096.
            var directory = open(path, O_RDONLY | O_DIRECTORY)
            for _ in 0..<3000 {
                mkdirat(directory, "deep", 0o755)
                let next = openat(directory, "deep", O_RDONLY | O_DIRECTORY)
                close(directory)
                directory = next
            }
            close(directory)
            try await node.pods.unpublish(podUID: "u1", volume: "s", kind: "emptyDir")
            #expect(!node.exists(path))
            #expect(node.read("\(precious)/file") == "keep")
        }
    }

    @Test("a bind that stands in an emptyDir stops the removal, and its source keeps every file", arguments: ["", "sub"])
    func bindSource(below: String) async throws {
        try await VolumesFixture.with { node in
            let precious = "\(node.root)/precious"
            try DirectoryTree.make("\(precious)/sub")
            try node.write("keep", to: "\(precious)/sub/file")
            let path = try await node.pods.publish(VolumeRequest(name: "s", source: .emptyDirectory), podUID: "u1").volume.hostPath
            let target = below.isEmpty ? path : "\(path)/\(below)"
            try DirectoryTree.make(target)
            try FileSystemMount.mount(precious, at: target, type: "", flags: .bind)
            await #expect(throws: VolumeError.self) { try await node.pods.unpublish(podUID: "u1", volume: "s", kind: "emptyDir") }
            #expect(node.read("\(precious)/sub/file") == "keep")
            await #expect(throws: VolumeError.self) { try await node.pods.unpublishAll(podUID: "u1") }
            #expect(node.read("\(precious)/sub/file") == "keep")
            try FileSystemMount.unmount(target)
            #expect(try await node.pods.unpublishAll(podUID: "u1").isEmpty)
        }
    }

    @Test("directories of plugins that are not Berth's are left, and named")
    func foreignPlugins() async throws {
        try await VolumesFixture.with { node in
            let foreign = "\(node.paths.podVolumes("u1"))/kubernetes.io~csi/pv/mount"
            try DirectoryTree.make(foreign)
            let left = try await node.pods.unpublishAll(podUID: "u1")
            #expect(left == ["\(node.paths.podVolumes("u1"))/kubernetes.io~csi"])
            #expect(node.exists(foreign))
        }
    }

    @Test("files are replaced all at once, and only when they changed")
    func projection() async throws {
        try await VolumesFixture.with { node in
            func publish(_ files: [ProjectedFile]) async throws -> PublishedVolume {
                try await node.pods.publish(VolumeRequest(name: "cfg", source: .files(files, plugin: "configmap")), podUID: "u1")
            }
            let first = try await publish([file("a.conf", "1"), file("dir/b", "2", mode: 0o400)])
            let path = first.volume.hostPath
            #expect(first.filesChanged)
            #expect(node.read("\(path)/a.conf") == "1")
            #expect(node.read("\(path)/dir/b") == "2")
            #expect(status("\(path)/a.conf").st_mode & S_IFMT == S_IFLNK)
            let generation = try FileManager.default.destinationOfSymbolicLink(atPath: "\(path)/..data")

            #expect(try await publish([file("a.conf", "1"), file("dir/b", "2", mode: 0o400)]).filesChanged == false)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(path)/..data") == generation)

            // A subPath bind holds the old file, whatever happens to its name.
            let pinned = "\(node.root)/pinned"
            try node.write("", to: pinned)
            try FileSystemMount.mount("\(path)/\(generation)/a.conf", at: pinned, type: "", flags: .bind)
            #expect(try await publish([file("a.conf", "changed"), file("c", "3")]).filesChanged)
            #expect(node.read("\(path)/a.conf") == "changed")
            #expect(node.read("\(path)/c") == "3")
            #expect(!node.exists("\(path)/dir"))
            #expect(!node.exists("\(path)/\(generation)"))
            #expect(node.read(pinned) == "1")
            try FileSystemMount.unmount(pinned)

            // Modes alone are a change, and so is a file that a power cut emptied.
            #expect(try await publish([file("a.conf", "changed", mode: 0o600), file("c", "3")]).filesChanged)
            #expect(truncate("\(path)/..data/c", 0) == 0)
            #expect(try await publish([file("a.conf", "changed", mode: 0o600), file("c", "3")]).filesChanged)
            #expect(node.read("\(path)/c") == "3")
            #expect(try await node.pods.unpublishAll(podUID: "u1").isEmpty)
        }
    }

    @Test("credentials lie in memory, with the group's permission")
    func secret() async throws {
        try await VolumesFixture.with { node in
            let request = VolumeRequest(name: "tls", source: .files([file("key", "k", mode: 0o400)], plugin: "secret"))
            let published = try await node.pods.publish(request, podUID: "u1", fsGroup: FSGroup(id: 2000))
            let mount = try MountInfo.read().mount(at: published.volume.hostPath)
            #expect(mount?.filesystemType == "tmpfs")
            let information = status("\(published.volume.hostPath)/..data/key")
            #expect(information.st_gid == 2000)
            #expect(information.st_mode & 0o777 == 0o440)
            #expect(try await node.pods.publish(request, podUID: "u1", fsGroup: FSGroup(id: 2000)).filesChanged == false)
            try await node.pods.unpublish(podUID: "u1", volume: "tls", kind: "secret")
        }
    }

    @Test("fsGroup owns everything; OnRootMismatch looks at the root only; links are not followed")
    func ownership() async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(LocalVolumeKernelTests.claim(mebibytes: 16))
            let path = try await node.store.stage("pvc-1").path
            try DirectoryTree.make("\(path)/d/e", mode: 0o700)
            try node.write("x", to: "\(path)/d/e/f")
            #expect(chmod("\(path)/d/e/f", 0o600) == 0)
            let outside = "\(node.root)/outside"
            try node.write("o", to: outside)
            #expect(symlink(outside, "\(path)/link") == 0)
            let request = VolumeRequest(name: "data", source: .localImage(id: "pvc-1"))
            let published = try await node.pods.publish(request, podUID: "u1", fsGroup: FSGroup(id: 3000))
            #expect(published.fsGroup == 3000)
            #expect(status("\(path)/d/e/f").st_gid == 3000)
            #expect(status("\(path)/d/e/f").st_mode & 0o7777 == 0o660)
            #expect(status("\(path)/d").st_mode & 0o2770 == 0o2770)
            #expect(status(path).st_mode & 0o2770 == 0o2770)
            #expect(status(outside).st_gid == 0)
            #expect(chown("\(path)/d/e/f", 0, 0) == 0)
            _ = try await node.pods.publish(request, podUID: "u1", fsGroup: FSGroup(id: 3000, onRootMismatch: true))
            #expect(status("\(path)/d/e/f").st_gid == 0)
            _ = try await node.pods.publish(request, podUID: "u1", fsGroup: FSGroup(id: 3000))
            #expect(status("\(path)/d/e/f").st_gid == 3000)
            try await node.store.unstage("pvc-1")
        }
    }

    @Test("hostPath types are checked with kubelet's words", arguments: [
        ("Directory", "file", "is not a directory"), ("File", "dir", "is not a file"), ("Socket", "file", "is not a socket file"),
        ("CharDevice", "file", "is not a character device"), ("BlockDevice", "dir", "is not a block device"), ("Directory", "absent", "is not a directory"),
    ])
    func hostPathRefusals(type: String, name: String, words: String) async throws {
        try await VolumesFixture.with { node in
            try DirectoryTree.make("\(node.root)/dir")
            try node.write("x", to: "\(node.root)/file")
            let path = "\(node.root)/\(name)"
            do throws(VolumeError) {
                _ = try await node.pods.publish(VolumeRequest(name: "h", source: .hostPath(path: path, type: type)), podUID: "u1")
                Issue.record("accepted")
            } catch {
                #expect(error.description == "hostPath type check failed: \(path) \(words)")
                #expect(error.remedy != nil)
            }
        }
    }

    @Test("hostPath makes what it may make, with the promised modes, and never removes it")
    func hostPathCreation() async throws {
        try await VolumesFixture.with { node in
            for (name, type, mode) in [("d/e", "DirectoryOrCreate", mode_t(0o755)), ("f", "FileOrCreate", 0o644), ("g", "", 0o755)] {
                let path = "\(node.root)/\(name)"
                for _ in 0..<2 { _ = try await node.pods.publish(VolumeRequest(name: "h", source: .hostPath(path: path, type: type)), podUID: "u1") }
                #expect(status(path).st_mode & 0o777 == mode)
            }
            for path in ["/dev/null"] {
                _ = try await node.pods.publish(VolumeRequest(name: "h", source: .hostPath(path: path, type: "CharDevice")), podUID: "u1")
            }
            try await node.pods.unpublish(podUID: "u1", volume: "h", kind: "hostPath")
            #expect(try await node.pods.unpublishAll(podUID: "u1").isEmpty)
            #expect(node.exists("\(node.root)/d/e"))
        }
    }

    @Test("a directory that a PersistentVolume names must be the one it was")
    func directoryIdentity() async throws {
        try await VolumesFixture.with { node in
            let path = "\(node.root)/disk"
            try DirectoryTree.make(path)
            let request = VolumeRequest(name: "data", source: .directory(path: path, type: "Directory", volume: "pv1", claim: ""))
            let first = try await node.pods.publish(request, podUID: "u1")
            #expect(first.identity != nil)
            #expect(try await node.pods.publish(request, podUID: "u1", expecting: first.identity).identity == first.identity)
            #expect(rename(path, "\(path).old") == 0)
            try DirectoryTree.make(path)
            await #expect(throws: VolumeError.self) { try await node.pods.publish(request, podUID: "u1", expecting: first.identity) }
        }
    }

    @Test("a deadline is reported with what hung, and the caller goes on")
    func deadline() async throws {
        let reading = DispatchSemaphore(value: 0)
        await #expect(throws: VolumeError.self) {
            try await VolumeWork.run("waiting", deadline: .milliseconds(50)) { () throws(VolumeError) in reading.wait() }
        }
        reading.signal()
    }
}
