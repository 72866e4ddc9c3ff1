/// Which dialect of the channel protocols a WebSocket client and this server share.
/// Source: Kubernetes `remotecommand` constants; KEP-4006.
package struct ChannelProtocol: Hashable, Sendable {
    /// Payloads are base64 text frames instead of binary frames.
    package let isBase64: Bool
    /// 0 when the client named none, or the unversioned `channel.k8s.io`.
    package let version: Int
    /// Echoed in the 101; nil when the client named none.
    package let name: String?

    package var closesStreams: Bool { version >= 5 }
    /// From version 4 on, the error channel carries a `metav1.Status` in JSON; before, it carries text.
    package var hasStatus: Bool { version >= 4 }

    /// The best of what the client offers, nil when nothing fits.
    package static func negotiate(offered: [String]) -> ChannelProtocol? {
        if offered.isEmpty || offered == [""] { return ChannelProtocol(isBase64: false, version: 0, name: nil) }
        let known: [(String, Bool, Int)] = [
            ("v5.channel.k8s.io", false, 5), ("v4.channel.k8s.io", false, 4), ("v4.base64.channel.k8s.io", true, 4),
            ("channel.k8s.io", false, 0), ("base64.channel.k8s.io", true, 0),
        ]
        for (name, isBase64, version) in known where offered.contains(name) {
            return ChannelProtocol(isBase64: isBase64, version: version, name: name)
        }
        return nil
    }
}

/// Channel numbers of exec and attach.
package enum RemoteChannel: UInt8, Sendable, CaseIterable {
    case stdin = 0
    case stdout = 1
    case stderr = 2
    case error = 3
    case resize = 4
    /// Version 5: the payload's first byte names the stream that ends.
    case close = 255
}
