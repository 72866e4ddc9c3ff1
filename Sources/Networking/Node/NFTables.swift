import LinuxSystem

/// Rule sets of the kernel's packet filter, each change one transaction. Source: nft(8).
enum NFTables {
    /// - Parameter step: what this is for, in an error.
    static func apply(_ rules: String, step: String) async throws(NetworkError) {
        guard let path = ["/usr/sbin/nft", "/sbin/nft"].first(where: isExecutable) else {
            throw .nodeSetup(step: step, reason: "nft is missing; install the package nftables")
        }
        let outcome: ChildProcess.Outcome
        do throws(SystemCallError) {
            outcome = try await ChildProcess(executable: path, arguments: ["-f", "-"], standardInput: Array(rules.utf8)).run()
        } catch {
            throw .system(error)
        }
        guard outcome.succeeded else {
            throw .nodeSetup(step: step, reason: String(decoding: outcome.standardError.prefix(400), as: UTF8.self))
        }
    }

    /// `body` as the whole content of a table. Declaring it first makes the deletion valid the first time too.
    static func replacement(of table: String, by body: String) -> String { "\(removal(of: table))table ip \(table) {\n\(body)}\n" }
    static func removal(of table: String) -> String { "table ip \(table)\ndelete table ip \(table)\n" }
}
