import FoundationEssentials
import Glibc
package import Logging
import LinuxSystem
import OCISpec

/// The images of this node: pulled or imported once, unpacked once, shared by every container.
///
/// Every change is all or nothing, over a crash too: work happens in a directory that is emptied at the next start, and
/// one rename of `index.json` makes it count. `StoreLayout` says what lies where.
package actor ImageStore {
    let layout: StoreLayout
    let registries: RegistryConfiguration
    let logger: Logger
    private let lock: InstanceLock
    private var index: StoreIndex
    private var stored: [Digest: StoredImage] = [:]
    /// Layers on disk, whole, with what they take.
    private var layers: [Digest: LayerMarker] = [:]
    /// Layers that something under way counts on.
    private var pins: [Digest: Int] = [:]
    var pulls: [PullKey: RunningPull] = [:]
    var queue: PullQueue
    /// Pulls that wait for their turn.
    var admissions: [Int: CheckedContinuation<Void, Never>] = [:]
    private var lastNumber = 0

    /// Opens the store, and makes it when there is none; what an interrupted run left half made is swept away.
    /// - Throws: `storeInUse` while another process has it open.
    package init(root: String, registries: RegistryConfiguration = RegistryConfiguration(), logger: Logger) throws(ImageError) {
        layout = StoreLayout(root: root)
        self.registries = registries
        self.logger = logger
        queue = PullQueue(limit: registries.parallelPulls)
        lock = try layout.takeLock()
        (index, layers) = try layout.recover(logger)
        for record in index.images {
            do throws(ImageError) {
                stored[record.id] = try Self.image(from: record, in: layout)
            } catch {
                logger.warning("image unreadable", metadata: ["image.id": "\(record.id)", "error": "\(error)"])
            }
        }
    }

    // MARK: Looking

    /// By name, then id.
    package func images() -> [StoredImage] {
        stored.values.sorted { ($0.names.first ?? "~", $0.id) < ($1.names.first ?? "~", $1.id) }
    }

    /// Finds an image by any form of its name, by `name@digest`, or by its id or the beginning of it.
    package func image(named name: String) -> StoredImage? {
        // Unknown, malformed and ambiguous are all "no such image" here; `remove` tells them apart.
        (try? find(name)).flatMap { stored[$0.record.id] }
    }

    private enum Match { case name(String), id }

    private func find(_ text: String) throws(ImageError) -> (record: StoreIndex.Record, match: Match) {
        if let reference = try? ImageReference(parsing: text) {
            let name = reference.digest.map { reference.pinned(to: $0).description } ?? reference.description
            if let record = index.images.first(where: { $0.names.contains(name) || $0.repoDigests.contains(name) }) {
                return (record, .name(name))
            }
        }
        let prefix = "sha256:"
        let digits = text.hasPrefix(prefix) ? text.dropFirst(prefix.count) : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy(\.isLowerCaseHexadecimal) else { throw .notStored(text) }
        let matches = index.images.filter { $0.id.hex.hasPrefix(digits) }
        guard let record = matches.first else { throw .notStored(text) }
        guard matches.count == 1 else { throw .ambiguous(text, matches: matches.map { String($0.id.hex.prefix(12)) }) }
        return (record, .id)
    }

    private static func image(from record: StoreIndex.Record, in layout: StoreLayout) throws(ImageError) -> StoredImage {
        let bytes: [UInt8]
        do { bytes = try DurableFile.read(layout.blob(record.id)) } catch { throw ImageError(error, in: layout.root) }
        let directories = record.layers.map(layout.layer)
        let stack = LayerStack(layers: directories)
        return StoredImage(
            id: record.id.description, names: record.names, repoDigests: record.repoDigests, layers: directories.map(\.files),
            config: try decode(ImageConfig.self, from: bytes, subject: "the configuration of \(record.id)"), sizeBytes: record.sizeBytes,
            passwd: stack.text(of: "passwd", in: "etc"), group: stack.text(of: "group", in: "etc"))
    }

    // MARK: Importing

    /// Takes every image out of an OCI layout (a directory or a tar) or a docker-save archive, plain or compressed.
    /// - Parameter name: what to call it, when the archive holds a single image; else the names in the archive count.
    package func importArchive(at path: String, name: String? = nil) async throws(ImageError) -> [StoredImage] {
        var reference: ImageReference?
        if let name { reference = try ImageReference(parsing: name) }
        let workspace = try makeWorkspace()
        let result: Result<[StoredImage], ImageError>
        do throws(ImageError) {
            result = .success(try await importImages(at: path, name: reference, in: workspace))
        } catch {
            result = .failure(error)
        }
        await close(workspace)
        return try result.get()
    }

    private func importImages(at path: String, name: ImageReference?, in workspace: Workspace) async throws(ImageError) -> [StoredImage] {
        var archive = ImageArchive(root: path, subject: path)
        let isDirectory: Bool
        do throws(SystemCallError) {
            let opened = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_NONBLOCK)
            isDirectory = try FileStatus(of: opened.rawValue).kind == .directory
        } catch {
            throw .system(error)
        }
        if !isDirectory {
            archive = ImageArchive(root: workspace.archive, subject: path)
            try await blocking { cancellation throws(ImageError) in
                try ImageArchive.unpack(path, into: workspace.archive, cancellation)
            }
        }
        var images: [StoredImage] = []
        for image in try await archive.images(for: registries.platform, name: name) {
            images.append(try await assemble(image.contents, in: workspace) { position throws(ImageError) in image.layers[position] })
        }
        return images
    }

    // MARK: Making

    /// Fetches and unpacks the layers that are not here, and adds the image.
    /// - Parameter fetch: gives a layer's tar; called for several at a time.
    func assemble(
        _ contents: ImageContents, in workspace: Workspace, hub: PullProgressHub? = nil,
        fetch: @escaping @Sendable (Int) async throws(ImageError) -> LayerSource
    ) async throws(ImageError) -> StoredImage {
        let chain = try contents.config.chainIDs()
        for id in chain { pins[id, default: 0] += 1 }
        defer { for id in chain { unpin(id) } }
        let missing = chain.indices.filter { layers[chain[$0]] == nil }
        for position in chain.indices where layers[chain[position]] != nil { hub?.set(position, .present) }
        let assembly = LayerAssembly(contents: contents, chain: chain, layout: layout, workspace: workspace, hub: hub, fetch: fetch)
        let unpacked = try await assembly.unpack(missing, atOnce: registries.parallelLayers)
        return try commit(contents, chain: chain, unpacked: unpacked)
    }

    /// The moment an image comes to be. Everything it consists of is on disk by now; not a suspension point in here, so
    /// that what was checked stays true.
    private func commit(_ contents: ImageContents, chain: [Digest], unpacked: [Int: UnpackedLayer]) throws(ImageError) -> StoredImage {
        do throws(SystemCallError) {
            for (position, id) in chain.enumerated() {
                guard let layer = unpacked[position], layers[id] == nil else { continue }
                let destination = layout.layer(id).path
                try systemCall("rename", on: destination) { rename(layer.directory.path, destination) }
                layers[id] = layer.marker
            }
            try DurableFile.flushDirectory(of: "\(layout.layers)/")
            for (digest, bytes) in contents.manifests.merging([contents.id: contents.configBytes], uniquingKeysWith: { first, _ in first }) {
                if access(layout.blob(digest), F_OK) != 0 { try DurableFile.write(bytes, to: layout.blob(digest)) }
            }
        } catch {
            throw ImageError(error, in: layout.root)
        }
        let record = StoreIndex.Record(
            id: contents.id, names: contents.names, repoDigests: contents.repoDigests, manifests: contents.manifests.keys.sorted(), layers: chain,
            sizeBytes: chain.reduce(0) { $0 + (layers[$1]?.sizeBytes ?? 0) }, storedAt: Int(time(nil)))
        var next = index
        next.add(record)
        try replaceIndex(with: next)
        guard let image = stored[record.id] else { throw .notStored(contents.subject) }
        logger.info("image stored", metadata: ["image.id": "\(image.id)", "image.names": "\(image.names.joined(separator: " "))"])
        return image
    }

    private func replaceIndex(with next: StoreIndex) throws(ImageError) {
        var images: [Digest: StoredImage] = [:]
        for record in next.images {
            if var image = stored[record.id] {
                image.names = record.names
                image.repoDigests = record.repoDigests
                images[record.id] = image
            } else {
                images[record.id] = try Self.image(from: record, in: layout)
            }
        }
        try next.write(to: layout.index)
        index = next
        stored = images
    }

    // MARK: Removing

    /// Removes a name, and with its last name the image; an id removes the image with all its names. Layers that no
    /// other image has go with it.
    /// - Parameter inUse: ids of images that containers stand on, running or not: such an image may lose a name, not itself.
    package func remove(_ name: String, inUse: Set<String> = []) async throws(ImageError) {
        let (record, match) = try find(name)
        var next = index
        next.images.removeAll { $0.id == record.id }
        if case .name(let name) = match {
            var rest = record
            rest.names.removeAll { $0 == name }
            rest.repoDigests.removeAll { $0 == name }
            if !rest.names.isEmpty { next.images.append(rest) }
        }
        if inUse.contains(record.id.description), !next.images.contains(where: { $0.id == record.id }) { throw .inUse(name) }
        try replaceIndex(with: next)
        try await discardUnreferenced()
    }

    /// Removes unused images as `policy` says.
    /// - Parameters:
    ///   - lastUsed: by id, when a container of it last ran, seconds since 1970; without one, when it was stored counts.
    /// - Returns: the ids of the images that are gone.
    package func collectGarbage(
        inUse: Set<String>, lastUsed: [String: Int], policy: ImageGarbagePolicy, now: Int
    ) async throws(ImageError) -> [String] {
        let candidates = index.images.map { record in
            ImageCandidate(
                id: record.id.description,
                layers: Dictionary(record.layers.map { ($0, layers[$0]?.sizeBytes ?? 0) }, uniquingKeysWith: { first, _ in first }),
                lastUsed: max(lastUsed[record.id.description] ?? 0, record.storedAt))
        }
        let doomed = garbage(among: candidates, inUse: inUse, disk: try diskUse(), policy: policy, now: now)
        guard !doomed.isEmpty else { return [] }
        var next = index
        next.images.removeAll { doomed.contains($0.id.description) }
        try replaceIndex(with: next)
        try await discardUnreferenced()
        return doomed
    }

    /// Of the file system the store is on.
    package func diskUse() throws(ImageError) -> DiskUse {
        do throws(SystemCallError) {
            let space = try FileSystemSpace(of: layout.root)
            return DiskUse(capacity: space.capacityBytes, available: space.availableBytes)
        } catch {
            throw .system(error)
        }
    }

    /// Bytes that all layers take together, each counted once.
    package func layerBytes() -> Int { layers.values.reduce(0) { $0 + $1.sizeBytes } }

    private func unpin(_ id: Digest) {
        let count = (pins[id] ?? 1) - 1
        pins[id] = count > 0 ? count : nil
    }

    private func discardUnreferenced() async throws(ImageError) {
        let trash: [String]
        do throws(SystemCallError) { trash = try layout.setAside(keeping: index, pinned: pins.keys, number: makeNumber()) } catch { throw .system(error) }
        for digest in layers.keys where !isReferenced(digest) { layers[digest] = nil }
        guard !trash.isEmpty else { return }
        let layout = layout
        try await blocking { _ throws(ImageError) in
            do throws(SystemCallError) { try layout.removeTemporary(trash) } catch { throw .system(error) }
        }
    }

    private func isReferenced(_ layer: Digest) -> Bool { pins[layer] != nil || index.images.contains { $0.layers.contains(layer) } }

    // MARK: Workspaces

    func makeNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    func makeWorkspace() throws(ImageError) -> Workspace {
        let workspace = Workspace(name: "work-\(makeNumber())", parent: layout.temporary)
        do throws(SystemCallError) { try workspace.make() } catch { throw ImageError(error, in: layout.root) }
        return workspace
    }

    /// Also drops layers that were committed for an image that then came to nothing.
    func close(_ workspace: Workspace) async {
        do throws(ImageError) {
            let layout = layout
            try await blocking { _ throws(ImageError) in
                do throws(SystemCallError) { try layout.removeTemporary([workspace.name]) } catch { throw .system(error) }
            }
            try await discardUnreferenced()
        } catch {
            logger.warning("image leftovers stay until the next start", metadata: ["error": "\(error)"])
        }
    }
}
