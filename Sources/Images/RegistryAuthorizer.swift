import AsyncHTTPClient
import FoundationEssentials
import LinuxSystem
import NIOCore
import NIOHTTP1
import NIOPosix

/// Turns a registry's challenge into an `Authorization` header.
/// Source: distribution spec, "Token Authentication" and "OAuth2 Token Authentication"; RFC 7617.
struct RegistryAuthorizer: Sendable {
    let reference: ImageReference
    let credentials: RegistryCredentials?
    let configuration: RegistryConfiguration
    let http: HTTPClient

    private struct TokenAnswer: Decodable {
        var token: String?
        var accessToken: String?
        enum CodingKeys: String, CodingKey { case token, accessToken = "access_token" }
    }

    func header(answering challenges: [AuthenticationChallenge]) async throws(ImageError) -> String {
        if let challenge = challenges.first(where: { $0.scheme == "bearer" }) {
            if let token = credentials?.registryToken { return "Bearer \(token)" }
            return "Bearer \(try await token(for: challenge.parameters))"
        }
        guard challenges.contains(where: { $0.scheme == "basic" }) else {
            throw denied("it asks for an unknown kind of authentication")
        }
        guard let basic else { throw denied("") }
        return basic
    }

    func denied(_ detail: String) -> ImageError {
        .unauthorized("\(reference)", registry: reference.registry, hadCredentials: credentials != nil, detail: detail)
    }

    private var basic: String? {
        guard let credentials, !credentials.username.isEmpty else { return nil }
        return "Basic " + Data("\(credentials.username):\(credentials.password)".utf8).base64EncodedString()
    }

    private func token(for parameters: [String: String]) async throws(ImageError) -> String {
        guard let realm = parameters["realm"], let url = URL(string: realm), let host = url.host else {
            throw denied("it names no token server")
        }
        let authority = url.port.map { "\(host):\($0)" } ?? host
        guard url.scheme == "https" || url.scheme == "http" && configuration.isInsecure(authority) else {
            throw .insecureRegistry(authority, detail: "it is the token server of \(reference.registry)")
        }
        let form = Self.form([
            ("service", parameters["service"]), ("scope", parameters["scope"] ?? "repository:\(reference.repository):pull"),
            ("client_id", "berth"),
        ])
        var request: HTTPClientRequest
        if let refresh = credentials?.identityToken {
            request = HTTPClientRequest(url: realm)
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            request.body = .bytes(Array(form.utf8) + Array("&".utf8) + Array(Self.form([("grant_type", "refresh_token"), ("refresh_token", refresh)]).utf8))
        } else {
            request = HTTPClientRequest(url: realm + (realm.contains("?") ? "&" : "?") + form)
            if let basic { request.headers.add(name: "Authorization", value: basic) }
        }
        request.headers.add(name: "User-Agent", value: "berth")
        let (status, body) = try await answer(to: request, from: authority)
        switch status {
        case 200: break
        case 400...403: throw denied("its token server answered \(status)")
        default: throw .registryRefused("\(reference)", registry: authority, status: status, detail: "it is the token server")
        }
        let answer = try decode(TokenAnswer.self, from: body, subject: "the answer of token server \(authority)")
        guard let token = answer.token ?? answer.accessToken, !token.isEmpty else { throw denied("its token server gave no token") }
        return token
    }

    private func answer(to request: HTTPClientRequest, from host: String) async throws(ImageError) -> (status: Int, body: [UInt8]) {
        do {
            let response = try await http.execute(request, timeout: .seconds(30))
            let body = try await response.body.collect(upTo: 1 << 20)
            return (Int(response.status.code), Array(buffer: body))
        } catch {
            throw ImageError(transport: error, to: host, subject: "\(reference)")
        }
    }

    /// `application/x-www-form-urlencoded`, leaving out what has no value.
    static func form(_ pairs: [(String, String?)]) -> String {
        pairs.compactMap { name, value in value.map { "\(name)=\(escaped($0))" } }.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { result, byte in
            let character = Character(UnicodeScalar(byte))
            if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) {
                result.append(character)
            } else {
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}

extension ImageError {
    /// What went wrong below HTTP.
    init(transport error: any Error, to host: String, subject: String) {
        if let error = error as? ImageError {
            self = error
        } else if error is CancellationError || (error as? HTTPClientError) == .cancelled {
            self = .cancelled(subject)
        } else if let error = error as? NIOConnectionError {
            if let cause = error.connectionErrors.first?.error {
                self.init(transport: cause, to: host, subject: subject)
            } else {
                self = .registryUnreachable(host, detail: "no address for \(error.host)")
            }
        } else if let error = error as? IOError {
            self = .registryUnreachable(host, detail: SystemCallError.text(of: error.errnoCode))
        } else {
            self = .registryUnreachable(host, detail: "\(error)")
        }
    }
}
