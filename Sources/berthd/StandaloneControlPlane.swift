import ControlPlane
import HTTPServing
import Hummingbird
import HTTPTypes
import Logging
import NIOPosix
import NodeServer
import PodPlanning
import ServiceLifecycle

/// The embedded control plane as one of the daemon's services.
struct StandaloneControlPlane: Service {
    private let plane: ControlPlane
    private let logger: Logger

    /// - Parameter node: this node's API, which `kubectl logs` and `kubectl exec` reach without leaving the process.
    init(options: NodeOptions, environment: NodeEnvironment, identity: StandaloneIdentity, node: NodeServer, gateway: String, logger: Logger) throws {
        let paths = environment.paths
        let isReachable = ["0.0.0.0", "::"].contains(options.bindAddress)
        plane = try ControlPlane(
            configuration: .init(
                databasePath: paths.controlPlaneDatabase, tokenKeyFile: "\(paths.state)/pki/tokens.key",
                address: .tcp(host: options.bindAddress, port: options.securePort), tls: try ServerTLS(files: identity.apiServer),
                advertised: (isReachable ? gateway : options.bindAddress, options.securePort),
                controllers: ControllerSettings(rootCertificate: identity.rootCertificate)),
            nodes: OwnNode(server: node), eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        self.logger = logger
    }

    func run() async throws {
        let logger = logger
        try await plane.run { address in
            logger.info("Kubernetes API listening", metadata: ["address": "\(address.map { "\($0)" } ?? "")"])
        }
    }
}

/// The way from the embedded API server to the one node it has: a call.
private struct OwnNode: NodeProxy {
    let server: NodeServer

    func respond(to request: NodeRequest, _ context: KubeRequestContext) async -> Response {
        let head = HTTPRequest(method: request.method, scheme: "https", authority: nil, path: request.path)
        return await server.respond(to: Request(head: head, body: request.body), trusted(context))
    }

    func upgrade(_ upgrade: UpgradeRequest, to request: NodeRequest, _ context: KubeRequestContext) async -> UpgradeDecision {
        await server.upgrade(upgrade.redirected(to: request.path), trusted(context))
    }

    /// The API server has authorised the request already.
    private func trusted(_ context: KubeRequestContext) -> KubeRequestContext {
        KubeRequestContext(client: .localRoot, remoteAddress: context.remoteAddress, logger: context.logger)
    }
}
