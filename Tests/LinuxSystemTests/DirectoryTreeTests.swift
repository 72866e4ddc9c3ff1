import Foundation
import LinuxSystem
import Testing

@Suite("Directories")
struct DirectoryTreeTests {
    @Test("a directory of our own has its mode, new or found, whatever the umask")
    func mode() throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("berth-directories-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: root) }  // what remains is a temporary file
        func mode(_ path: String) throws -> Int? { try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int }
        // A bit that every sensible umask takes away.
        try DirectoryTree.makeOwn("\(root)/a/new", mode: 0o772)
        #expect(try mode("\(root)/a/new") == 0o772)
        try FileManager.default.createDirectory(atPath: "\(root)/found", withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        try DirectoryTree.makeOwn("\(root)/found", mode: 0o700)
        #expect(try mode("\(root)/found") == 0o700)
    }
}
