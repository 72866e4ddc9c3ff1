import Crypto
import FoundationEssentials
import KubeAPI

/// Signs and checks service account tokens: JWTs with ES256. Source: RFC 7519, RFC 7515; Kubernetes TokenRequest.
package struct TokenIssuer: Sendable {
    static let issuer = "https://kubernetes.default.svc.cluster.local"
    private let key: P256.Signing.PrivateKey
    private let keyID: String

    /// - Parameter keyFile: a PEM private key; created with mode 0600 when there is none.
    package init(keyFile: String) throws {
        if let pem = FileManager.default.contents(atPath: keyFile) {
            key = try P256.Signing.PrivateKey(pemRepresentation: String(decoding: pem, as: UTF8.self))
        } else {
            key = P256.Signing.PrivateKey()
            let pem = Data(key.pemRepresentation.utf8)
            guard FileManager.default.createFile(atPath: keyFile, contents: pem, attributes: [.posixPermissions: 0o600]) else {
                throw StoreError.openFailed(path: keyFile, cause: "the key file cannot be created")
            }
        }
        keyID = Self.base64URL(Data(SHA256.hash(data: key.publicKey.derRepresentation)))
    }

    func issue(
        for account: JSONValue, audiences: [String], seconds: Int, boundTo object: JSONValue?, now: Date
    ) throws(APIError) -> (token: String, expiration: Timestamp) {
        let namespace = account.at("metadata", "namespace") ?? ""
        let name = account.at("metadata", "name") ?? ""
        let issued = Int(now.timeIntervalSince1970)
        var about: JSONValue = ["namespace": namespace, "serviceaccount": ["name": name, "uid": account.at("metadata", "uid") ?? ""]]
        if let object, let kind = object["kind"]?.string {
            about[kind.lowercased()] = ["name": object.at("metadata", "name") ?? "", "uid": object.at("metadata", "uid") ?? ""]
        }
        let claims: JSONValue = [
            "iss": .string(Self.issuer), "sub": .string("system:serviceaccount:\(namespace.string ?? ""):\(name.string ?? "")"),
            "aud": .array((audiences.isEmpty ? [Self.issuer] : audiences).map(JSONValue.string)), "iat": .int(issued), "nbf": .int(issued),
            "exp": .int(issued + seconds), "jti": .string(UUID().uuidString.lowercased()), "kubernetes.io": about,
        ]
        let header: JSONValue = ["alg": "ES256", "kid": .string(keyID), "typ": "JWT"]
        let signed = "\(Self.base64URL(Data(header.serialized()))).\(Self.base64URL(Data(claims.serialized())))"
        do {
            let signature = try key.signature(for: Data(signed.utf8))
            let expiration = Timestamp(Date(timeIntervalSince1970: Double(issued + seconds)))
            return ("\(signed).\(Self.base64URL(signature.rawRepresentation))", expiration)
        } catch {
            throw .internalError("signing a token: \(error)")
        }
    }

    /// The claims of a token that this issuer signed and that is valid now; nil for any other.
    func claims(of token: String, now: Date) -> JSONValue? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.json(parts[0]), header["alg"]?.string == "ES256", let claims = Self.json(parts[1]),
            let raw = Self.data(parts[2]), let signature = try? P256.Signing.ECDSASignature(rawRepresentation: raw),  // malformed: not ours
            key.publicKey.isValidSignature(signature, for: Data("\(parts[0]).\(parts[1])".utf8)),
            claims["iss"]?.string == Self.issuer, let expiry = claims["exp"]?.int, let start = claims["nbf"]?.int
        else { return nil }
        let seconds = Int(now.timeIntervalSince1970)
        return seconds < expiry && seconds >= start - 10 ? claims : nil
    }

    private static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func data(_ text: Substring) -> Data? {
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: standard + String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4))
    }

    private static func json(_ part: Substring) -> JSONValue? {
        data(part).flatMap { try? JSONValue(parsing: $0) }  // malformed: not ours
    }
}
