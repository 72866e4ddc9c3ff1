package import KubeAPI

/// Where an object or a collection is found on an API server.
package struct ResourcePath: Hashable, Sendable, CustomStringConvertible {
    /// Absolute and percent-encoded, without a query.
    package let description: String

    /// - Parameter namespace: nil or empty for cluster-scoped resources, and for a collection across all namespaces.
    package init<Object: KubeObject>(_ type: Object.Type, namespace: String?, name: String? = nil, subresource: String? = nil) {
        var path = Object.apiRoot
        if Object.isNamespaced, let namespace, !namespace.isEmpty { path += "/namespaces/\(Self.encoded(namespace))" }
        path += "/\(Object.resource)"
        if let name { path += "/\(Self.encoded(name))" }
        if let subresource { path += "/\(subresource)" }
        description = path
    }

    package init(raw path: String) { description = path }

    /// Keeps only RFC 3986's unreserved characters.
    package static func encoded(_ text: some StringProtocol) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                result += "%" + (hex.count == 1 ? "0" + hex : hex)
            }
        }
        return result
    }
}

/// Which objects of a collection are meant.
package struct ObjectSelector: Hashable, Sendable {
    /// `metadata.name=web-0` or `spec.nodeName=node1`; empty for all.
    package var field: String
    package var label: String

    package init(field: String = "", label: String = "") {
        self.field = field
        self.label = label
    }

    package static let all = ObjectSelector()
    package static func named(_ name: String) -> ObjectSelector { ObjectSelector(field: "metadata.name=\(name)") }

    var query: [(String, String)] {
        (field.isEmpty ? [] : [("fieldSelector", field)]) + (label.isEmpty ? [] : [("labelSelector", label)])
    }
}
