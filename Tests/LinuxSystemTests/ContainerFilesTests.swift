import Foundation
import Glibc
import LinuxSystem
import Testing

/// Files that a container may have made, looked at from outside.
@Suite("Files of containers")
struct ContainerFilesTests {
    private func inDirectory(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "files-\(UUID().uuidString)").path
        try DirectoryTree.make("\(directory)/root/sub")
        // Nothing is done about a directory that cannot be removed: it is a temporary one.
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(directory)
    }

    @Test("a file is read below its root: no link leads out, and nothing but a file is opened")
    func reading() throws {
        try inDirectory { directory in
            try Data("inside".utf8).write(to: URL(fileURLWithPath: "\(directory)/root/sub/file"))
            try Data("outside".utf8).write(to: URL(fileURLWithPath: "\(directory)/secret"))
            let root = "\(directory)/root"
            #expect(symlink("../../secret", "\(root)/sub/up") == 0 && symlink("\(directory)/secret", "\(root)/absolute") == 0)
            #expect(symlink("/sub/file", "\(root)/link") == 0 && mkfifo("\(root)/pipe", 0o600) == 0)
            func text(_ path: String) throws -> String? { try SmallFile.bytes(path, in: root).map { String(decoding: $0, as: UTF8.self) } }
            #expect(try text("sub/file") == "inside")
            #expect(try text("link") == "inside")
            for path in ["sub/up", "absolute", "pipe", "sub", "none/file"] { #expect(try text(path) == nil, "\(path)") }
        }
    }
}
