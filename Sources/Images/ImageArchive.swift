import FoundationEssentials
import Glibc
import LinuxSystem
import OCISpec

/// A directory that holds images: an OCI image layout, or what `docker save` wrote, unpacked.
/// Source: OCI image spec, image-layout.md; moby image spec v1.2.
struct ImageArchive: Sendable {
    let root: String
    /// As the user called it.
    let subject: String

    struct Image: Sendable {
        var contents: ImageContents
        var layers: [LayerSource]
        /// What the layout calls it by: of its manifest or index.
        var digest: Digest?
    }

    /// Unpacks a tar, plain or compressed, as the directory `root`, which does not exist yet.
    static func unpack(_ path: String, into root: String, _ cancellation: Cancellation) throws(ImageError) {
        do throws(SystemCallError) { try DirectoryTree.make(root, mode: 0o700) } catch { throw ImageError(error, in: root) }
        let file: OwnedFileDescriptor
        do { file = try OwnedFileDescriptor(opening: path, flags: O_RDONLY) } catch { throw .system(error) }
        let tar = try DecompressedReader(FileReader(file, subject: path), subject: path)
        let archive = try ArchiveReader(.tar, of: tar, subject: path)
        let unpacker = try TreeUnpacker(archive, into: root, policy: .contents) { cancellation.isCancelled }
        try unpacker.unpack()
        if unpacker.entries == 0 { throw .corruptArchive(path, detail: "it is empty") }
    }

    /// Every image for `platform`. A name given by the caller replaces those in the archive, and needs a single image.
    func images(for platform: Platform, name: ImageReference?) async throws(ImageError) -> [Image] {
        var images: [Image]
        if has("index.json") {
            images = try await layoutImages(for: platform)
        } else if has("manifest.json") {
            images = try dockerImages(for: platform)
        } else {
            throw .corruptArchive(subject, detail: "it has neither the index.json of an OCI layout nor the manifest.json of docker save")
        }
        guard let name else { return images }
        guard images.count == 1, name.digest == nil else {
            throw .invalidReference(
                "\(name)", reason: images.count == 1 ? "an imported image is named by a tag" : "\(subject) holds \(images.count) images, one name is not enough")
        }
        images[0].contents.repoDigests = images[0].digest.map { [name.pinned(to: $0).description] } ?? []
        images[0].contents.names = [name.description]
        return images
    }

    private func layoutImages(for platform: Platform) async throws(ImageError) -> [Image] {
        let index = try decode(ImageIndex.self, from: read("index.json", limit: ManifestDocument.maximumSize), subject: "index.json of \(subject)")
        let suitable = index.manifests.filter { $0.platform.map { $0.suitability(on: platform) != nil } ?? true }
        guard !suitable.isEmpty else {
            if index.manifests.isEmpty { throw .corruptArchive(subject, detail: "its index.json lists no image") }
            throw .noMatchingPlatform(subject, wanted: platform, offered: index.platforms)
        }
        var images: [Image] = []
        for descriptor in suitable {
            let (manifest, documents) = try await ManifestDocument.resolve(
                try blob(descriptor), type: descriptor.mediaType, subject: subject, platform: platform
            ) { descriptor throws(ImageError) in try blob(descriptor) }
            let name = Self.name(from: descriptor.annotations ?? [:])
            let contents = try ImageContents(
                subject: name?.description ?? subject,
                configBytes: blob(manifest.config, limit: ManifestDocument.maximumConfigSize), layers: manifest.layers, platform: platform,
                manifests: documents, names: name.map { [$0.description] } ?? [],
                repoDigests: name.map { [$0.pinned(to: descriptor.digest).description] } ?? [])
            let layers = manifest.layers.map { LayerSource(root: root, path: path(of: $0.digest), digest: $0.digest, size: $0.size) }
            images.append(Image(contents: contents, layers: layers, digest: descriptor.digest))
        }
        return images
    }

    /// `ref.name` may be no more than a tag, as umoci and the specification's own examples have it: that names nothing.
    static func name(from annotations: [String: String]) -> ImageReference? {
        let full = annotations[ImageAnnotation.imageName]
        let short = annotations[ImageAnnotation.referenceName].flatMap { $0.contains { ":/".contains($0) } ? $0 : nil }
        // A name that is none is a missing name: the image can still be found by its id.
        return (full ?? short).flatMap { try? ImageReference(parsing: $0) }
    }

    private func dockerImages(for platform: Platform) throws(ImageError) -> [Image] {
        let entries = try decode(
            [DockerArchiveImage].self, from: read("manifest.json", limit: ManifestDocument.maximumSize), subject: "manifest.json of \(subject)")
        guard !entries.isEmpty else { throw .corruptArchive(subject, detail: "its manifest.json lists no image") }
        var images: [Image] = []
        for entry in entries {
            let contents = try ImageContents(
                subject: entry.repoTags?.first ?? subject, configBytes: read(entry.config, limit: ManifestDocument.maximumConfigSize),
                layers: entry.layers.map { _ in nil }, platform: platform,
                names: (entry.repoTags ?? []).compactMap { (try? ImageReference(parsing: $0))?.description })
            images.append(Image(contents: contents, layers: entry.layers.map { LayerSource(root: root, path: $0) }))
        }
        return images
    }

    // MARK: Files

    private func path(of digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }

    private func blob(_ descriptor: Descriptor, limit: Int = ManifestDocument.maximumSize) throws(ImageError) -> [UInt8] {
        let bytes = try read(path(of: descriptor.digest), limit: limit)
        guard bytes.count == descriptor.size else {
            throw .sizeMismatch(subject: "blob \(descriptor.digest) of \(subject)", expected: descriptor.size, actual: bytes.count)
        }
        let actual = Digest(of: bytes)
        guard actual == descriptor.digest else {
            throw .digestMismatch(subject: "blob \(descriptor.digest) of \(subject)", expected: descriptor.digest, actual: actual)
        }
        return bytes
    }

    private func has(_ path: String) -> Bool { access("\(root)/\(path)", F_OK) == 0 }

    private func read(_ path: String, limit: Int) throws(ImageError) -> [UInt8] {
        let file: OwnedFileDescriptor
        do throws(ImageError) {
            file = try openRegularFile(path, in: root)
        } catch {
            // Not the temporary directory: the archive the user knows.
            guard case .corruptArchive(_, let detail) = error else { throw error }
            throw .corruptArchive(subject, detail: detail)
        }
        do { return try DurableFile.readAll(file, named: path, limit: limit) } catch { throw .system(error) }
    }
}
