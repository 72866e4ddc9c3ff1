import Foundation
import Glibc
@testable import Ledger
import LinuxSystem
import Logging
import Testing

/// A small file system of its own, filled to the last byte.
@Suite("A full disk", .enabled(if: getuid() == 0 && access("/dev/loop-control", F_OK) == 0, "needs root and loop devices"), .serialized)
struct FullDiskTests {
    @Test("what must be written still is, what need not is left out, and the space is taken back when there is room")
    func full() async throws {
        try await onSmallDisk { directory in
            let location = LedgerLocation(directory: directory, machineID: "/etc/machine-id")
            let ledger = try Ledger.open(location, bootID: "boot-1", logger: Self.logger).ledger
            try await ledger.commit { try $0.save(podEntry("before")) }
            #expect(!ledger.isOnReserve)
            try fill(directory)

            // Far more than what was free in files that are there already.
            for number in 0..<200 {
                try await ledger.commit { try $0.save(podEntry("u\(number)", name: String(repeating: "x", count: 8000))) }
            }
            #expect(ledger.isOnReserve)
            ledger.post { try $0.save(podEntry("trifle")) }
            #expect(try await ledger.read { try $0.pods().count } == 201)

            // As after a power cut: nothing is closed.
            let again = try Ledger.open(location, bootID: "boot-2", logger: Self.logger).ledger
            #expect(again.isOnReserve)
            #expect(try await again.read { try $0.pods().count } == 201)

            unlink("\(directory)/filler")
            try await Task.sleep(for: .milliseconds(1100))  // the reserve is looked at once a second
            try await again.commit { try $0.save(podEntry("after")) }
            try await again.commit { try $0.save(podEntry("after")) }
            #expect(!again.isOnReserve)
            #expect(access("\(location.database)-reserve", F_OK) == 0)
            try await again.close()
            try await ledger.close()
        }
    }

    @Test("with the reserve used up as well, a commit fails, says why, and loses nothing that was acknowledged")
    func exhausted() async throws {
        try await onSmallDisk { directory in
            let ledger = try Ledger.open(LedgerLocation(directory: directory), bootID: "boot-1", logger: Self.logger).ledger
            try fill(directory)
            var acknowledged = 0
            do {
                for number in 0..<10_000 {
                    try await ledger.commit { try $0.save(podEntry("u\(number)", name: String(repeating: "x", count: 20_000))) }
                    acknowledged += 1
                }
                Issue.record("the disk never filled up")
            } catch {
                guard let error = error as? LedgerError, case .diskFull = error else { throw error }
                #expect(error.remedy?.contains("free space") == true)
            }
            #expect(try await ledger.read { try $0.pods().count } == acknowledged)
            unlink("\(directory)/filler")
            try await ledger.commit { try $0.save(podEntry("after")) }
            #expect(try await ledger.read { try $0.pods().count } == acknowledged + 1)
            try await ledger.close()
        }
    }

    private static var logger: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    /// 48 MiB of ext4, whose mount point goes away with its file.
    private func onSmallDisk(_ body: (String) async throws -> Void) async throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("berth-full-\(UUID().uuidString)").path
        let (image, mount) = ("\(root)/disk", "\(root)/mount")
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }  // left to the system's cleaner otherwise
        try await run("/usr/bin/truncate", "--size=48M", image)
        try await run("/usr/sbin/mkfs.ext4", "-q", "-m", "0", image)
        try await run("/usr/bin/mount", "-o", "loop", image, mount)
        do {
            try await body(mount)
        } catch {
            try await run("/usr/bin/umount", "--lazy", mount)
            throw error
        }
        try await run("/usr/bin/umount", mount)
    }

    private func fill(_ directory: String) throws {
        let file = try OwnedFileDescriptor(opening: "\(directory)/filler", flags: O_WRONLY | O_CREAT, mode: 0o600)
        for size in [64 << 10, 512] {
            let block = [UInt8](repeating: 7, count: size)
            while write(file.rawValue, block, size) == size {}
        }
        #expect(errno == ENOSPC)
    }

    private func run(_ program: String, _ arguments: String...) async throws {
        let outcome = try await ChildProcess(executable: program, arguments: arguments).run()
        #expect(outcome.succeeded, "\(program): \(String(decoding: outcome.standardError, as: UTF8.self))")
    }
}
