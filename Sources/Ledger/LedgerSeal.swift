import Crypto
import Foundation
import Glibc
import LinuxSystem

/// Encrypts what must not lie readable on the disk: AES-256-GCM, the key derived by HKDF-SHA256 from a random key file
/// and the machine's id. Source: RFC 5869, NIST SP 800-38D.
struct LedgerSeal: Sendable {
    private static let format: UInt8 = 1
    private let key: SymmetricKey

    init(secret: [UInt8], machineID: String) {
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), salt: Data(machineID.utf8), info: Data("berth ledger v1".utf8), outputByteCount: 32)
    }

    /// Reads the key file, or makes it: random, 0600, its directory 0700, both synced before anything is sealed with it.
    static func load(from location: LedgerLocation) throws(LedgerError) -> LedgerSeal {
        do throws(SystemCallError) {
            let machineID = try readIfPresent(location.machineID) ?? []
            var secret = try readIfPresent(location.keyFile)
            if secret == nil {
                try create(location.keyFile)
                secret = try readIfPresent(location.keyFile)
            }
            guard let secret, secret.count == 32 else {
                throw SystemCallError(call: "read", subject: location.keyFile, code: EINVAL)
            }
            let id = String(decoding: machineID, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            return LedgerSeal(secret: secret, machineID: id)
        } catch {
            throw .keyUnavailable(file: location.keyFile, reason: error.description)
        }
    }

    func close(_ plain: Data, context: String) throws -> Data {
        let box = try AES.GCM.seal(plain, using: key, authenticating: Data(context.utf8))
        guard let combined = box.combined else { throw LedgerError.unsealable(what: context) }
        return Data([Self.format]) + combined
    }

    func open(_ sealed: Data, context: String) throws -> Data {
        guard sealed.first == Self.format else { throw LedgerError.unsealable(what: context) }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst())
            return try AES.GCM.open(box, using: key, authenticating: Data(context.utf8))
        } catch {
            throw LedgerError.unsealable(what: context)
        }
    }

    private static func readIfPresent(_ path: String) throws(SystemCallError) -> [UInt8]? {
        do throws(SystemCallError) {
            return try SmallFile.bytes(path)
        } catch where error.code == ENOENT {
            return nil
        }
    }

    private static func create(_ path: String) throws(SystemCallError) {
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        do throws(SystemCallError) {
            try systemCall("mkdir", on: directory) { mkdir(directory, 0o700) }
        } catch where error.code == EEXIST {}
        try DurableFile.write(SymmetricKey(size: .bits256).withUnsafeBytes { [UInt8]($0) }, to: path, mode: 0o600)
    }
}
