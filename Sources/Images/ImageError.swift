import KubeAPI
package import LinuxSystem
package import OCISpec

/// What can go wrong with an image. Whatever it is, nothing half made remains in the store.
package enum ImageError: ActionableError {
    case invalidReference(String, reason: String)
    /// Not in the store.
    case notStored(String)
    case ambiguous(String, matches: [String])
    /// The registry has no such repository, tag or digest, or does not tell us.
    case notInRegistry(String)
    case unauthorized(String, registry: String, hadCredentials: Bool, detail: String)
    case registryUnreachable(String, detail: String)
    case registryRefused(String, registry: String, status: Int, detail: String)
    case insecureRegistry(String, detail: String)
    case digestMismatch(subject: String, expected: Digest, actual: Digest)
    case sizeMismatch(subject: String, expected: Int, actual: Int)
    case corruptArchive(String, detail: String)
    /// An archive entry that would leave its root, or otherwise do what no image needs.
    case unsafeEntry(archive: String, entry: String, reason: String)
    case invalidDocument(String, detail: String)
    case unsupportedMediaType(String, subject: String)
    case noMatchingPlatform(String, wanted: Platform, offered: [Platform])
    case diskFull(String)
    /// A container stands on the image.
    case inUse(String)
    case storeInUse(String)
    case system(SystemCallError)
    case cancelled(String)

    package var description: String {
        switch self {
        case .invalidReference(let text, let reason): "invalid image reference '\(text)': \(reason)"
        case .notStored(let name): "no image '\(name)' on this node"
        case .ambiguous(let name, let matches): "'\(name)' could be any of \(matches.joined(separator: ", "))"
        case .notInRegistry(let name): "image '\(name)' not found in its registry"
        case .unauthorized(let name, let registry, let hadCredentials, let detail):
            "\(registry) denies access to '\(name)' \(hadCredentials ? "with the credentials given" : "without credentials")"
                + (detail.isEmpty ? "" : ": \(detail)")
        case .registryUnreachable(let registry, let detail): "registry \(registry) cannot be reached: \(detail)"
        case .registryRefused(let name, let registry, let status, let detail):
            "registry \(registry) answered \(status) for '\(name)'" + (detail.isEmpty ? "" : ": \(detail)")
        case .insecureRegistry(let host, let detail): "refusing plain HTTP to \(host): \(detail)"
        case .digestMismatch(let subject, let expected, let actual): "\(subject) has digest \(actual), expected \(expected)"
        case .sizeMismatch(let subject, let expected, let actual): "\(subject) is \(actual) bytes long, expected \(expected)"
        case .corruptArchive(let path, let detail): "\(path) is damaged or no image archive: \(detail)"
        case .unsafeEntry(let archive, let entry, let reason): "\(archive) contains the unsafe entry '\(entry)': \(reason)"
        case .invalidDocument(let subject, let detail): "\(subject) cannot be read: \(detail)"
        case .unsupportedMediaType(let type, let subject): "\(subject) has the unsupported media type '\(type)'"
        case .noMatchingPlatform(let name, let wanted, let offered):
            "'\(name)' has nothing for \(wanted)" + (offered.isEmpty ? "" : ", only \(offered.map(\.description).joined(separator: ", "))")
        case .diskFull(let path): "no space left below \(path)"
        case .inUse(let name): "image '\(name)' is in use by a container"
        case .storeInUse(let root): "the image store \(root) is in use by another process"
        case .system(let error): "\(error)"
        case .cancelled(let name): "'\(name)' was cancelled"
        }
    }

    package var remedy: String? {
        switch self {
        case .invalidReference: "write it as [registry/]repository[:tag][@sha256:digest]"
        case .notStored: "list what is here with 'berthctl images', or fetch it with 'berthctl image pull'"
        case .ambiguous: "give more digits of the id, or a name"
        case .notInRegistry: "check the spelling of the name and tag; a private repository also looks like this without credentials"
        case .unauthorized(_, _, let hadCredentials, _):
            hadCredentials ? "check the registry secret" : "name a registry secret in imagePullSecrets, or add the registry to the node's config.json"
        case .registryUnreachable: "check the registry's name, DNS and the network"
        case .registryRefused(_, _, let status, _): status >= 500 || status == 429 ? "try again later" : nil
        case .insecureRegistry: "list the registry as insecure in the node's configuration if it really has no TLS"
        case .digestMismatch, .sizeMismatch: "do not use this image; push it again, or have the registry's storage checked"
        case .corruptArchive: "fetch or export the archive again; OCI layouts and docker-save archives are understood"
        case .unsafeEntry: "do not use this image; have whoever built it look at that entry"
        case .unsupportedMediaType: "build the image as an OCI or Docker schema 2 image with tar, gzip or zstd layers"
        case .noMatchingPlatform(_, let wanted, _): "build or choose an image for \(wanted)"
        case .diskFull: "free space, for instance by removing unused images"
        case .inUse: "delete the pods that use it first"
        case .storeInUse: "stop the other berthd, or give this one another --root-dir"
        case .invalidDocument, .system, .cancelled: nil
        }
    }

    /// Whether the same request may succeed a little later.
    package var isTransient: Bool {
        switch self {
        case .registryUnreachable, .diskFull: true
        case .registryRefused(_, _, let status, _): status >= 500 || status == 429 || status == 408
        default: false
        }
    }

    /// A failed system call; a full disk is told apart, because there is something to be done about it.
    init(_ error: SystemCallError, in directory: String) {
        self = error.isNoSpace ? .diskFull(directory) : .system(error)
    }
}
