import Glibc

/// Files that are read whole: those of /proc, /sys and /etc, whose size is not known beforehand.
package enum SmallFile {
    package static func bytes(_ path: String, limit: Int = 4 << 20) throws(SystemCallError) -> [UInt8] {
        try bytes(of: try OwnedFileDescriptor(opening: path, flags: O_RDONLY), path, limit: limit)
    }

    /// A file below `root` that containers may have made: whatever links they put there, it does not lead out.
    ///
    /// - Returns: nil when there is none, or something else than a file.
    package static func bytes(_ path: String, in root: String, limit: Int = 1 << 20) throws(SystemCallError) -> [UInt8]? {
        do throws(SystemCallError) {
            // Not blocking: opening a fifo would wait for its writer.
            let file = try RootedDirectory(at: root).open(path, flags: O_RDONLY | O_NONBLOCK)
            guard try FileStatus(of: file.rawValue).kind == .file else { return nil }
            return try bytes(of: file, path, limit: limit)
        } catch {
            if [ENOENT, ENOTDIR, ELOOP, EXDEV, ENXIO].contains(error.code) { return nil }
            throw error
        }
    }

    private static func bytes(of file: borrowing OwnedFileDescriptor, _ path: String, limit: Int) throws(SystemCallError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < limit {
            let count = try systemCall("read", on: path) { read(file.rawValue, &chunk, chunk.count) }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    package static func text(_ path: String) throws(SystemCallError) -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }

    /// Where a symbolic link leads; nil for anything else.
    package static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count].lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The first line without its end; nil when the file cannot be read.
    package static func firstLine(_ path: String) -> String? {
        // Which of these files exist depends on the machine; the caller says what a missing one means.
        guard let text = try? text(path) else { return nil }
        return text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init)
    }
}
