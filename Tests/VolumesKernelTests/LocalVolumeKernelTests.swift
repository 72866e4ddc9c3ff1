import Foundation
import Glibc
import LinuxSystem
import Testing
@testable import Volumes

@Suite("Local volumes", .asRoot, .serialized)
struct LocalVolumeKernelTests {
    static let mebibyte = 1 << 20
    static func claim(_ id: String = "pvc-1", mebibytes: Int = 64) -> LocalVolumeSpecification {
        LocalVolumeSpecification(id: id, capacityBytes: mebibytes * mebibyte, claimNamespace: "default", claimName: "data-web-0", claimUID: "1")
    }

    @Test("64Mi are 64 MiB: they can be written, and the 65th cannot", arguments: [16, 64, 300])
    func sizeIsReal(mebibytes: Int) async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(Self.claim(mebibytes: mebibytes))
            let staged = try await node.store.stage("pvc-1")
            #expect(try DirectoryEntry.list(staged.path).isEmpty, "a new volume is empty")
            let fits = fill("\(staged.path)/full", bytes: mebibytes * Self.mebibyte)
            #expect(fits.code == 0)
            unlink("\(staged.path)/full")
            let tooMuch = fill("\(staged.path)/full", bytes: (mebibytes + 1) * Self.mebibyte)
            #expect(tooMuch.code == ENOSPC)
            #expect(tooMuch.written >= mebibytes * Self.mebibyte)
            try await node.store.unstage("pvc-1")
        }
    }

    @Test("the image is preallocated: none of its blocks can be missing later")
    func preallocated() async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(Self.claim())
            var information = stat()
            #expect(stat(node.store.image(of: "pvc-1"), &information) == 0)
            #expect(Int(information.st_blocks) * 512 >= Int(information.st_size))
            // Also after files were written and deleted, with an attempt to give blocks back.
            let staged = try await node.store.stage("pvc-1")
            _ = fill("\(staged.path)/x", bytes: 8 << 20)
            unlink("\(staged.path)/x")
            try await node.store.unstage("pvc-1")
            #expect(stat(node.store.image(of: "pvc-1"), &information) == 0)
            #expect(Int(information.st_blocks) * 512 >= Int(information.st_size))
        }
    }

    @Test("creating and staging again changes nothing, and data survives unstaging")
    func idempotent() async throws {
        try await VolumesFixture.with { node in
            let first = try await node.store.create(Self.claim())
            #expect(try await node.store.create(Self.claim()) == first)
            let staged = try await node.store.stage("pvc-1")
            try node.write("kept", to: "\(staged.path)/file")
            #expect(try await node.store.stage("pvc-1", expecting: staged.identity) == staged)
            #expect(try MountInfo.read().mounts(under: staged.path).count == 1)
            try await node.store.unstage("pvc-1")
            try await node.store.unstage("pvc-1")
            #expect(try node.loopDevices().isEmpty)
            #expect(try await node.store.isStaged("pvc-1") == false)
            let again = try await node.store.stage("pvc-1", expecting: staged.identity)
            #expect(again.identity == staged.identity)
            #expect(node.read("\(again.path)/file") == "kept")
            try await node.store.unstage("pvc-1")
            #expect(try await node.store.volumes() == [first])
        }
    }

    @Test("a creation that was cut short is begun again", arguments: ["", "image", "volume.json"])
    func interruptedCreation(last: String) async throws {
        try await VolumesFixture.with { node in
            let partial = "\(node.store.directory)/.new-pvc-1"
            try DirectoryTree.make(partial, mode: 0o700)
            if !last.isEmpty { try node.write("half", to: "\(partial)/\(last)") }
            _ = try await node.store.create(Self.claim())
            #expect(!node.exists(partial))
            _ = try await node.store.stage("pvc-1")
            try await node.store.unstage("pvc-1")
        }
    }

    @Test("two at the same time make one volume")
    func concurrentCreation() async throws {
        try await VolumesFixture.with { node in
            async let first = node.store.create(Self.claim(mebibytes: 16))
            async let second = node.store.create(Self.claim(mebibytes: 16))
            let (a, b) = try await (first, second)
            #expect(a == b)
        }
    }

    @Test("a claim larger than the disk is refused before anything is written")
    func noRoom() async throws {
        try await VolumesFixture.with { node in
            await #expect(throws: VolumeError.self) { try await node.store.create(Self.claim(mebibytes: 1 << 30)) }
            let left = try DirectoryEntry.list(node.store.directory)
            #expect(left.isEmpty)
        }
    }

    @Test("another file system, or an empty file, in the image's place is never mounted", arguments: ["foreign", "empty", "missing"])
    func identity(kind: String) async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(Self.claim(mebibytes: 16))
            _ = try await node.store.create(Self.claim("pvc-2", mebibytes: 16))
            let image = node.store.image(of: "pvc-1")
            switch kind {
            case "foreign": #expect(rename(node.store.image(of: "pvc-2"), image) == 0)
            case "empty": #expect(truncate(image, 0) == 0 && truncate(image, 16 << 20) == 0)
            default: #expect(unlink(image) == 0)
            }
            await #expect(throws: VolumeError.self) { try await node.store.stage("pvc-1") }
            #expect(try MountInfo.read().mounts(under: node.root).isEmpty)
        }
    }

    @Test("an identity from the ledger that is not the volume's is refused")
    func ledgerIdentity() async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(Self.claim(mebibytes: 16))
            let other = SourceIdentity(filesystemUUID: "00000000-0000-0000-0000-000000000000", device: 0, inode: 2)
            await #expect(throws: VolumeError.self) { try await node.store.stage("pvc-1", expecting: other) }
            try await node.store.unstage("pvc-1")
        }
    }

    @Test("something else mounted in the volume's place is reported, not used and not unmounted")
    func foreignMount() async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(Self.claim(mebibytes: 16))
            let path = node.store.mountPoint(of: "pvc-1")
            try FileSystemMount.mount("tmpfs", at: path, type: "tmpfs")
            await #expect(throws: VolumeError.self) { try await node.store.stage("pvc-1") }
            await #expect(throws: VolumeError.self) { try await node.store.unstage("pvc-1") }
            #expect(try MountInfo.read().mount(at: path)?.filesystemType == "tmpfs")
            try FileSystemMount.unmount(path)
        }
    }

    @Test("grows while mounted, keeps its data, and the new size is as real as the old", .mayResize)
    func growMounted() async throws { try await grow(mounted: true) }

    @Test("grows while nobody uses it, keeps its data, and the new size is as real as the old")
    func growUnmounted() async throws { try await grow(mounted: false) }

    private func grow(mounted: Bool) async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(Self.claim(mebibytes: 32))
            var staged = try await node.store.stage("pvc-1")
            try node.write("kept", to: "\(staged.path)/file")
            if !mounted { try await node.store.unstage("pvc-1") }
            let grown = try await node.store.expand("pvc-1", toBytes: 200 * Self.mebibyte)
            #expect(grown.capacityBytes == 200 * Self.mebibyte)
            #expect(try await node.store.isStaged("pvc-1") == mounted)
            staged = try await node.store.stage("pvc-1")
            #expect(node.read("\(staged.path)/file") == "kept")
            #expect(fill("\(staged.path)/full", bytes: 200 * Self.mebibyte - 4096).code == 0)
            unlink("\(staged.path)/full")
            #expect(fill("\(staged.path)/full", bytes: 203 * Self.mebibyte).code == ENOSPC)
            try await node.store.unstage("pvc-1")
            #expect(try await node.store.expand("pvc-1", toBytes: 200 * Self.mebibyte) == grown)
        }
    }

    @Test("without the right to grow a mounted volume, it is said so, and nothing changes", .mayNotResize)
    func growWithoutRight() async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(Self.claim(mebibytes: 16))
            let staged = try await node.store.stage("pvc-1")
            do throws(VolumeError) {
                _ = try await node.store.expand("pvc-1", toBytes: 32 * Self.mebibyte)
                Issue.record("grew")
            } catch {
                guard case .growthNeedsUnmount = error else { throw error }
                #expect(error.remedy != nil)
            }
            try node.write("works", to: "\(staged.path)/file")
            try await node.store.unstage("pvc-1")
            let grown = try await node.store.expand("pvc-1", toBytes: 32 * Self.mebibyte)
            #expect(grown.capacityBytes == 32 * Self.mebibyte)
        }
    }

    @Test("an image that another mount namespace still has mounted is never resized behind its back", .mayNotResize)
    func growWhileMountedElsewhere() async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(Self.claim(mebibytes: 16))
            _ = try await node.store.stage("pvc-1")
            let other = Process()
            other.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
            other.arguments = ["--mount", "--propagation", "private", "/bin/sh", "-c", "echo ready; exec sleep 600"]
            let output = Pipe()
            other.standardOutput = output
            try other.run()
            defer { kill(other.processIdentifier, SIGKILL) }
            _ = output.fileHandleForReading.availableData
            try await node.store.unstage("pvc-1")
            do throws(VolumeError) {
                _ = try await node.store.expand("pvc-1", toBytes: 32 * Self.mebibyte)
                Issue.record("grew")
            } catch {
                guard case .busy(_, let holders) = error else { throw error }
                #expect(holders.contains { $0.pid == other.processIdentifier && $0.reason == .mount })
            }
            // Deleting it is another matter: the data only moves.
            _ = try await node.store.moveToTrash("pvc-1", at: Date())
            kill(other.processIdentifier, SIGKILL)
            other.waitUntilExit()
        }
    }

    @Test("shrinking is refused with the size it has")
    func shrink() async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(Self.claim(mebibytes: 32))
            await #expect(throws: VolumeError.self) { try await node.store.expand("pvc-1", toBytes: 16 * Self.mebibyte) }
            #expect(try await node.store.volume("pvc-1").capacityBytes == 32 * Self.mebibyte)
        }
    }

    /// Leaves a volume with a file in it as it is on the disk while mounted.
    private func cutPower(of node: VolumesFixture) async throws {
        let staged = try await node.store.stage("pvc-1")
        try node.write("kept", to: "\(staged.path)/file")
        sync()
        let image = node.store.image(of: "pvc-1")
        let copy = try Data(contentsOf: URL(fileURLWithPath: image))
        try await node.store.unstage("pvc-1")
        try copy.write(to: URL(fileURLWithPath: image))
    }

    @Test("a check that takes long is not killed: who asks is told, and finds the volume mounted when it is over")
    func longCheck() async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(Self.claim(mebibytes: 16))
            try await cutPower(of: node)
            // It goes on when there is a file, and leaves a process behind that goes on until there is another.
            try DirectoryTree.make("\(node.root)/tools")
            let script = """
                #!/bin/sh
                echo $$ >> \(node.root)/runs
                while [ ! -e \(node.root)/go ]; do sleep 0.02; done
                (while [ ! -e \(node.root)/over ]; do sleep 0.02; done) &
                exec /sbin/e2fsck "$@"

                """
            try ControlFile.write(script.utf8, to: "\(node.root)/tools/e2fsck", flags: O_CREAT, mode: 0o755)
            let tools = FilesystemTools(directory: "\(node.root)/tools", deadline: .milliseconds(300))
            let store = LocalVolumeStore(directory: node.store.directory, deadline: .milliseconds(300), tools: tools)
            func failure(of body: () async throws -> Void) async -> String {
                do { try await body() } catch { return "\(error)" }
                return ""
            }
            let underMaintenance = VolumeError.underMaintenance(id: "pvc-1").description
            for _ in 0..<2 { #expect(await failure { _ = try await store.stage("pvc-1") } == underMaintenance) }
            #expect(await failure { try await store.unstage("pvc-1") } == underMaintenance)
            try node.write("", to: "\(node.root)/go")
            while try MountInfo.read().mount(at: node.store.mountPoint(of: "pvc-1")) == nil { try await Task.sleep(for: .milliseconds(5)) }
            // What e2fsck has left keeps the volume to itself, also from another berthd.
            #expect(await failure { _ = try await store.stage("pvc-1") } == "staging volume pvc-1 did not end within \(store.deadline)")
            try node.write("", to: "\(node.root)/over")
            let staged = try await node.store.stage("pvc-1")
            #expect(node.read("\(staged.path)/file") == "kept")
            #expect(node.read("\(node.root)/runs")?.split(separator: "\n").count == 1)
            try await node.store.unstage("pvc-1")
        }
    }

    @Test("an unclean file system is checked before it is mounted, and the report says so")
    func unclean() async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(Self.claim(mebibytes: 16))
            try await cutPower(of: node)
            let again = try await node.store.stage("pvc-1")
            #expect(again.check != nil)
            #expect(node.read("\(again.path)/file") == "kept")
            try await node.store.unstage("pvc-1")
            #expect(try await node.store.stage("pvc-1").check == nil)
            try await node.store.unstage("pvc-1")
        }
    }

    @Test("busy names the holder; detached lazily, the image is not attached a second time")
    func busy() async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(Self.claim(mebibytes: 16))
            let staged = try await node.store.stage("pvc-1")
            let holder = Process()
            holder.executableURL = URL(fileURLWithPath: "/bin/sleep")
            holder.arguments = ["600"]
            holder.currentDirectoryURL = URL(fileURLWithPath: staged.path)
            try holder.run()
            defer { kill(holder.processIdentifier, SIGKILL) }
            do throws(VolumeError) {
                try await node.store.unstage("pvc-1")
                Issue.record("unstaged while in use")
            } catch {
                guard case .busy(_, let holders) = error else { throw error }
                #expect(holders.contains { $0.pid == holder.processIdentifier && $0.reason == .workingDirectory })
            }
            let holders = try await node.store.unstage("pvc-1", lazily: true)
            #expect(holders.map(\.pid).contains(holder.processIdentifier))
            // Staged again while the old mount lingers: the same device, not a second one on the same blocks.
            _ = try await node.store.stage("pvc-1", expecting: staged.identity)
            #expect(try node.loopDevices().count == 1)
            await #expect(throws: VolumeError.self) { try await node.store.moveToTrash("pvc-1", at: Date()) }
            try await node.store.unstage("pvc-1")
            kill(holder.processIdentifier, SIGKILL)
            holder.waitUntilExit()
        }
    }

    @Test("deletion goes through the trash: restorable, then purged after its time")
    func trash() async throws {
        try await VolumesFixture.with { node in
            _ = try await node.store.create(Self.claim(mebibytes: 16))
            let staged = try await node.store.stage("pvc-1")
            try node.write("kept", to: "\(staged.path)/file")
            await #expect(throws: VolumeError.self) { try await node.store.moveToTrash("pvc-1", at: Date()) }
            try await node.store.unstage("pvc-1")
            let noon = Date(timeIntervalSince1970: 1_700_000_000)
            let trashed = try await node.store.moveToTrash("pvc-1", at: noon)
            #expect(try await node.store.moveToTrash("pvc-1", at: noon) == trashed)
            #expect(try await node.store.volumes().isEmpty)
            await #expect(throws: VolumeError.self) { try await node.store.stage("pvc-1") }
            _ = try await node.store.restore(trashed)
            let again = try await node.store.stage("pvc-1")
            #expect(node.read("\(again.path)/file") == "kept")
            try await node.store.unstage("pvc-1")
            _ = try await node.store.moveToTrash("pvc-1", at: noon)
            func purged(_ clock: Double, boot: String, uptime: Double) async throws -> [String] {
                try await node.store.purge(after: .seconds(100), now: noon + clock, bootID: boot, uptime: uptime)
            }
            #expect(try await purged(50, boot: "a", uptime: 10).isEmpty)
            // The clock jumps ahead by years, which the machine has not lived through; another boot counts from its first look.
            #expect(try await purged(1e9, boot: "a", uptime: 70).isEmpty)
            #expect(try await purged(1e9, boot: "b", uptime: 5000).isEmpty)
            #expect(try await purged(1e9, boot: "b", uptime: 5039).isEmpty)
            // A clock that is behind keeps it as well.
            #expect(try await purged(99, boot: "b", uptime: 5040).isEmpty)
            #expect(try await purged(100, boot: "b", uptime: 5040) == ["pvc-1"])
            #expect(try await node.store.trashed().isEmpty)
        }
    }
}
