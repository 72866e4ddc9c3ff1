import CLinux
import Glibc
import LinuxSystem
import OCISpec
import Testing

@testable import Images

/// Layers as an attacker, and as an honest builder, would make them.
@Suite("Unpacking layers", canUnpack)
struct UnpackTests {
    let temporary: TemporaryDirectory
    /// What no archive may touch.
    let canary: String

    init() throws {
        temporary = try TemporaryDirectory()
        canary = temporary("canary")
        try DirectoryTree.make(canary)
        try DurableFile.write(Array("intact".utf8), to: "\(canary)/file", mode: 0o644)
    }

    func unpack(_ tar: [UInt8], diffID: Digest? = nil) async throws -> UnpackedLayer {
        try DurableFile.write(tar, to: temporary("layer.tar"))
        let source = LayerSource(root: temporary.path, path: "layer.tar")
        let directory = LayerDirectory(path: temporary("layer"))
        return try await blocking { cancellation throws(ImageError) in
            try source.unpack(diffID: diffID ?? .of(tar), into: directory, cancellation)
        }
    }

    func expectCanary() throws {
        #expect(try StoreLayout.names(in: canary) == ["file"])
        #expect(try DurableFile.read("\(canary)/file") == Array("intact".utf8))
        #expect(try status("\(canary)/file").mode == 0o644)
        #expect(try status("\(canary)/file").links == 1)
    }

    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var isRefused = true
        /// The argument is the canary's path.
        let build: @Sendable (inout TarBuilder, String) -> Void
    }

    static let attacks: [Attack] = [
        Attack(testDescription: "'..' in a name") { tar, _ in tar.add("../canary/evil") },
        Attack(testDescription: "'..' behind a directory") { tar, _ in
            tar.add("a/", .directory)
            tar.add("a/../../canary/evil")
        },
        Attack(testDescription: "'..' in a long name") { tar, _ in tar.add(String(repeating: "long/", count: 40) + "../../evil") },
        Attack(testDescription: "an absolute name", isRefused: false) { tar, canary in tar.add("\(canary)/evil", content: [1]) },
        Attack(testDescription: "a file through an absolute link", isRefused: true) { tar, canary in
            tar.add("link", .symbolicLink, link: canary)
            tar.add("link/evil", content: [1])
        },
        Attack(testDescription: "a file through a relative link out") { tar, _ in
            tar.add("layer", .symbolicLink, link: "../../canary")
            tar.add("layer/evil", content: [1])
        },
        Attack(testDescription: "a file over a link to a file", isRefused: false) { tar, canary in
            tar.add("link", .symbolicLink, link: "\(canary)/file")
            tar.add("link", content: [1], mode: 0o777)
        },
        Attack(testDescription: "a directory over a link", isRefused: false) { tar, canary in
            tar.add("link", .symbolicLink, link: canary)
            tar.add("link/", .directory, mode: 0o777)
            tar.add("link/evil", content: [1])
        },
        Attack(testDescription: "a hard link to a file outside") { tar, canary in tar.add("evil", .hardLink, link: "\(canary)/file") },
        Attack(testDescription: "a hard link with '..'") { tar, _ in tar.add("evil", .hardLink, link: "../canary/file") },
        Attack(testDescription: "a hard link through a link") { tar, canary in
            tar.add("link", .symbolicLink, link: canary)
            tar.add("evil", .hardLink, link: "link/file")
        },
        Attack(testDescription: "a write through a hard link to a link", isRefused: false) { tar, canary in
            tar.add("link", .symbolicLink, link: "\(canary)/file")
            tar.add("evil", .hardLink, link: "link")
            tar.add("evil", content: [1])
        },
        Attack(testDescription: "a whiteout of the parent") { tar, _ in tar.add("a/.wh...") },
        Attack(testDescription: "a whiteout through a link") { tar, canary in
            tar.add("link", .symbolicLink, link: canary)
            tar.add("link/.wh.file")
        },
        Attack(testDescription: "an opaque marker through a link") { tar, canary in
            tar.add("link", .symbolicLink, link: canary)
            tar.add("link/.wh..wh..opq")
        },
        Attack(testDescription: "a file as the root") { tar, _ in tar.add("/", content: [1]) },
        Attack(testDescription: "a file below a file") { tar, _ in
            tar.add("a", content: [1])
            tar.add("a/b", content: [1])
        },
        Attack(testDescription: "a link loop in a parent") { tar, _ in
            tar.add("a", .symbolicLink, link: "b")
            tar.add("b", .symbolicLink, link: "a")
            tar.add("a/evil", content: [1])
        },
        Attack(testDescription: "a link through /proc", isRefused: true) { tar, _ in
            tar.add("p", .symbolicLink, link: "/proc/self/root/tmp")
            tar.add("p/evil", content: [1])
        },
    ]

    @Test("an attack is refused or contained", arguments: attacks)
    func attack(_ attack: Attack) async throws {
        let tar = TarBuilder.tar { attack.build(&$0, canary) }
        if attack.isRefused {
            let error = await #expect(throws: ImageError.self) { try await unpack(tar) }
            if case .unsafeEntry = error {} else { Issue.record("\(error.map { "\($0)" } ?? "nothing")") }
        } else {
            _ = try await unpack(tar)
        }
        try expectCanary()
    }

    @Test("links inside the root are followed as the container would")
    func insideLink() async throws {
        let layer = try await unpack(TarBuilder.tar { tar in
            tar.add("usr/bin/", .directory)
            tar.add("bin", .symbolicLink, link: "/usr/bin")
            tar.add("bin/tool", content: [1])
        })
        #expect(exists("\(layer.directory.files)/usr/bin/tool"))
    }

    @Test("devices are not made, nor hard links to them")
    func devices() async throws {
        let layer = try await unpack(TarBuilder.tar { tar in
            tar.add("disk", .block, mode: 0o666)
            tar.add("memory", .character, mode: 0o666)
            tar.add("link", .hardLink, link: "disk")
        })
        #expect(try StoreLayout.names(in: layer.directory.files).isEmpty)
    }

    @Test("owners, modes, times, links and attributes are kept; what would steer overlayfs is not")
    func attributes() async throws {
        // Version 2, permitted cap_net_raw. Source: linux/capability.h, struct vfs_cap_data.
        let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0] + [UInt8](repeating: 0, count: 12)
        let long = String(repeating: "directory/", count: 20) + "file-é"
        let layer = try await unpack(TarBuilder.tar { tar in
            tar.add("./", .directory, mode: 0o711, user: 3, group: 4, time: 1_500_000_000)
            tar.add(
                "tool", content: Array("tool".utf8), mode: 0o4755, user: 1000, group: 100, time: 1_234_567_890,
                attributes: ["security.capability": capability, "user.note": Array("a\u{0}b".utf8), "trusted.overlay.metacopy": [1], "user.overlay.opaque": [0x79]])
            tar.add("same", .hardLink, link: "/tool")
            tar.add("link", .symbolicLink, link: "../../anywhere", user: 5, time: 1_111_111_111)
            tar.add("pipe", .fifo, mode: 0o620)
            tar.add("dir/", .directory, mode: 0o2750, user: 1, time: 1_222_222_222, attributes: ["trusted.overlay.opaque": [0x79]])
            tar.add("dir/child", content: [1])
            tar.add(long, content: [2])
        })
        let root = layer.directory.files
        let tool = try status("\(root)/tool")
        #expect(tool.mode == 0o4755)
        #expect((tool.user, tool.group, tool.modified.seconds, tool.links) == (1000, 100, 1_234_567_890, 2))
        #expect(try status("\(root)/same").inode == tool.inode)
        let link = try status("\(root)/link")
        #expect((link.kind, link.user, link.modified.seconds) == (.symbolicLink, 5, 1_111_111_111))
        let pipe = try status("\(root)/pipe")
        #expect((pipe.kind, pipe.mode) == (.fifo, 0o620))
        let directory = try status("\(root)/dir")
        #expect((directory.mode, directory.user, directory.modified.seconds) == (0o2750, 1, 1_222_222_222))
        let top = try status(root)
        #expect((top.mode, top.user, top.group, top.modified.seconds) == (0o711, 3, 4, 1_500_000_000))
        #expect(try DurableFile.read("\(root)/\(long)") == [2])
        #expect(try attribute("security.capability", of: "\(root)/tool") == capability)
        #expect(try attribute("trusted.overlay.metacopy", of: "\(root)/tool") == nil)
        #expect(try attribute("user.overlay.opaque", of: "\(root)/tool") == nil)
        #expect(try attribute("trusted.overlay.opaque", of: "\(root)/dir") == nil)
        #expect(try attribute("user.note", of: "\(root)/tool") == Array("a\u{0}b".utf8))
    }

    func attribute(_ name: String, of path: String) throws -> [UInt8]? {
        let file = try OwnedFileDescriptor(opening: path, flags: O_RDONLY)
        var value = [UInt8](repeating: 0, count: 256)
        let count = berth_fgetxattr(file.rawValue, name, &value, 256)
        return count < 0 ? nil : Array(value[..<count])
    }

    @Test("whiteouts are about lower layers, whatever their order in the tar")
    func whiteouts() async throws {
        let layer = try await unpack(TarBuilder.tar { tar in
            tar.add("kept", content: [1])
            tar.add(".wh.kept")
            tar.add(".wh.made")
            tar.add("made", content: [2])
            tar.add(".wh.dir")
            tar.add("dir/", .directory)
            tar.add("dir/child", content: [3])
            tar.add(".wh.implicit")
            tar.add("implicit/child", content: [4])
            tar.add("sub/.wh.lower")
            tar.add(".wh..wh.plnk/1", content: [5])
        })
        let root = layer.directory.files
        #expect(try DurableFile.read("\(root)/kept") == [1])
        #expect(try DurableFile.read("\(root)/made") == [2])
        #expect(try attribute("trusted.overlay.opaque", of: "\(root)/dir") == [0x79])
        #expect(try attribute("trusted.overlay.opaque", of: "\(root)/implicit") == [0x79])
        #expect(try status("\(root)/sub/lower").isWhiteout)
        #expect(layer.implicitDirectories.contains(Array("sub".utf8CString)))
    }

    @Test("a sparse file keeps its length and its holes")
    func sparse() async throws {
        let tree = temporary("tree")
        try DirectoryTree.make(tree)
        do {
            let file = try OwnedFileDescriptor(opening: "\(tree)/sparse", flags: O_CREAT | O_RDWR, mode: 0o644)
            #expect(ftruncate(file.rawValue, 64 << 20) == 0)
            #expect(pwrite(file.rawValue, "data", 4, 32 << 20) == 4)
        }
        for format in ["gnu", "posix"] {
            let path = temporary("\(format).tar")
            try await run("/usr/bin/tar", "--create", "--sparse", "--format=\(format)", "--directory", tree, "--file", path, "sparse")
            let layer = LayerDirectory(path: temporary(format))
            let source = LayerSource(root: temporary.path, path: "\(format).tar")
            let diffID = Digest.of(try DurableFile.read(path))
            _ = try await blocking { cancellation throws(ImageError) in try source.unpack(diffID: diffID, into: layer, cancellation) }
            let file = try status("\(layer.files)/sparse")
            #expect(file.size == 64 << 20)
            #expect(file.diskBytes < 1 << 20)
            #expect(try Array(DurableFile.read("\(layer.files)/sparse")[(32 << 20)..<((32 << 20) + 5)]) == Array("data\u{0}".utf8))
        }
    }

    @Test("another content than the one promised is refused by its digest")
    func wrongDigest() async throws {
        let promised = Digest.of([1])
        let error = await #expect(throws: ImageError.self) { try await unpack(TestImage.base, diffID: promised) }
        guard case .digestMismatch(_, promised, .of(TestImage.base)) = error else {
            Issue.record("\(error.map { "\($0)" } ?? "nothing")")
            return
        }
    }

    @Test("a damaged layer is refused", arguments: [
        Array(TestImage.base.dropLast(2000)), Array("this is no tar at all, and longer than a block".utf8), [0x1f, 0x8b, 8, 0, 0, 0],
    ])
    func damaged(tar: [UInt8]) async {
        let error = await #expect(throws: ImageError.self) { try await unpack(tar) }
        guard case .corruptArchive = error else {
            Issue.record("\(error.map { "\($0)" } ?? "nothing")")
            return
        }
    }

    @Test("an empty layer is a layer", arguments: [[], [UInt8](repeating: 0, count: 1024)])
    func empty(tar: [UInt8]) async throws {
        #expect(try await unpack(tar).marker.entries == 0)
    }
}
