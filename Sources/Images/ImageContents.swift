import FoundationEssentials
import OCISpec

/// What is known of an image before its layers are unpacked, from a registry or an archive.
struct ImageContents: Sendable {
    /// As given by whoever asked for it.
    var subject: String
    var config: ImageConfig
    var configBytes: [UInt8]
    /// Documents that led to the configuration, to be kept beside it.
    var manifests: [Digest: [UInt8]]
    /// Canonical.
    var names: [String]
    var repoDigests: [String]
    /// What the manifest says of the layers; in a docker-save archive nothing but their number.
    var layers: [Descriptor?]

    /// - Throws: when the configuration is unreadable, is for another platform, or counts other layers than the manifest.
    init(
        subject: String, configBytes: [UInt8], layers: [Descriptor?], platform: Platform, manifests: [Digest: [UInt8]] = [:],
        names: [String] = [], repoDigests: [String] = []
    ) throws(ImageError) {
        config = try decode(ImageConfig.self, from: configBytes, subject: "the configuration of '\(subject)'")
        guard config.rootfs.diffIDs.count == layers.count else {
            throw .invalidDocument(
                "the configuration of '\(subject)'", detail: "it lists \(config.rootfs.diffIDs.count) layers, the manifest \(layers.count)")
        }
        guard config.platform.suitability(on: platform) != nil else {
            throw .noMatchingPlatform(subject, wanted: platform, offered: [config.platform])
        }
        for layer in layers {
            if let layer, !layer.mediaType.isLayer { throw .unsupportedMediaType(layer.mediaType.rawValue, subject: "layer \(layer.digest)") }
        }
        self.subject = subject
        self.configBytes = configBytes
        self.layers = layers
        self.manifests = manifests
        self.names = names
        self.repoDigests = repoDigests
    }

    var id: Digest { Digest(of: configBytes) }
}

func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8], subject: String) throws(ImageError) -> Value {
    do {
        return try JSONDecoder().decode(type, from: Data(bytes))
    } catch let error as DecodingError {
        throw .invalidDocument(subject, detail: error.summary)
    } catch {
        throw .invalidDocument(subject, detail: "\(error)")
    }
}

extension DecodingError {
    /// One line: where, and what.
    fileprivate var summary: String {
        let (context, problem): (Context, String) =
            switch self {
            case .keyNotFound(let key, let context): (context, "'\(key.stringValue)' is missing")
            case .valueNotFound(_, let context): (context, "a value is null")
            case .typeMismatch(let type, let context): (context, "not a \(type)")
            case .dataCorrupted(let context): (context, context.underlyingError.map { "\($0)" } ?? context.debugDescription)
            @unknown default: (Context(codingPath: [], debugDescription: ""), "\(self)")
            }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? problem : "\(path): \(problem)"
    }
}
