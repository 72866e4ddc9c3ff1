import CArchive  // timespec: which C module a build finds it in first depends on the others
import CLinux
import FoundationEssentials
import Glibc
import LinuxSystem

extension UnpackedLayer {
    /// Gives directories that the tar left out the looks of those they cover, and writes the marker.
    /// - Parameter below: the layers this one lies on, lowest first.
    func complete(above below: [LayerDirectory]) throws(ImageError) {
        let marker: Data
        do { marker = try JSONEncoder.sorted.encode(self.marker) } catch { throw .invalidDocument(directory.marker, detail: "\(error)") }
        do throws(SystemCallError) {
            if !implicitDirectories.isEmpty, !below.isEmpty {
                let root = try RootedDirectory(at: directory.files)
                for path in implicitDirectories { try inherit(path, in: root, from: below) }
            }
            let file = try OwnedFileDescriptor(opening: self.directory.marker, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            try [UInt8](marker).span.withUnsafeBytes { bytes throws(SystemCallError) in
                try DurableFile.writeAll(bytes, to: file.rawValue, named: directory.marker)
            }
        } catch {
            throw ImageError(error, in: directory.path)
        }
    }

    private func inherit(_ path: [CChar], in root: borrowing RootedDirectory, from below: [LayerDirectory]) throws(SystemCallError) {
        for layer in below.reversed() {
            let number: CInt
            do throws(SystemCallError) {
                number = try RootedDirectory(at: layer.files).open(path, flags: O_RDONLY | O_DIRECTORY, symlinks: .refused).release()
            } catch {
                if error.isNotFound { continue }
                return  // a whiteout, a file or a link: nothing below it shows
            }
            let lower = OwnedFileDescriptor(adopting: number)
            let status = try FileStatus(of: lower.rawValue)
            let upper = try root.open(path, flags: O_RDONLY | O_DIRECTORY, symlinks: .refused)
            try systemCall("fchown", on: layer.files) { fchown(upper.rawValue, status.user, status.group) }
            try systemCall("fchmod", on: layer.files) { fchmod(upper.rawValue, status.mode) }
            try status.modified.apply(to: upper.rawValue)
            return
        }
    }
}

extension StoreLayout {
    /// Puts everything written below the root so far on disk, by one call for the whole file system: a layer has
    /// thousands of files, and as many fsync(2) would take minutes.
    func flush() throws(SystemCallError) {
        let directory = try OwnedFileDescriptor(opening: root, flags: O_RDONLY | O_DIRECTORY)
        try systemCall("syncfs", on: root) { berth_syncfs(directory.rawValue) }
    }
}
