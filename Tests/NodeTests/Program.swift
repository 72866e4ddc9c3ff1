import LinuxSystem

/// A program run to its end.
enum Program {
    struct Failed: Error, CustomStringConvertible { let description: String }

    /// What it said: standard output, followed by standard error unless it ended well.
    ///
    /// - Parameter expecting: the exit code; nil takes any, and then both outputs are always returned.
    @discardableResult
    static func run(
        _ executable: String, _ arguments: [String], input: String = "", environment: [String: String] = [:],
        deadline: Duration = .seconds(60), expecting code: CInt? = 0
    ) async throws -> String {
        let defaults = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"]
        let outcome = try await ChildProcess(
            executable: executable, arguments: arguments, environment: defaults.merging(environment) { _, given in given },
            standardInput: Array(input.utf8), deadline: deadline, outputLimit: 8 << 20
        ).run()
        let output = String(decoding: outcome.standardOutput, as: UTF8.self)
        let error = String(decoding: outcome.standardError, as: UTF8.self)
        if let code, outcome.ending != .exited(code) {
            throw Failed(description: "\(executable) \(arguments.joined(separator: " ")): \(outcome.ending)\n\(output)\(error)")
        }
        return code == 0 ? output : output + error
    }
}

/// Looks until `condition` holds; what it throws counts as "not yet", and is the reason given in the end.
///
/// - Throws: when `seconds` have passed.
func eventually(
    _ what: String, within seconds: Int = 20, isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + .seconds(seconds)
    var reason = ""
    repeat {
        do {
            if try await condition() { return }
            reason = ""
        } catch let error where !(error is CancellationError) {
            reason = ": \(error)"
        }
        try await Task.sleep(for: .milliseconds(50))  // between two looks
    } while ContinuousClock.now < end
    throw Program.Failed(description: "not within \(seconds) s: \(what)\(reason)")
}
