import Glibc
import LinuxSystem
import OCISpec

/// A layer's tar as it lies on disk, compressed or not.
struct LayerSource: Sendable {
    /// Where the file is looked up; symbolic links resolve inside, so an archive's own links lead nowhere else.
    var root: String
    /// Relative to `root`.
    var path: String
    /// Of the file; `nil` when nobody promised one, as in a docker-save archive, or when it was checked before.
    var digest: Digest?
    var size: Int?

    func open() throws(ImageError) -> OwnedFileDescriptor { try openRegularFile(path, in: root) }
}

/// Opens what must be a plain file; a fifo would wait for ever.
func openRegularFile(_ path: String, in root: String) throws(ImageError) -> OwnedFileDescriptor {
    do throws(SystemCallError) {
        let file = try RootedDirectory(at: root).open(path, flags: O_RDONLY | O_NONBLOCK)
        if try FileStatus(of: file.rawValue).kind == .file { return file }
    } catch {
        if [ENOENT, ENOTDIR, ELOOP, EXDEV].contains(error.code) { throw .corruptArchive(root, detail: "it has no file '\(path)'") }
        throw .system(error)
    }
    throw .corruptArchive(root, detail: "'\(path)' is not a file")
}

/// A layer on disk in full, but for the directories that it shares with those below.
struct UnpackedLayer: Sendable {
    var directory: LayerDirectory
    var marker: LayerMarker
    var implicitDirectories: Set<[CChar]>
}

extension LayerSource {
    /// Unpacks into `directory`, which does not exist yet, checking the digest of the file and of the tar inside it.
    func unpack(diffID: Digest, into directory: LayerDirectory, _ cancellation: Cancellation) throws(ImageError) -> UnpackedLayer {
        do throws(SystemCallError) {
            try DirectoryTree.make(directory.path, mode: 0o700)
            try DirectoryTree.make(directory.files, mode: 0o700)
            // 0755 is what a root directory is when its tar does not say.
            try systemCall("chmod", on: directory.files) { chmod(directory.files, 0o755) }
        } catch {
            throw ImageError(error, in: directory.path)
        }
        let subject = "layer \(digest ?? diffID)"
        let file = try FileReader(open(), subject: subject)
        let tar = try DecompressedReader(file, subject: subject)
        let archive = try ArchiveReader(.tar, of: tar, subject: subject)
        let unpacker = try TreeUnpacker(archive, into: directory.files, policy: .layer) { cancellation.isCancelled }
        do throws(ImageError) {
            try unpacker.unpack()
            try tar.drain()
            try file.drain()
        } catch {
            // A damaged tar is the symptom; that the file is not the one promised is the cause, when it is so.
            guard case .corruptArchive = error, let digest else { throw error }
            try file.drain()
            try file.hash.verify(subject, digest: digest, size: size)
            throw error
        }
        if let digest { try file.hash.verify(subject, digest: digest, size: size) }
        try tar.hash.verify("the content of \(subject)", digest: diffID, size: nil)
        let marker = LayerMarker(diffID: diffID, sizeBytes: unpacker.contentBytes, entries: unpacker.entries)
        return UnpackedLayer(directory: directory, marker: marker, implicitDirectories: unpacker.implicitDirectories)
    }
}
