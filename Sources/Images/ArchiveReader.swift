import CArchive

/// libarchive, reading from a `ByteReader`. Used by one thread at a time. Source: archive_read(3).
final class ArchiveReader {
    enum Format {
        /// One nameless entry: what is left when the compression is taken off, gzip, zstd or none.
        case decompressed
        /// ustar, pax and GNU tar, not compressed.
        case tar
    }

    let subject: String
    let source: any ByteReader
    private let archive: OpaquePointer
    /// Kept while libarchive unwinds: a callback can only say that it failed, not how.
    private var sourceError: ImageError?

    init(_ format: Format, of source: any ByteReader, subject: String) throws(ImageError) {
        guard let archive = archive_read_new() else { throw .corruptArchive(subject, detail: "out of memory") }
        self.archive = archive
        self.source = source
        self.subject = subject
        switch format {
        case .decompressed:
            archive_read_support_filter_gzip(archive)
            archive_read_support_filter_zstd(archive)
            archive_read_support_format_raw(archive)
        case .tar:
            archive_read_support_format_tar(archive)
        }
        archive_read_support_format_empty(archive)
        try check(
            archive_read_open2(
                archive, Unmanaged.passUnretained(self).toOpaque(), nil,
                { _, context, piece in
                    // `init` passes itself and owns the archive, so the context is there and outlives every call.
                    guard let context, let piece else { return -1 }
                    return Unmanaged<ArchiveReader>.fromOpaque(context).takeUnretainedValue().fill(piece)
                }, nil, nil))
    }

    deinit { archive_read_free(archive) }

    /// The next entry, valid until the next call; `nil` at the end of the archive.
    func nextEntry() throws(ImageError) -> OpaquePointer? {
        var entry: OpaquePointer?
        let code = archive_read_next_header(archive, &entry)
        if code == ARCHIVE_EOF { return nil }
        try check(code)
        return entry
    }

    /// The next piece of the entry's content and where in the file it belongs; what is skipped is a hole.
    func nextBlock() throws(ImageError) -> (bytes: UnsafeRawBufferPointer, offset: Int64)? {
        var start: UnsafeRawPointer?
        var count = 0
        var offset: Int64 = 0
        let code = archive_read_data_block(archive, &start, &count, &offset)
        if code == ARCHIVE_EOF { return nil }
        try check(code)
        return (UnsafeRawBufferPointer(start: start, count: count), offset)
    }

    private func fill(_ piece: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        do throws(ImageError) {
            let bytes = try source.next()
            piece.pointee = bytes.baseAddress
            return bytes.count
        } catch {
            sourceError = error
            return -1
        }
    }

    /// Warnings pass: they are about attributes that libarchive could not make sense of.
    private func check(_ code: CInt) throws(ImageError) {
        guard code < ARCHIVE_WARN else { return }
        if let sourceError { throw sourceError }
        throw .corruptArchive(subject, detail: archive_error_string(archive).map { String(cString: $0) } ?? "unreadable")
    }
}

/// What a stream holds once its compression is taken off, hashed as it goes by.
final class DecompressedReader: ByteReader {
    private(set) var hash = ContentHash()
    private let archive: ArchiveReader
    private var isAtEnd: Bool

    init(_ source: any ByteReader, subject: String) throws(ImageError) {
        archive = try ArchiveReader(.decompressed, of: source, subject: subject)
        isAtEnd = try archive.nextEntry() == nil
    }

    func next() throws(ImageError) -> UnsafeRawBufferPointer {
        while !isAtEnd {
            guard let block = try archive.nextBlock() else {
                isAtEnd = true
                break
            }
            if block.bytes.isEmpty { continue }
            hash.update(block.bytes)
            return block.bytes
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }
}
