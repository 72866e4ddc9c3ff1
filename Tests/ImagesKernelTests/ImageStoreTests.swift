import Glibc
import LinuxSystem
import Logging
import OCISpec
import Testing

@testable import Images

@Suite("Image store", canUnpack)
struct ImageStoreTests {
    let temporary: TemporaryDirectory
    var root: String { temporary("store") }

    init() throws { temporary = try TemporaryDirectory() }

    func open() throws(ImageError) -> ImageStore { try ImageStore(root: root, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) }

    /// Whoever worked for the store that was open before may let go of it a moment later.
    func reopen() async throws -> ImageStore {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            do throws(ImageError) {
                return try open()
            } catch {
                guard case .storeInUse = error, .now < deadline else { throw error }
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    func makeImage(_ name: String = "web:1", layers: [[UInt8]] = [TestImage.base, TestImage.top], diffIDs: [String]? = nil) throws -> TestImage {
        try TestImage(layout: temporary("layout-\(name.prefix { $0 != ":" })"), name: name, layers: layers, diffIDs: diffIDs)
    }

    /// Nothing but what `images` need.
    func expectClean(layers: Int) throws {
        #expect(try StoreLayout.names(in: "\(root)/temp").isEmpty)
        #expect(try StoreLayout.names(in: "\(root)/layers").count == layers)
        if layers == 0 { #expect(try StoreLayout.names(in: "\(root)/blobs").isEmpty) }
    }

    @Test("an OCI layout, as a directory or a tar, plain or compressed, and a docker-save archive give the same image", arguments: [
        "directory", "tar", "tar.gz", "tar.zst", "docker", "docker.gz",
    ])
    func formats(format: String) async throws {
        let image = try makeImage()
        var path = image.layout
        if format.hasPrefix("docker") {
            path = temporary("docker.tar")
            try await run("/usr/bin/skopeo", "copy", "--quiet", "oci:\(image.layout):web:1", "docker-archive:\(path):web:1")
        } else if format != "directory" {
            path = temporary("layout.tar")
            try await run("/usr/bin/tar", "--create", "--file", path, "--directory", image.layout, ".")
        }
        if format.hasSuffix("gz") {
            try await run("/usr/bin/gzip", path)
            path += ".gz"
        } else if format.hasSuffix("zst") {
            try await run("/usr/bin/zstd", "--quiet", path)
            path += ".zst"
        }
        let store = try open()
        let stored = try #require(try await store.importArchive(at: path).first)
        #expect(stored.names == ["docker.io/library/web:1"])
        // skopeo writes a configuration of its own for docker-save.
        if !format.hasPrefix("docker") {
            #expect(stored.id == image.id)
            #expect(stored.repoDigests == ["docker.io/library/web@\(image.manifestDigest)"])
        }
        #expect(stored.config.rootfs == image.config.rootfs)
        #expect(stored.passwd == "root:x:0:0::/root:/bin/sh\n")
        #expect(stored.group == "root:x:0:\nweb:x:5:\n")
        try expectClean(layers: 2)
    }

    @Test("the layers are what overlayfs makes the image's root of")
    func overlay() async throws {
        let store = try open()
        let image = try #require(try await store.importArchive(at: makeImage().layout).first)
        let merged = temporary("merged")
        try DirectoryTree.make(merged)
        let options = "lowerdir=" + image.layers.reversed().joined(separator: ":")
        #expect(mount("overlay", merged, "overlay", UInt(MS_RDONLY), options) == 0, "\(String(cString: strerror(errno)))")
        defer { umount(merged) }
        #expect(try DurableFile.read("\(merged)/tmp/new") == Array("new".utf8))
        #expect(!exists("\(merged)/gone"))
        #expect(try StoreLayout.names(in: "\(merged)/data") == ["young"])
        // Left out by the upper tar, so it looks as below.
        let directory = try status("\(merged)/tmp")
        #expect((directory.mode, directory.user, directory.group) == (0o1777, 7, 8))
    }

    @Test("an image is found by every form of its name, and by its id")
    func lookup() async throws {
        let store = try open()
        let image = try makeImage()
        _ = try await store.importArchive(at: image.layout, name: "example.com/team/web:2")
        let digits = image.id.dropFirst(7)
        for name in ["example.com/team/web:2", "example.com/team/web@\(image.manifestDigest)", image.id, String(digits), String(digits.prefix(6))] {
            #expect(await store.image(named: name)?.id == image.id, "\(name)")
        }
        for name in ["web:1", "example.com/team/web", "sha256:" + String(repeating: "0", count: 64), "", "nothing"] {
            #expect(await store.image(named: name) == nil, "\(name)")
        }
    }

    @Test("a store that is opened again has the same images")
    func reopening() async throws {
        let image = try makeImage()
        var before: [StoredImage] = []
        do {
            let store = try open()
            before = try await store.importArchive(at: image.layout)
            let error = #expect(throws: ImageError.self) { try open() }
            if case .storeInUse = error {} else { Issue.record("a second process could open the store") }
        }
        #expect(try await reopen().images() == before)
    }

    @Test("a layer that two images have is kept once, until the last of them goes")
    func sharing() async throws {
        let store = try open()
        let one = try makeImage("one:1", layers: [TestImage.base])
        let two = try makeImage("two:1")
        let first = try #require(try await store.importArchive(at: one.layout).first)
        let second = try #require(try await store.importArchive(at: two.layout).first)
        #expect(first.layers[0] == second.layers[0])
        try expectClean(layers: 2)
        try await store.remove("one:1")
        try expectClean(layers: 2)
        #expect(exists(second.layers[0]))
        try await store.remove(second.id)
        try expectClean(layers: 0)
        let error = await #expect(throws: ImageError.self) { try await store.remove("two:1") }
        if case .notStored = error {} else { Issue.record("\(error.map { "\($0)" } ?? "nothing")") }
    }

    @Test("a name moves to the image it was last given to; an image stays while it has a name")
    func names() async throws {
        let store = try open()
        let old = try makeImage("web:1", layers: [TestImage.base])
        let new = try makeImage("other:1")
        _ = try await store.importArchive(at: old.layout)
        _ = try await store.importArchive(at: new.layout)
        _ = try await store.importArchive(at: new.layout, name: "web:1")
        #expect(await store.image(named: "web:1")?.id == new.id)
        #expect(await store.image(named: old.id)?.names == [])
        try await store.remove("web:1")
        #expect(await store.image(named: new.id)?.names == ["docker.io/library/other:1"])
        try await store.remove("other:1")
        #expect(await store.image(named: new.id) == nil)
    }

    @Test("whatever is wrong with an archive, nothing of it stays", arguments: [
        "diff id", "layer digest", "missing layer", "unsafe", "not a tar", "empty", "directory", "platform", "configuration",
    ])
    func badArchives(kind: String) async throws {
        let store = try open()
        var path = temporary("bad")
        switch kind {
        case "diff id": path = try makeImage(diffIDs: [Digest.of(TestImage.base).description, Digest.of([9]).description]).layout
        case "unsafe":
            path = try makeImage(layers: [TestImage.base, TarBuilder.tar { $0.add("../evil") }]).layout
        case "platform": path = try makeImage().layout
        case "not a tar": try DurableFile.write([UInt8](repeating: 0x41, count: 5000), to: path)
        case "empty": try DurableFile.write([], to: path)
        case "directory": try DirectoryTree.make(path)
        default:
            let image = try makeImage()
            path = image.layout
            let layer = image.blob(image.manifest.layers[1].digest)
            if kind == "missing layer" {
                unlink(layer)
            } else if kind == "layer digest" {
                var bytes = try DurableFile.read(layer)
                bytes[bytes.count - 1] ^= 1
                try DurableFile.write(bytes, to: layer)
            } else {
                let config = image.blob(image.manifest.config.digest)
                var bytes = try DurableFile.read(config)
                bytes[10] ^= 1
                try DurableFile.write(bytes, to: config)
            }
        }
        let platform = Platform(os: "linux", architecture: "riscv64")
        if kind == "platform" {
            let other = try ImageStore(
                root: temporary("other"), registries: RegistryConfiguration(platform: platform), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let error = await #expect(throws: ImageError.self) { try await other.importArchive(at: path) }
            if case .noMatchingPlatform(_, platform, [.current]) = error {} else { Issue.record("\(error.map { "\($0)" } ?? "nothing")") }
            return
        }
        let error = await #expect(throws: ImageError.self) { try await store.importArchive(at: path) }
        switch (kind, error) {
        case ("diff id", .digestMismatch), ("layer digest", .digestMismatch), ("configuration", .digestMismatch), ("unsafe", .unsafeEntry),
            ("not a tar", .corruptArchive), ("empty", .corruptArchive), ("directory", .corruptArchive), ("missing layer", .corruptArchive):
            break
        default: Issue.record("\(error.map { "\($0)" } ?? "nothing")")
        }
        #expect(await store.images().isEmpty)
        try expectClean(layers: 0)
        #expect(!exists("\(root)/evil") && !exists("\(root)/temp/evil"))
    }

    @Test("an image that a container stands on may lose a name, but not itself")
    func inUse() async throws {
        let store = try open()
        let image = try makeImage()
        _ = try await store.importArchive(at: image.layout)
        _ = try await store.importArchive(at: image.layout, name: "other:1")
        try await store.remove("other:1", inUse: [image.id])
        for name in ["web:1", image.id] {
            let error = await #expect(throws: ImageError.self) { try await store.remove(name, inUse: [image.id]) }
            if case .inUse = error {} else { Issue.record("\(error.map { "\($0)" } ?? "nothing")") }
        }
        #expect(await store.image(named: "web:1")?.id == image.id)
        try expectClean(layers: 2)
    }

    @Test("an archive of several images keeps their names, and takes no single one")
    func several() async throws {
        let store = try open()
        let one = try makeImage("one:1", layers: [TestImage.base])
        let two = try makeImage("two:1")
        let path = temporary("both")
        try await run("/usr/bin/cp", "-r", two.layout, path)
        try await run("/usr/bin/cp", "-r", "\(one.layout)/blobs", path)
        let merged = ["one", "two"].map { name in (name, name == "one" ? one : two) }.map { name, image in
            #"{"mediaType":"\#(MediaType.imageManifest)","digest":"\#(image.manifestDigest)","size":\#((try? DurableFile.read(image.blob(image.manifestDigest)).count) ?? 0),"annotations":{"\#(ImageAnnotation.imageName)":"docker.io/library/\#(name):1"}}"#
        }
        try DurableFile.write(Array(#"{"schemaVersion":2,"manifests":[\#(merged.joined(separator: ","))]}"#.utf8), to: "\(path)/index.json")
        await #expect(throws: ImageError.self) { try await store.importArchive(at: path, name: "x:1") }
        #expect(await store.images().isEmpty)
        #expect(try await store.importArchive(at: path).flatMap(\.names) == ["docker.io/library/one:1", "docker.io/library/two:1"])
    }

    // MARK: Crashes

    @Test("what a killed run left half made is swept when the store opens")
    func leftovers() async throws {
        let image = try makeImage()
        do {
            let store = try open()
            _ = try await store.importArchive(at: image.layout)
        }
        // In the middle of unpacking, between two renames, and before the index: each leaves one of these.
        try DirectoryTree.make("\(root)/temp/work-1/layers/\(String(repeating: "a", count: 64))/fs/deep")
        try DirectoryTree.make("\(root)/layers/\(String(repeating: "b", count: 64))/fs")
        try DurableFile.write([1], to: "\(root)/blobs/\(String(repeating: "c", count: 64))")
        try DurableFile.write([1], to: "\(root)/index.json.new")
        let store = try await reopen()
        #expect(await store.images().map(\.id) == [image.id])
        try expectClean(layers: 2)
        #expect(try StoreLayout.names(in: "\(root)/blobs").count == 2)
    }

    @Test("an image that lost a layer in a power cut is gone, and can be had again")
    func lostLayer() async throws {
        let image = try makeImage()
        var marker = ""
        do {
            let store = try open()
            let stored = try #require(try await store.importArchive(at: image.layout).first)
            marker = String(stored.layers[1].dropLast(2)) + "layer.json"
        }
        try DurableFile.write([], to: marker)
        let store = try await reopen()
        #expect(await store.images().isEmpty)
        #expect(try await store.importArchive(at: image.layout).first?.id == image.id)
        try expectClean(layers: 2)
    }

    @Test("a damaged index is set aside, and the layers under running containers stay")
    func damagedIndex() async throws {
        let image = try makeImage()
        do {
            let store = try open()
            _ = try await store.importArchive(at: image.layout)
        }
        try DurableFile.write(Array("{".utf8), to: "\(root)/index.json")
        let store = try await reopen()
        #expect(await store.images().isEmpty)
        try expectClean(layers: 2)
        #expect(try await store.importArchive(at: image.layout).first?.id == image.id)
    }

    @Test("an import that is cancelled leaves nothing")
    func cancellation() async throws {
        let store = try open()
        let image = try makeImage(layers: [TestImage.large])
        let task = Task { try await store.importArchive(at: image.layout) }
        task.cancel()
        if case .failure(let error as ImageError) = await task.result, case .cancelled = error {
            #expect(await store.images().isEmpty)
            try expectClean(layers: 0)
        }  // else it was done before it was told
    }

    @Test("garbage goes by age, but not what is in use")
    func garbageCollection() async throws {
        let store = try open()
        let one = try makeImage("one:1", layers: [TestImage.base])
        let two = try makeImage("two:1")
        _ = try await store.importArchive(at: one.layout)
        _ = try await store.importArchive(at: two.layout)
        let policy = ImageGarbagePolicy(highThresholdPercent: 101, maximumAge: .seconds(3600))
        let later = Int(time(nil)) + 7200
        #expect(try await store.collectGarbage(inUse: [one.id], lastUsed: [:], policy: policy, now: later) == [two.id])
        #expect(await store.images().map(\.id) == [one.id])
        try expectClean(layers: 1)
    }
}
