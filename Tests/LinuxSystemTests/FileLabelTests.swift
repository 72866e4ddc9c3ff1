import Foundation
import LinuxSystem
import Testing

/// The kernel keeps the attribute also where nobody enforces it.
@Suite("Labels of files", .enabled(if: geteuid() == 0, "needs root"))
struct FileLabelTests {
    private let root = FileManager.default.temporaryDirectory.appendingPathComponent("berth-labels-\(UUID().uuidString)").path
    private static let label = "system_u:object_r:container_file_t:s0:c1,c2"

    private func inTree(_ body: () throws -> Void) throws {
        try DirectoryTree.make("\(root)/volume/deep/deeper")
        for file in ["volume/file", "volume/deep/deeper/file", "outside"] { try ControlFile.write("x".utf8, to: "\(root)/\(file)", flags: O_CREAT) }
        symlink("../outside", "\(root)/volume/link")
        defer { try? FileManager.default.removeItem(atPath: root) }  // what remains is a temporary file
        try body()
    }

    @Test("everything in a volume has its label, and nothing that a link leads to")
    func tree() throws {
        try inTree {
            try FileLabel.apply(Self.label, to: "\(root)/volume")
            for path in ["", "/file", "/deep", "/deep/deeper", "/deep/deeper/file", "/link"] { #expect(try FileLabel.read("\(root)/volume\(path)") == Self.label, "\(path)") }
            #expect(try FileLabel.read("\(root)/outside") == nil)
            try FileLabel.apply("a:b:c:s0", to: "\(root)/outside")
            #expect(try FileLabel.read("\(root)/outside") == "a:b:c:s0")
        }
    }

    @Test("a pass that was cut short is done again, one that was not is not")
    func again() throws {
        try inTree {
            try FileLabel.apply(Self.label, to: "\(root)/volume")
            try ControlFile.write("y".utf8, to: "\(root)/volume/deep/new", flags: O_CREAT)
            try FileLabel.apply(Self.label, to: "\(root)/volume")
            #expect(try FileLabel.read("\(root)/volume/deep/new") == nil)
            try FileLabel.apply("a:b:c:s0", to: "\(root)/volume")
            #expect(try FileLabel.read("\(root)/volume/deep/new") == "a:b:c:s0")
        }
    }
}
