import KubeAPI
import Testing

@testable import PodPlanning

@Suite("Environment files")
struct EnvironmentFileTests {
    @Test("values are what stands between single quotes")
    func values() throws {
        let file = try EnvironmentFile(parsing: "# made\n\n  A='one $B' # why\nB='two\nlines'\nC= 'blank before'\nA='again'\n")
        #expect(file.values == ["A": "one $B", "B": "two\nlines", "C": ""])
    }

    @Test("a line that is not understood is named", arguments: [
        ("A", 1, "missing '='"), ("\n=x", 2, "empty variable name"), ("A ='x'", 1, "whitespace before '=' is not allowed"),
        ("A=x", 1, "value must be enclosed in single quotes"), ("A='x'y", 1, "unexpected content after closing quote"), ("A='x\ny", 1, "unclosed single quote"),
    ])
    func malformed(text: String, line: Int, problem: String) {
        #expect(throws: EnvironmentFile.Malformed(line: line, problem: problem)) { try EnvironmentFile(parsing: text) }
    }

    private static func value(_ selector: String, file: String? = "A='one'") throws -> String? {
        var objects = try ReferencedObjects.test()
        if let file { objects.environmentFiles[EnvironmentFileReference(volumeName: "v", path: "env")] = Array(file.utf8) }
        let pod = try pod(#"{"volumes":[{"name":"v","emptyDir":{}}],"containers":[{"name":"c","env":[{"name":"X","valueFrom":{"fileKeyRef":\#(selector)}}]}]}"#)
        return try plan(pod, objects: objects).environment("X")
    }

    @Test("a variable comes from a file, which may be missing only where it says so")
    func references() throws {
        #expect(try Self.value(#"{"volumeName":"v","path":"env","key":"A"}"#) == "one")
        #expect(try Self.value(#"{"volumeName":"v","path":"env","key":"B","optional":true}"#) == nil)
        #expect(try Self.value(#"{"volumeName":"v","path":"env","key":"A","optional":true}"#, file: nil) == nil)
        #expect(throws: PlanningError.environmentFile(volume: "v", path: "env", problem: "environment variable key \"B\" not found")) {
            try Self.value(#"{"volumeName":"v","path":"env","key":"B"}"#)
        }
        #expect(throws: PlanningError.environmentFile(volume: "v", path: "env", problem: "there is no such file")) {
            try Self.value(#"{"volumeName":"v","path":"env","key":"A"}"#, file: nil)
        }
        #expect(throws: PlanningError.environmentFile(volume: "v", path: "env", problem: "line 1: missing '='")) {
            try Self.value(#"{"volumeName":"v","path":"env","key":"A","optional":true}"#, file: "A")
        }
    }
}
