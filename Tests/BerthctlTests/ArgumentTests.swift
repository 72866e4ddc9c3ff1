import ArgumentParser
@testable import berthctl
import Testing

@Suite("berthctl's arguments")
struct ArgumentTests {
    @Test("the node's root directory may stand before the command or behind it", arguments: [
        ["--root-dir", "/n", "pods"], ["--root-dir=/n", "pods"], ["pods", "--root-dir", "/n"], ["pods", "--root-dir=/n"],
    ])
    func rootDirectory(given: [String]) throws {
        let command = try #require(try Berthctl.parseAsRoot(Berthctl.arguments(given)) as? Pods)
        #expect(command.node.rootDir == "/n")
    }

    @Test("it goes to the command itself, and not to the program that is to run")
    func order() {
        #expect(Berthctl.arguments(["--root-dir", "/n", "image", "import", "a"]) == ["image", "import", "--root-dir", "/n", "a"])
        let command = ["exec", "web-0", "--", "ls", "--root-dir", "pods"]
        #expect(Berthctl.arguments(["--root-dir", "/n"] + command) == ["exec", "--root-dir", "/n"] + command.dropFirst())
        #expect(Berthctl.arguments(command) == command)
        #expect(Berthctl.arguments(["--root-dir", "/n", "--help"]) == ["--help"])
        #expect(Berthctl.arguments(["--root-dir"]).isEmpty && Berthctl.arguments([]).isEmpty)
    }
}
