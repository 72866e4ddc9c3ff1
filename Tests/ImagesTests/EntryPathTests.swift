import Testing

@testable import Images

@Suite("Archive entry paths")
struct EntryPathTests {
    @Test("paths are taken relative to the root, whatever they begin with", arguments: [
        ("a", ".", "a"), ("/a", ".", "a"), ("./a/./b//c/", "a/b", "c"), ("///a/b", "a", "b"), (".", ".", ""), ("/", ".", ""), ("...", ".", "..."),
    ])
    func contained(text: String, parent: String, name: String) throws {
        let path = try EntryPath(text)
        #expect(path.parent == Array(parent.utf8CString))
        #expect(path.name == Array(name.utf8CString))
    }

    @Test("'..' is refused wherever it stands, and what no system call would take", arguments: [
        "..", "../a", "a/..", "a/../b", "/..", String(repeating: "a", count: 256), String(repeating: "aaaaaaaaa/", count: 400),
    ])
    func refused(text: String) { #expect(throws: EntryPath.Unsafe.self) { try EntryPath(text) } }

    @Test("whiteouts are told from names", arguments: [
        (".wh.a", Whiteout.name(Array("a".utf8CString))), (".wh..wh..opq", .opaque), (".wh..wh.plnk", .bookkeeping), (".wh", nil), ("a.wh.", nil),
    ] as [(String, Whiteout?)])
    func whiteouts(name: String, expected: Whiteout?) throws { #expect(try Whiteout(Array(name.utf8CString)) == expected) }

    @Test("a whiteout cannot name its own directory or the one above", arguments: [".wh.", ".wh..", ".wh..."])
    func badWhiteouts(name: String) { #expect(throws: EntryPath.Unsafe.self) { try Whiteout(Array(name.utf8CString)) } }
}
