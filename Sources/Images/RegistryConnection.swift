import AsyncHTTPClient
import Glibc
import LinuxSystem
import NIOCore
import NIOHTTP1
import NIOSSL
import OCISpec

/// One pull's conversation with its registry. Ends with the pull, so that an idle node keeps neither connections nor trust
/// roots in memory. Source: OCI distribution spec v1.1, "Pull".
actor RegistryConnection {
    private let reference: ImageReference
    private let configuration: RegistryConfiguration
    private let http: HTTPClient
    private let authorizer: RegistryAuthorizer
    private let host: String
    /// `https`, until an insecure registry turns out not to speak it.
    private var scheme: String?
    private var authorization: String?
    /// How long the registry asked to be left alone.
    private var retryAfter: Duration?

    init(for reference: ImageReference, credentials: RegistryCredentials?, configuration: RegistryConfiguration) {
        self.reference = reference
        self.configuration = configuration
        host = RegistryConfiguration.endpoint(of: reference.registry)
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.additionalTrustRoots = configuration.certificateAuthorities.map { .file($0) }
        if configuration.isInsecure(reference.registry) { tls.certificateVerification = .none }
        var client = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .follow(max: 5, allowCycles: false),
            timeout: .init(connect: .seconds(10), read: .seconds(60)), decompression: .disabled)
        client.httpVersion = .http1Only
        client.connectionPool.retryConnectionEstablishment = false
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: client)
        authorizer = RegistryAuthorizer(reference: reference, credentials: credentials, configuration: configuration, http: http)
    }

    func shutDown() async {
        // Fails only when called twice, or with requests under way, which the pull has waited for.
        try? await http.shutdown()
    }

    // MARK: Documents

    /// The manifest or index the reference stands for, and its media type as the registry gives it.
    func manifest() async throws(ImageError) -> (bytes: [UInt8], type: MediaType?) {
        let (bytes, type) = try await document("manifests/\(reference.manifestReference)", limit: ManifestDocument.maximumSize)
        if let expected = reference.digest {
            let actual = Digest(of: bytes)
            guard actual == expected else { throw .digestMismatch(subject: "the manifest of '\(reference)'", expected: expected, actual: actual) }
        }
        return (bytes, type)
    }

    /// A manifest by its descriptor.
    func manifest(_ descriptor: Descriptor) async throws(ImageError) -> [UInt8] {
        let (bytes, _) = try await document("manifests/\(descriptor.digest)", limit: ManifestDocument.maximumSize)
        return try verified(bytes, against: descriptor, "manifest \(descriptor.digest)")
    }

    func config(_ descriptor: Descriptor) async throws(ImageError) -> [UInt8] {
        let (bytes, _) = try await document("blobs/\(descriptor.digest)", limit: ManifestDocument.maximumConfigSize)
        return try verified(bytes, against: descriptor, "configuration \(descriptor.digest)")
    }

    private func verified(_ bytes: [UInt8], against descriptor: Descriptor, _ subject: String) throws(ImageError) -> [UInt8] {
        var hash = ContentHash()
        bytes.withUnsafeBytes { hash.update($0) }
        try hash.verify("\(subject) of '\(reference)'", digest: descriptor.digest, size: descriptor.size)
        return bytes
    }

    private func document(_ path: String, limit: Int) async throws(ImageError) -> (bytes: [UInt8], type: MediaType?) {
        var failures = 0
        while true {
            do throws(ImageError) {
                let response = try await get(path)
                do {
                    let body = try await response.body.collect(upTo: limit)
                    let type = response.headers.first(name: "Content-Type")?.prefix { $0 != ";" }
                    return (Array(buffer: body), type.map { MediaType(rawValue: String($0)) })
                } catch is NIOTooManyBytesError {
                    throw ImageError.invalidDocument("\(path) of '\(reference)'", detail: "it is larger than \(limit) bytes")
                } catch {
                    throw ImageError(transport: error, to: host, subject: "\(reference)")
                }
            } catch {
                failures += 1
                try await wait(after: error, failures: failures)
            }
        }
    }

    // MARK: Blobs

    /// Fetches a blob into a new file at `path`. What has arrived is kept over a broken connection, and fetched no second time.
    func fetch(_ blob: Descriptor, to path: String, progress: @Sendable (Int) -> Void) async throws(ImageError) {
        let file: OwnedFileDescriptor
        do { file = try OwnedFileDescriptor(opening: path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600) } catch { throw ImageError(error, in: path) }
        var hash = ContentHash()
        var failures = 0
        while hash.byteCount < blob.size {
            let start = hash.byteCount
            do throws(ImageError) {
                try await append(blob, to: file.rawValue, named: path, &hash, progress)
            } catch {
                failures = hash.byteCount > start ? 1 : failures + 1
                try await wait(after: error, failures: failures)
            }
        }
        try hash.verify("layer \(blob.digest) of '\(reference)'", digest: blob.digest, size: blob.size)
    }

    private func append(
        _ blob: Descriptor, to file: CInt, named path: String, _ hash: inout ContentHash, _ progress: (Int) -> Void
    ) async throws(ImageError) {
        let response = try await get("blobs/\(blob.digest)", from: hash.byteCount)
        if hash.byteCount > 0, response.status != .partialContent {
            // The server does not do ranges: all of it again.
            guard ftruncate(file, 0) == 0, lseek(file, 0, SEEK_SET) == 0 else { throw .system(SystemCallError(call: "ftruncate", subject: path, code: errno)) }
            hash = ContentHash()
        }
        do {
            for try await buffer in response.body {
                try buffer.withUnsafeReadableBytes { bytes in
                    hash.update(bytes)
                    if hash.byteCount > blob.size {
                        throw ImageError.sizeMismatch(subject: "layer \(blob.digest) of '\(reference)'", expected: blob.size, actual: hash.byteCount)
                    }
                    do throws(SystemCallError) {
                        try DurableFile.writeAll(bytes, to: file, named: path)
                    } catch {
                        throw ImageError(error, in: path)
                    }
                }
                progress(hash.byteCount)
            }
        } catch {
            throw ImageError(transport: error, to: host, subject: "\(reference)")
        }
        if hash.byteCount < blob.size { throw .registryUnreachable(host, detail: "it sent \(hash.byteCount) of \(blob.size) bytes of \(blob.digest)") }
    }

    // MARK: Requests

    private func get(_ path: String, from offset: Int = 0) async throws(ImageError) -> HTTPClientResponse {
        let scheme = try await settledScheme()
        var hasAnsweredChallenge = false
        while true {
            var request = HTTPClientRequest(url: "\(scheme)://\(host)/v2/\(reference.repository)/\(path)")
            request.headers.add(name: "User-Agent", value: "berth")
            if path.hasPrefix("manifests/") {
                for type in [MediaType.imageIndex, .imageManifest, .dockerManifestList, .dockerManifest] {
                    request.headers.add(name: "Accept", value: type.rawValue)
                }
            }
            if offset > 0 { request.headers.add(name: "Range", value: "bytes=\(offset)-") }
            if let authorization { request.headers.add(name: "Authorization", value: authorization) }
            let sent = authorization
            let response = try await execute(request)
            switch response.status.code {
            case 200: return response
            case 206 where offset > 0:
                guard response.headers.first(name: "Content-Range")?.hasPrefix("bytes \(offset)-") ?? false else {
                    throw .registryRefused("\(reference)", registry: host, status: 206, detail: "it sent another range than it was asked for")
                }
                return response
            case 401 where !hasAnsweredChallenge:
                hasAnsweredChallenge = true
                // Another request may have been given a token meanwhile.
                if authorization == sent {
                    authorization = try await authorizer.header(
                        answering: response.headers["WWW-Authenticate"].flatMap(AuthenticationChallenge.parse))
                }
            case 401, 403: throw authorizer.denied(await Self.detail(of: response))
            case 404: throw .notInRegistry("\(reference)")
            default:
                retryAfter = response.headers.first(name: "Retry-After").flatMap { Int($0) }.map { .seconds(min(max($0, 1), 30)) }
                throw .registryRefused("\(reference)", registry: host, status: Int(response.status.code), detail: await Self.detail(of: response))
            }
        }
    }

    private func execute(_ request: HTTPClientRequest) async throws(ImageError) -> HTTPClientResponse {
        do {
            return try await http.execute(request, timeout: .seconds(60))
        } catch {
            throw ImageError(transport: error, to: host, subject: "\(reference)")
        }
    }

    /// TLS, unless the registry is one that may go without, and does.
    private func settledScheme() async throws(ImageError) -> String {
        if let scheme { return scheme }
        guard configuration.isInsecure(reference.registry) else {
            scheme = "https"
            return "https"
        }
        do throws(ImageError) {
            _ = try await execute(HTTPClientRequest(url: "https://\(host)/v2/"))
            scheme = "https"
        } catch {
            guard case .registryUnreachable = error else { throw error }
            scheme = scheme ?? "http"
        }
        return scheme ?? "http"
    }

    private struct Refusal: Decodable {
        var errors: [Entry]
        struct Entry: Decodable {
            var code: String?
            var message: String?
        }
    }

    /// What the registry says about it, on one line.
    private static func detail(of response: HTTPClientResponse) async -> String {
        // A refusal without a readable reason is a refusal all the same.
        guard let body = try? await response.body.collect(upTo: 16 << 10),
            let refusal = try? decode(Refusal.self, from: Array(buffer: body), subject: ""), let first = refusal.errors.first
        else { return "" }
        return [first.code, first.message].compactMap(\.self).joined(separator: ": ").replacing("\n", with: " ")
    }

    /// Returns when it is time for another try; throws `error` when there is none.
    private func wait(after error: ImageError, failures: Int) async throws(ImageError) {
        if case .diskFull = error { throw error }
        guard error.isTransient, failures < configuration.attempts else { throw error }
        let delay = retryAfter ?? .milliseconds(200 << failures)
        retryAfter = nil
        do { try await Task.sleep(for: delay) } catch { throw .cancelled("\(reference)") }
    }
}
