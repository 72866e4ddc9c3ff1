import Crypto
package import FoundationEssentials
import Glibc
import LinuxSystem

/// Encrypts what must not lie readable on the disk: AES-256-GCM, the key derived by HKDF-SHA256 from a random key file
/// and the machine's id. Source: RFC 5869, NIST SP 800-38D.
package struct MachineSeal: Sendable {
    /// The first byte of everything sealed; no JSON text begins with it.
    package static let format: UInt8 = 1
    private let key: SymmetricKey

    /// - Parameters:
    ///   - secret: 32 random bytes.
    ///   - purpose: what is sealed for one purpose does not open for another.
    package init(secret: [UInt8], machineID: String, purpose: String) {
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), salt: Data(machineID.utf8), info: Data(purpose.utf8), outputByteCount: 32)
    }

    /// Reads the key file, or makes it: random, 0600, its directory 0700, both synced before anything is sealed with it.
    ///
    /// - Parameter machineID: a file whose first word is mixed into the key, so that a copied disk image alone opens nothing
    ///   elsewhere. Source: machine-id(5).
    package init(keyFile: String, machineID: String, purpose: String) throws(SealError) {
        do throws(SystemCallError) {
            let id = String(decoding: try Self.readIfPresent(machineID) ?? [], as: UTF8.self)
            var secret = try Self.readIfPresent(keyFile)
            if secret == nil {
                try Self.create(keyFile)
                secret = try Self.readIfPresent(keyFile)
            }
            guard let secret, secret.count == 32 else { throw SystemCallError(call: "read", subject: keyFile, code: EINVAL) }
            self.init(secret: secret, machineID: id.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? "", purpose: purpose)
        } catch {
            throw .keyUnavailable(file: keyFile, reason: error.description)
        }
    }

    /// - Parameter context: says what this is; it opens under the same context only, so that rows cannot be exchanged.
    package func close(_ plain: Data, context: String) throws(SealError) -> Data {
        do {
            guard let combined = try AES.GCM.seal(plain, using: key, authenticating: Data(context.utf8)).combined else {
                throw SealError.unsealable(what: context)
            }
            return Data([Self.format]) + combined
        } catch {
            throw .unsealable(what: context)
        }
    }

    package func open(_ sealed: Data, context: String) throws(SealError) -> Data {
        guard sealed.first == Self.format else { throw .unsealable(what: context) }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst())
            return try AES.GCM.open(box, using: key, authenticating: Data(context.utf8))
        } catch {
            throw .unsealable(what: context)
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
