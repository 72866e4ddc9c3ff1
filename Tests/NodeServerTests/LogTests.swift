import FoundationEssentials
import Glibc
import HTTPTypes
import NIOCore
import NIOPosix
@testable import NodeServer
import Testing

@Suite("Container logs")
struct LogTests {
    static let log = """
        2026-11-22T10:00:00.000000001Z stdout F one
        2026-11-22T10:00:01.000000002Z stderr F two
        2026-11-22T10:00:02.000000003Z stdout P thr
        2026-11-22T10:00:02.000000004Z stdout F ee
        not a log line
        2026-11-22T10:00:03.000000005Z stdout F four

        """

    static func read(_ options: PodLogOptions, path: String, ended: @escaping @Sendable () async -> Void = {}) async throws -> String {
        var output = ""
        let reader = ContainerLogReader(options: options, file: LogFile(path: path, ended: ended), threads: .singleton)
        try await reader.run { output += String(buffer: $0) }
        return output
    }

    static func withLog(_ text: String = log, _ body: (String) async throws -> Void) async throws {
        var template = Array("/tmp/berth-log-XXXXXX".utf8CString)
        let directory = String(cString: try #require(mkdtemp(&template)))
        defer { try? FileManager.default.removeItem(atPath: directory) }  // what remains is a temporary file
        try Data(text.utf8).write(to: URL(filePath: "\(directory)/0.log"))
        try await body("\(directory)/0.log")
    }

    static let cases: [([String: String], String)] = [
        ([:], "one\ntwo\nthree\nfour\n"),
        (["stream": "Stderr"], "two\n"),
        (["tailLines": "1"], "four\n"),
        (["tailLines": "0"], ""),
        (["tailLines": "99"], "one\ntwo\nthree\nfour\n"),
        (["limitBytes": "5"], "one\nt"),
        (["sinceTime": "2026-11-22T10:00:02Z"], "three\nfour\n"),
        (["timestamps": "true", "sinceTime": "2026-11-22T10:00:02Z"],
            "2026-11-22T10:00:02.000000003Z three\n2026-11-22T10:00:03.000000005Z four\n"),
    ]

    @Test("options choose what is read", arguments: cases)
    func options(query: [String: String], expected: String) async throws {
        try await Self.withLog { path in
            let text = try await Self.read(try PodLogOptions(query: query, now: Date()), path: path)
            #expect(text == expected)
        }
    }

    @Test("bad options name the field and the value", arguments: [
        ["tailLines": "-1"], ["tailLines": "x"], ["limitBytes": "0"], ["sinceTime": "yesterday"], ["stream": "Both"], ["follow": "maybe"],
        ["sinceSeconds": "5", "sinceTime": "2026-11-22T10:00:02Z"], ["stream": "Stdout", "tailLines": "2"],
    ])
    func badOptions(query: [String: String]) {
        let error = #expect(throws: NodeServerError.self) { try PodLogOptions(query: query, now: Date()) }
        #expect(error?.status == .unprocessableContent)
        #expect(query.values.contains { error?.description.contains($0) == true })
    }

    @Test("following loses nothing when the log is rotated more often than it is looked at")
    func rotations() async throws {
        try await Self.withLog("2026-11-22T10:00:00Z stdout F 0\n") { path in
            var options = PodLogOptions()
            options.follow = true
            func append(_ text: String) throws {
                let file = try #require(fopen(path, "a"))
                fputs("2026-11-22T10:00:01Z stdout F \(text)\n", file)
                fclose(file)
            }
            var seen = ""
            let reader = ContainerLogReader(options: options, file: LogFile(path: path, ended: {}), threads: .singleton)
            try await reader.run { bytes in
                let isFirst = seen.isEmpty
                seen += String(buffer: bytes)
                guard isFirst else { return }
                for round in 1...3 {
                    // Still into the old file, after the reader has seen its end.
                    try append("\(round)a")
                    for number in stride(from: round - 1, through: 0, by: -1) {
                        rename(number == 0 ? path : "\(path).\(number)", "\(path).\(number + 1)")
                    }
                    try append("\(round)b")
                }
            }
            #expect(seen == "0\n1a\n1b\n2a\n2b\n3a\n3b\n")
        }
    }

    @Test("following sees new lines, goes on in the file that rotation begins, and ends with the container")
    func follow() async throws {
        try await Self.withLog("2026-11-22T10:00:00Z stdout F first\n") { path in
            let (ended, end) = AsyncStream<Void>.makeStream()
            var options = PodLogOptions()
            options.follow = true
            var seen = ""
            let reader = ContainerLogReader(
                options: options, file: LogFile(path: path, ended: { for await _ in ended {} }), threads: .singleton)
            func append(_ text: String) throws {
                let file = try #require(fopen(path, "a"))
                fputs(text, file)
                fclose(file)
            }
            try await reader.run { bytes in
                seen += String(buffer: bytes)
                switch seen {
                case "first\n": try append("2026-11-22T10:00:01Z stdout F second\n")
                case "first\nsecond\n":
                    rename(path, path + ".20261122-100002")
                    try append("2026-11-22T10:00:02Z stdout F third\n")
                case "first\nsecond\nthird\n": end.finish()
                default: Issue.record("read \(seen)")
                }
            }
            #expect(seen == "first\nsecond\nthird\n")
        }
    }
}
