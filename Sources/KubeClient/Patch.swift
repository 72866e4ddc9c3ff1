import FoundationEssentials

/// The body of a PATCH in one of the four forms an API server reads. Source: Kubernetes API concepts, "Updates to resources".
package struct Patch: Sendable, Hashable {
    package var format: Format
    /// JSON.
    package var body: [UInt8]

    package enum Format: String, Sendable, Hashable {
        case strategicMerge = "application/strategic-merge-patch+json"
        case merge = "application/merge-patch+json"
        case json = "application/json-patch+json"
        case apply = "application/apply-patch+yaml"
    }

    package init(_ format: Format, body: [UInt8]) {
        self.format = format
        self.body = body
    }

    /// - Throws: what `JSONEncoder` throws, for instance for a number that JSON cannot say.
    package init(_ format: Format, encoding value: some Encodable) throws {
        self.init(format, body: [UInt8](try JSONEncoder().encode(value)))
    }
}
