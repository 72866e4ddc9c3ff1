/// Where an archive entry goes, relative to the root it is unpacked in. Names in archives are bytes of any encoding.
struct EntryPath: Hashable {
    /// `.` for entries in the root. Ends in a zero, like `name`.
    let parent: [CChar]
    /// Empty but for the zero when the entry is the root itself.
    let name: [CChar]

    struct Unsafe: Error { let reason: String }

    /// Longer ones are refused: with the store's own path in front, no system call would take them. Bytes.
    static let maximumLength = 3072

    /// A leading `/` and empty or `.` components mean nothing and are left out; `..` is refused.
    init(_ text: UnsafePointer<CChar>) throws(Unsafe) {
        let slash = CChar(UInt8(ascii: "/"))
        let dot = CChar(UInt8(ascii: "."))
        var path: [CChar] = []
        var lastSlash: Int?
        var cursor = text
        while cursor.pointee != 0 {
            var end = cursor
            while end.pointee != 0, end.pointee != slash { end += 1 }
            let component = UnsafeBufferPointer(start: cursor, count: end - cursor)
            cursor = end.pointee == 0 ? end : end + 1
            if component.isEmpty || component.elementsEqual([dot]) { continue }
            if component.elementsEqual([dot, dot]) { throw Unsafe(reason: "its path contains '..'") }
            if component.count > 255 { throw Unsafe(reason: "a name in its path is longer than 255 bytes") }
            if !path.isEmpty {
                lastSlash = path.count
                path.append(slash)
            }
            path += component
            if path.count > Self.maximumLength { throw Unsafe(reason: "its path is longer than \(Self.maximumLength) bytes") }
        }
        parent = (lastSlash.map { Array(path[..<$0]) } ?? [dot]) + [0]
        name = path[(lastSlash.map { $0 + 1 } ?? 0)...] + [0]
    }

    var isRoot: Bool { name.count == 1 }

    /// The whole path, ending in a zero.
    var full: [CChar] { parent == [46, 0] ? name : parent.dropLast() + [47] + name }
}

/// What a file name in a layer says about the layers below. Source: OCI image spec, layer.md, "Whiteouts".
enum Whiteout: Hashable {
    /// `.wh.NAME`: the lower NAME is gone. Ends in a zero.
    case name([CChar])
    /// `.wh..wh..opq`: everything lower in this directory is gone.
    case opaque
    /// `.wh..wh.` and anything else: AUFS's own bookkeeping, no content.
    case bookkeeping

    private static let prefix = ".wh.".utf8.map { CChar($0) }

    /// `nil` for an ordinary name.
    init?(_ entry: [CChar]) throws(EntryPath.Unsafe) {
        guard entry.starts(with: Self.prefix) else { return nil }
        let name = entry.dropFirst(Self.prefix.count)
        if name.starts(with: Self.prefix) {
            self = name.elementsEqual(".wh..opq".utf8CString) ? .opaque : .bookkeeping
        } else {
            let text = name.dropLast()
            guard !text.isEmpty, !text.elementsEqual([46]), !text.elementsEqual([46, 46]) else {
                throw EntryPath.Unsafe(reason: "it is a whiteout of nothing")
            }
            self = .name(Array(name))
        }
    }
}
