import Glibc
import LinuxSystem
import OCISpec

/// The layers of one image on their way from wherever they are into a workspace, several at a time.
struct LayerAssembly: Sendable {
    var contents: ImageContents
    var chain: [Digest]
    var layout: StoreLayout
    var workspace: Workspace
    var hub: PullProgressHub?
    var fetch: @Sendable (Int) async throws(ImageError) -> LayerSource

    /// Fetches, unpacks and completes the layers at `positions`, and returns when all are on disk.
    /// - Throws: the first failure, after the others have ended.
    func unpack(_ positions: [Int], atOnce limit: Int) async throws(ImageError) -> [Int: UnpackedLayer] {
        guard !positions.isEmpty else { return [:] }
        let result: Result<[Int: UnpackedLayer], ImageError> = await withTaskGroup(of: Finished.self) { group in
            var waiting = positions[...]
            var unpacked: [Int: UnpackedLayer] = [:]
            var failure: ImageError?
            func startNext() {
                guard let position = waiting.popFirst() else { return }
                group.addTask {
                    do throws(ImageError) {
                        return Finished(position: position, result: .success(try await unpack(position)))
                    } catch {
                        return Finished(position: position, result: .failure(error))
                    }
                }
            }
            for _ in 0..<max(1, limit) { startNext() }
            while let finished = await group.next() {
                switch finished.result {
                case .success(let layer):
                    unpacked[finished.position] = layer
                    if failure == nil { startNext() }
                case .failure(let error):
                    failure = failure ?? error
                    group.cancelAll()
                }
            }
            return failure.map { .failure($0) } ?? .success(unpacked)
        }
        let unpacked = try result.get()
        try await blocking { _ throws(ImageError) in
            for position in positions {
                let below = (0..<position).map { unpacked[$0]?.directory ?? layout.layer(chain[$0]) }
                try unpacked[position]?.complete(above: below)
            }
            do throws(SystemCallError) { try layout.flush() } catch { throw .system(error) }
        }
        return unpacked
    }

    private struct Finished: Sendable {
        let position: Int
        let result: Result<UnpackedLayer, ImageError>
    }

    private func unpack(_ position: Int) async throws(ImageError) -> UnpackedLayer {
        hub?.set(position, .fetching)
        let source = try await fetch(position)
        hub?.set(position, .unpacking)
        // `chainIDs` has parsed it before.
        guard let diffID = try? Digest(parsing: contents.config.rootfs.diffIDs[position]) else { throw .notStored(contents.subject) }
        let directory = LayerDirectory(path: "\(workspace.layers)/\(chain[position].hex)")
        let layer = try await blocking { cancellation throws(ImageError) in try source.unpack(diffID: diffID, into: directory, cancellation) }
        if source.root == workspace.blobs { unlink("\(source.root)/\(source.path)") }
        hub?.set(position, .done)
        return layer
    }
}

extension ImageReference {
    /// What the registry says the image is, down to its configuration.
    func contents(from connection: RegistryConnection, platform: Platform) async throws(ImageError) -> ImageContents {
        let (bytes, type) = try await connection.manifest()
        let (manifest, documents) = try await ManifestDocument.resolve(bytes, type: type, subject: description, platform: platform) {
            descriptor throws(ImageError) in try await connection.manifest(descriptor)
        }
        return try ImageContents(
            subject: description, configBytes: await connection.config(manifest.config), layers: manifest.layers, platform: platform,
            manifests: documents, names: digest == nil ? [description] : [], repoDigests: [pinned(to: Digest(of: bytes)).description])
    }
}
