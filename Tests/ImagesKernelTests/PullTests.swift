import FoundationEssentials
import Glibc
import LinuxSystem
import Logging
import OCISpec
import Synchronization
import Testing

@testable import Images

/// Pulls from a real registry.
@Suite("Pulling", canUnpack, .enabled("needs docker-registry and skopeo", { exists("/usr/bin/docker-registry") && exists("/usr/bin/skopeo") }))
struct PullTests {
    let temporary: TemporaryDirectory
    var root: String { temporary("store") }

    init() throws { temporary = try TemporaryDirectory() }

    func open() throws(ImageError) -> ImageStore { try ImageStore(root: root, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) }

    func makeImage(_ layers: [[UInt8]] = [TestImage.base, TestImage.top]) throws -> TestImage {
        try TestImage(layout: temporary("layout"), layers: layers)
    }

    func expectEmpty(_ store: ImageStore) async throws {
        #expect(await store.images().isEmpty)
        for directory in ["temp", "layers", "blobs"] { #expect(try StoreLayout.names(in: "\(root)/\(directory)").isEmpty, "\(directory)") }
    }

    @Test("layers come plain, by gzip or by zstd, under OCI and Docker manifests", arguments: [
        ["--dest-compress-format", "gzip"], ["--dest-compress-format", "zstd"], ["--format", "v2s2"], ["--dest-decompress"],
    ])
    func compressions(options: [String]) async throws {
        let registry = try Registry(in: temporary.path)
        try await registry.push(try makeImage(), as: "team/web:1", options: options)
        let store = try open()
        let reports = Mutex<[PullProgress]>([])
        let image = try await store.pull(ImageReference(parsing: "\(registry.address)/team/web:1")) { report in reports.withLock { $0.append(report) } }
        #expect(image.names == ["\(registry.address)/team/web:1"])
        #expect(image.repoDigests.count == 1)
        #expect(image.config.rootfs.diffIDs == [TestImage.base, TestImage.top].map { Digest.of($0).description })
        #expect(try DurableFile.read("\(image.layers[1])/tmp/new") == Array("new".utf8))
        #expect(try StoreLayout.names(in: "\(root)/temp").isEmpty)
        let last = try #require(reports.withLock { $0.last })
        #expect(last.layers.map(\.state) == [.done, .done])
        #expect(last.fetchedBytes == last.totalBytes && last.totalBytes > 0)
        #expect(await store.image(named: image.repoDigests[0])?.id == image.id)
    }

    @Test("pulled again, nothing is fetched but the manifest; by digest, not even that")
    func again() async throws {
        let store = try open()
        var digest = ""
        do {
            let registry = try Registry(in: temporary.path)
            try await registry.push(try makeImage(), as: "web:1")
            let reference = try ImageReference(parsing: "\(registry.address)/web:1")
            let first = try await store.pull(reference)
            let reports = Mutex<[PullProgress]>([])
            let second = try await store.pull(reference) { report in reports.withLock { $0.append(report) } }
            #expect(first == second)
            #expect(reports.withLock { $0.last?.layers.map(\.state) } == [.present, .present])
            digest = first.repoDigests[0]
        }
        #expect(try await store.pull(ImageReference(parsing: digest)).repoDigests == [digest])
    }

    @Test("an index gives the manifest of this machine")
    func index() async throws {
        let registry = try Registry(in: temporary.path)
        let image = try makeImage()
        try await registry.push(image, as: "web:one", options: ["--format", "oci", "--dest-decompress"])
        let bytes = try await run("/usr/bin/skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(registry.address)/web:one")
        let own = Digest.of(Array(bytes.utf8))
        let other = Platform(os: "linux", architecture: "riscv64")
        let descriptors = [other, Platform.current].map {
            Descriptor(mediaType: .imageManifest, digest: own, size: bytes.utf8.count, platform: $0)
        }
        for (tag, chosen) in [("both", descriptors), ("other", [descriptors[0]])] {
            let path = temporary(tag)
            try DurableFile.write([UInt8](JSONEncoder.sorted.encode(ImageIndex(manifests: chosen))), to: path)
            try await run(
                "/usr/bin/curl", "--silent", "--show-error", "--fail", "--upload-file", path, "--header", "Content-Type: \(MediaType.imageIndex)",
                "http://\(registry.address)/v2/web/manifests/\(tag)")
        }
        let store = try open()
        let pulled = try await store.pull(ImageReference(parsing: "\(registry.address)/web:both"))
        #expect(pulled.id == image.id)
        let error = await #expect(throws: ImageError.self) { try await store.pull(ImageReference(parsing: "\(registry.address)/web:other")) }
        if case .noMatchingPlatform(_, .current, [other]) = error {} else { Issue.record("\(error.map { "\($0)" } ?? "nothing")") }
    }

    @Test("a registry that asks for a password gets it, and a wrong or missing one is told apart")
    func password() async throws {
        let registry = try Registry(in: temporary.path, asksPassword: true)
        try await registry.push(try makeImage(), as: "web:1", options: ["--dest-creds", "u:secret"])
        let reference = try ImageReference(parsing: "\(registry.address)/web:1")
        let store = try open()
        for credentials in [nil, RegistryCredentials(username: "u", password: "wrong")] {
            let error = await #expect(throws: ImageError.self) { try await store.pull(reference, credentials: credentials) }
            guard case .unauthorized(_, _, (credentials != nil), _) = error else {
                Issue.record("\(error.map { "\($0)" } ?? "nothing")")
                continue
            }
        }
        try await expectEmpty(store)
        _ = try await store.pull(reference, credentials: RegistryCredentials(username: "u", password: "secret"))
    }

    @Test("a blob that was tampered with is refused by its digest, and nothing stays")
    func tampered() async throws {
        let registry = try Registry(in: temporary.path)
        try await registry.push(try makeImage([TestImage.base, TestImage.large]), as: "web:1")
        let text = try await run("/usr/bin/skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(registry.address)/web:1")
        let digest = try decode(Manifest.self, from: Array(text.utf8), subject: "manifest").layers[1].digest
        var bytes = try DurableFile.read(registry.blob(digest.description))
        bytes[1 << 20] ^= 1
        try DurableFile.write(bytes, to: registry.blob(digest.description), mode: 0o644)
        let store = try open()
        let error = await #expect(throws: ImageError.self) { try await store.pull(ImageReference(parsing: "\(registry.address)/web:1")) }
        if case .digestMismatch(_, digest, .of(bytes)) = error {} else { Issue.record("\(error.map { "\($0)" } ?? "nothing")") }
        try await expectEmpty(store)
    }

    @Test("an image that is not there, and a registry that is not there, are told apart")
    func missing() async throws {
        let store = try open()
        var address = ""
        do {
            let registry = try Registry(in: temporary.path)
            address = registry.address
            let error = await #expect(throws: ImageError.self) { try await store.pull(ImageReference(parsing: "\(address)/web:1")) }
            if case .notInRegistry = error {} else { Issue.record("\(error.map { "\($0)" } ?? "nothing")") }
        }
        let registries = RegistryConfiguration(attempts: 1)
        let impatient = try ImageStore(root: temporary("other"), registries: registries, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let error = await #expect(throws: ImageError.self) { try await impatient.pull(ImageReference(parsing: "\(address)/web:1")) }
        if case .registryUnreachable = error {} else { Issue.record("\(error.map { "\($0)" } ?? "nothing")") }
        try await expectEmpty(store)
    }

    @Test("everyone who asks for one image at a time shares one pull; one who leaves does not end it")
    func concurrent() async throws {
        let registry = try Registry(in: temporary.path)
        try await registry.push(try makeImage([TestImage.base, TestImage.large]), as: "web:1")
        let reference = try ImageReference(parsing: "\(registry.address)/web:1")
        let store = try open()
        let leaver = Task { try await store.pull(reference) }
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try await store.pull(reference).id } }
            leaver.cancel()
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        #expect(try StoreLayout.names(in: "\(root)/layers").count == 2)
        _ = await leaver.result
    }

    @Test("a pull that is cancelled leaves nothing, and can be had again")
    func cancellation() async throws {
        let registry = try Registry(in: temporary.path)
        try await registry.push(try makeImage([TestImage.base, TestImage.large]), as: "web:1")
        let reference = try ImageReference(parsing: "\(registry.address)/web:1")
        do {
            let store = try open()
            let (started, begin) = AsyncStream.makeStream(of: Void.self)
            let task = Task { try await store.pull(reference) { _ in begin.yield() } }
            for await _ in started { break }
            task.cancel()
            if case .failure(let error as ImageError) = await task.result, case .cancelled = error {} else { Issue.record("the pull went on") }
            // The same process goes on while what was cancelled is being cleaned up.
            _ = try await store.pull(reference)
        }
    }
}
