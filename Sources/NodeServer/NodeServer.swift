package import HTTPServing
import HTTPTypes
package import HummingbirdCore
package import Logging
package import NIOCore
package import NIOPosix
import ServiceLifecycle

/// The node API: on TLS for the API server and its clients, and on a root-only Unix socket for `berthctl`.
package struct NodeServer: Service {
    private let services: [any Service]
    private let routes: NodeRoutes
    private let streams: NodeStreams

    /// - Parameters:
    ///   - tls: nil leaves out the TCP listener.
    ///   - threads: for file reads.
    package init(
        address: ListenAddress, tls: ServerTLS?, localSocket: String, backend: any NodeBackend, reviewer: any AccessReviewer,
        eventLoopGroup: any EventLoopGroup, threads: NIOThreadPool, logger: Logger
    ) {
        let authorizer = RequestAuthorizer(reviewer: reviewer)
        let routes = NodeRoutes(backend: backend, authorizer: authorizer, threads: threads)
        let streams = NodeStreams(backend: backend, authorizer: authorizer, eventLoopGroup: eventLoopGroup, logger: logger)
        func server(_ address: ListenAddress, _ tls: ServerTLS?) -> KubeHTTPServer<NodeRoutes> {
            KubeHTTPServer(
                address: address, tls: tls, responder: routes, upgrade: streams.decide, eventLoopGroup: eventLoopGroup, logger: logger)
        }
        var services: [any Service] = [server(.unixSocket(path: localSocket), nil)]
        if let tls { services.append(server(address, tls)) }
        self.services = services
        self.routes = routes
        self.streams = streams
    }

    /// Answers a request that came another way, for instance from an API server in the same process.
    package func respond(to request: Request, _ context: KubeRequestContext) async -> Response {
        do {
            return try await routes.respond(to: request, context: context)
        } catch {
            return .text("\(error)\n", status: .internalServerError)
        }
    }

    /// The same for a request to leave HTTP.
    package func upgrade(_ upgrade: UpgradeRequest, _ context: KubeRequestContext) async -> UpgradeDecision {
        await streams.decide(upgrade, context)
    }

    /// Serves until cancelled. The first listener that fails stops the other, and throws `HTTPServingError`.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for service in services { group.addTask { try await service.run() } }
        }
    }
}
