/// What a server grants a peer before, between and beside its requests. None of it touches an answer under way: a watch, a
/// followed log or an upgraded connection may take as long as it likes.
package struct ConnectionLimits: Hashable, Sendable {
    /// From the accepted connection to the end of its TLS handshake.
    package var handshake = Duration.seconds(10)
    /// From there to the end of the first request's header.
    package var header = Duration.seconds(10)
    /// From a request's header to the end of its body.
    package var body = Duration.seconds(60)
    /// From an answer to the header of the next request. Above the 90 s after which Go's HTTP client and Berth's own give up an
    /// idle connection, so that no request meets a connection that is just being closed.
    package var idle = Duration.seconds(120)
    /// At once, of one server.
    package var connections = 4096
    /// At once, from one address that is not this machine's loopback, where the node's own clients are.
    package var connectionsPerAddress = 256

    package init() {}

    func time(for wait: RequestProgress.Wait) -> Duration {
        switch wait {
        case .handshake: handshake
        case .header: header
        case .body: body
        case .idle: idle
        }
    }
}
