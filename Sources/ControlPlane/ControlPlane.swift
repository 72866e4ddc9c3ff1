package import HTTPServing
import Hummingbird
import KubeAPI
package import Logging
package import NIOCore
package import Sealing
import ServiceLifecycle

/// The embedded Kubernetes control plane of one node: API server, store and controllers in this process.
package struct ControlPlane: Sendable {
    package struct Configuration: Sendable {
        /// The SQLite file with all objects.
        package var databasePath: String
        /// Encrypts the Secrets in it.
        package var seal: MachineSeal
        /// The PEM key that signs service account tokens; made when missing.
        package var tokenKeyFile: String
        /// The same API on each.
        package var addresses: [ListenAddress]
        package var tls: ServerTLS
        /// Where pods reach the API; published as the `kubernetes` Service.
        package var advertised: (address: String, port: Int)
        /// Where Services get their `clusterIP` from.
        package var services: ServiceAddresses
        package var controllers: ControllerSettings

        package init(
            databasePath: String, seal: MachineSeal, tokenKeyFile: String, addresses: [ListenAddress], tls: ServerTLS, advertised: (address: String, port: Int),
            services: ServiceAddresses = .standard, controllers: ControllerSettings
        ) {
            self.databasePath = databasePath
            self.seal = seal
            self.tokenKeyFile = tokenKeyFile
            self.addresses = addresses
            self.tls = tls
            self.advertised = advertised
            self.services = services
            self.controllers = controllers
        }
    }

    /// The same API without HTTP.
    package let api: APIService
    private let server: APIServer
    private let configuration: Configuration
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger

    /// Opens the store. Nothing is served before ``run(onListening:)``.
    package init(configuration: Configuration, nodes: any NodeProxy, eventLoopGroup: any EventLoopGroup, logger: Logger) throws {
        let store = try ObjectStore(path: configuration.databasePath, seal: configuration.seal)
        api = APIService(store: store, admission: ObjectRules(objects: store, addresses: configuration.services))
        server = APIServer(api: api, tokens: try TokenIssuer(keyFile: configuration.tokenKeyFile), nodes: nodes)
        self.configuration = configuration
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
    }

    /// Serves until cancelled or shut down gracefully.
    ///
    /// - Parameter onListening: told each bound address, once the first objects are there.
    package func run(onListening: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }) async throws {
        try await Bootstrap.prepare(api, addresses: configuration.services, endpoint: configuration.advertised)
        let listeners = configuration.addresses.map { address in
            KubeHTTPServer(
                address: address, tls: configuration.tls, responder: server,
                upgrade: { await server.upgrade($0, $1) }, eventLoopGroup: eventLoopGroup, logger: logger, onListening: onListening)
        }
        let controllers = ControllerManager(api: api, settings: configuration.controllers, logger: logger)
        try await withThrowingTaskGroup { group in
            group.addTask { await controllers.run() }
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(60))
                    api.store.sendBookmarks()
                }
            }
            group.addTask {
                try await withGracefulShutdownHandler {
                    try await withThrowingDiscardingTaskGroup { group in
                        for listener in listeners { group.addTask { try await listener.run() } }
                    }
                } onGracefulShutdown: {
                    // Open watches would keep their connections, and so the server, for up to an hour.
                    api.store.endWatches()
                }
            }
            // The listeners end on shutdown; whoever ends first takes the others along.
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
