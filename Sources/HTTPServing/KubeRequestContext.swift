package import Logging

/// What a responder knows beside the request itself.
package struct KubeRequestContext: Sendable {
    package let client: ClientIdentity
    /// The peer's IP address, or `local` on a Unix socket.
    package let remoteAddress: String
    package let logger: Logger

    package init(client: ClientIdentity, remoteAddress: String, logger: Logger) {
        self.client = client
        self.remoteAddress = remoteAddress
        self.logger = logger
    }
}
