import FoundationEssentials
import Yams

/// The file format of `kubectl config`. Source: Kubernetes reference, kubeconfig (v1).
struct Kubeconfig: Decodable {
    var currentContext: String?
    var clusters: [Named<Cluster>]?
    var users: [Named<User>]?
    var contexts: [Named<Context>]?

    enum CodingKeys: String, CodingKey {
        case clusters, users, contexts, currentContext = "current-context"
    }

    /// Entries are lists of `{name, <kind>: {…}}`.
    struct Named<Value: Decodable & KubeconfigEntry>: Decodable {
        var name: String
        var value: Value

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: AnyKey.self)
            name = try container.decode(String.self, forKey: AnyKey("name"))
            value = try container.decode(Value.self, forKey: AnyKey(Value.key))
        }
    }

    struct Cluster: Decodable, KubeconfigEntry {
        static let key = "cluster"
        var server: String?
        var authority: String?
        var authorityData: String?
        var insecure: Bool?
        enum CodingKeys: String, CodingKey {
            case server, authority = "certificate-authority", authorityData = "certificate-authority-data"
            case insecure = "insecure-skip-tls-verify"
        }
    }

    struct User: Decodable, KubeconfigEntry {
        static let key = "user"
        var certificate: String?
        var certificateData: String?
        var key: String?
        var keyData: String?
        var token: String?
        var tokenFile: String?
        enum CodingKeys: String, CodingKey {
            case certificate = "client-certificate", certificateData = "client-certificate-data", key = "client-key"
            case keyData = "client-key-data", token, tokenFile
        }
    }

    struct Context: Decodable, KubeconfigEntry {
        static let key = "context"
        var cluster: String
        var user: String?
        var namespace: String?
    }

    struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

protocol KubeconfigEntry {
    static var key: String { get }
}

extension KubeConfiguration {
    /// Reads a kubeconfig file.
    ///
    /// - Parameter context: the context to use; nil for `current-context`.
    package init(kubeconfig path: String, context: String? = nil) throws(KubeClientError) {
        let text: String
        do {
            text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        } catch {
            throw .configuration(file: path, field: "the file", problem: "cannot be read: \(Self.reason(of: error))")
        }
        try self.init(kubeconfigText: text, file: path, context: context)
    }

    /// - Parameter file: for messages; relative paths inside the kubeconfig are resolved against its directory.
    package init(kubeconfigText text: String, file: String, context wanted: String? = nil) throws(KubeClientError) {
        let document: Kubeconfig
        do {
            document = try YAMLDecoder().decode(Kubeconfig.self, from: text)
        } catch let error as DecodingError {
            throw .configuration(file: file, field: Self.path(of: error), problem: Self.reason(of: error))
        } catch {
            throw .configuration(file: file, field: "the document", problem: "\(error)")
        }

        let reader = KubeconfigReader(file: file)
        guard let contextName = wanted ?? document.currentContext, !contextName.isEmpty else {
            throw .configuration(file: file, field: "current-context", problem: "is missing")
        }
        let context = try reader.entry(contextName, in: document.contexts, named: "contexts", from: "current-context")
        let cluster = try reader.entry(context.cluster, in: document.clusters, named: "clusters", from: "contexts[\(contextName)].cluster")
        let clusterField = "clusters[\(context.cluster)]"

        guard let server = cluster.server, let url = URL(string: server), let scheme = url.scheme, url.host != nil,
            scheme == "https" || scheme == "http"
        else {
            throw .configuration(file: file, field: "\(clusterField).server", problem: "'\(cluster.server ?? "")' is not an http or https URL")
        }
        let authorities = try reader.bytes(data: cluster.authorityData, path: cluster.authority, field: "\(clusterField).certificate-authority")
        let trust: Trust =
            if cluster.insecure == true { .anyone } else if let authorities { .authorities(pem: authorities) } else { .system }

        var certificate: ClientCertificate?
        var token: BearerToken?
        if let userName = context.user, !userName.isEmpty {
            let user = try reader.entry(userName, in: document.users, named: "users", from: "contexts[\(contextName)].user")
            let field = "users[\(userName)]"
            let chain = try reader.bytes(data: user.certificateData, path: user.certificate, field: "\(field).client-certificate")
            let key = try reader.bytes(data: user.keyData, path: user.key, field: "\(field).client-key")
            switch (chain, key) {
            case (let chain?, let key?): certificate = ClientCertificate(chain: chain, key: key)
            case (_?, nil): throw .configuration(file: file, field: "\(field).client-key", problem: "is missing beside client-certificate")
            case (nil, _?): throw .configuration(file: file, field: "\(field).client-certificate", problem: "is missing beside client-key")
            case (nil, nil): break
            }
            if let tokenFile = user.tokenFile, !tokenFile.isEmpty {
                token = .file(reader.absolute(tokenFile))
            } else if let value = user.token, !value.isEmpty {
                token = .value(value)
            }
        }
        let namespace = context.namespace ?? ""
        self.init(
            server: server.hasSuffix("/") ? String(server.dropLast()) : server, trust: trust, clientCertificate: certificate,
            token: token, namespace: namespace.isEmpty ? "default" : namespace)
    }

    private static func path(of error: DecodingError) -> String {
        let (context, last): (DecodingError.Context, (any CodingKey)?) =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): (context, nil)
            case .keyNotFound(let key, let context): (context, key)
            @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), nil)
            }
        let path = (context.codingPath + [last].compactMap(\.self)).reduce(into: "") { path, key in
            path += key.intValue.map { "[\($0)]" } ?? (path.isEmpty ? key.stringValue : ".\(key.stringValue)")
        }
        return path.isEmpty ? "the document" : path
    }

    private static func reason(of error: any Error) -> String {
        switch error as? DecodingError {
        case .typeMismatch(_, let context)?, .valueNotFound(_, let context)?, .dataCorrupted(let context)?: context.debugDescription
        case .keyNotFound?: "is missing"
        default: "\(error)"
        }
    }
}

/// Looks things up in one kubeconfig, and says where they are missing.
private struct KubeconfigReader {
    let file: String

    func entry<Value>(_ name: String, in list: [Kubeconfig.Named<Value>]?, named field: String, from origin: String) throws(KubeClientError) -> Value {
        guard let entry = list?.first(where: { $0.name == name }) else {
            throw .configuration(file: file, field: origin, problem: "names '\(name)', which is not in \(field)")
        }
        return entry.value
    }

    /// Inline data wins over a file, as in client-go.
    func bytes(data: String?, path: String?, field: String) throws(KubeClientError) -> [UInt8]? {
        if let data, !data.isEmpty {
            guard let bytes = Data(base64Encoded: data, options: .ignoreUnknownCharacters) else {
                throw .configuration(file: file, field: "\(field)-data", problem: "is not base64")
            }
            return [UInt8](bytes)
        }
        guard let path, !path.isEmpty else { return nil }
        do {
            return [UInt8](try Data(contentsOf: URL(filePath: absolute(path))))
        } catch {
            throw .configuration(file: file, field: field, problem: "\(absolute(path)) cannot be read")
        }
    }

    func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        return URL(filePath: file).deletingLastPathComponent().appending(path: path).path
    }
}
