import LinuxSystem

/// What e2fsck did before a volume was mounted.
package enum FilesystemCheck: Hashable, Sendable {
    /// It was not unmounted properly, and nothing was wrong beyond a journal to replay.
    case replayed
    /// Errors were found and mended; e2fsck's words.
    case repaired(String)
}

/// mke2fs, e2fsck and resize2fs. What changes a file system with data in it is never killed, and holds the volume's lock
/// itself: should berthd die meanwhile, the next one waits for its end too.
struct FilesystemTools: Sendable {
    var directory = "/sbin"
    /// For a new file system.
    var deadline: Duration = .seconds(300)

    /// - Parameters:
    ///   - uuid: the volume's identity from now on.
    ///   - bytes: the claimed size, for the journal.
    func makeFilesystem(in image: String, uuid: String, for bytes: Int) throws(VolumeError) {
        // nodiscard: a discard would give the preallocated blocks back. lazy_*: a preallocated file reads as zeros.
        try run(
            "mkfs.ext4",
            [
                "-q", "-F", "-b", "\(Ext4Sizing.blockSize)", "-I", "256", "-i", "16384", "-m", "0", "-U", uuid,
                "-J", "size=\(Ext4Sizing.journalMiB(for: bytes))", "-E", "nodiscard,lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0",
                image,
            ], accepting: [0])
    }

    /// Replays the journal and mends what can be mended without asking. Source: e2fsck(8), "-p" and exit codes.
    func check(_ image: String, id: String, under lock: CInt) throws(VolumeError) -> FilesystemCheck {
        let outcome = try start("e2fsck", ["-p", image], under: lock)
        let output = Self.text(outcome)
        switch outcome.ending {
        case .exited(0): return .replayed
        case .exited(1): return output.contains("FIXED") || output.contains("fixed") ? .repaired(output) : .replayed
        case .exited(4): throw .filesystemDamaged(id: id, image: image, output: output)
        case .exited, .signalled, .deadlineExceeded: throw .helperFailed(program: "e2fsck", ending: outcome.ending.description, output: output)
        }
    }

    /// Makes an unmounted file system as large as its image. resize2fs insists on a full check first.
    func resize(_ image: String, id: String, under lock: CInt) throws(VolumeError) {
        let outcome = try start("e2fsck", ["-f", "-p", image], under: lock)
        switch outcome.ending {
        case .exited(0), .exited(1): break
        case .exited(4): throw .filesystemDamaged(id: id, image: image, output: Self.text(outcome))
        case .exited, .signalled, .deadlineExceeded:
            throw .helperFailed(program: "e2fsck", ending: outcome.ending.description, output: Self.text(outcome))
        }
        try run("resize2fs", [image], accepting: [0], under: lock)
    }

    private func run(_ program: String, _ arguments: [String], accepting codes: Set<CInt>, under lock: CInt? = nil) throws(VolumeError) {
        let outcome = try start(program, arguments, under: lock)
        if case .exited(let code) = outcome.ending, codes.contains(code) { return }
        throw .helperFailed(program: program, ending: outcome.ending.description, output: Self.text(outcome))
    }

    private func start(_ program: String, _ arguments: [String], under lock: CInt?) throws(VolumeError) -> ChildProcess.Outcome {
        let child = ChildProcess(
            executable: "\(directory)/\(program)", arguments: arguments, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"],
            deadline: lock == nil ? deadline : nil, kept: lock, outputLimit: 16 << 10)
        do throws(SystemCallError) {
            return try child.runBlocking()
        } catch {
            throw .helperFailed(program: program, ending: error.description, output: "")
        }
    }

    private static func text(_ outcome: ChildProcess.Outcome) -> String {
        let text = String(decoding: outcome.standardError + outcome.standardOutput, as: UTF8.self)
        return text.split(separator: "\n").joined(separator: "; ")
    }
}
