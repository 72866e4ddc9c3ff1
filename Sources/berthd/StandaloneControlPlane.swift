import ControlPlane
import HTTPServing
import Hummingbird
import HTTPTypes
import Logging
import NIOPosix
import NodeServer
import PodPlanning
import Sealing
import ServiceLifecycle

/// The embedded control plane as one of the daemon's services.
struct StandaloneControlPlane: Service {
    private let plane: ControlPlane
    /// The address the API listens on besides the one this daemon uses itself; nil when that is all.
    private let podsOnly: String?
    private let isListening: Gate
    private let logger: Logger

    /// - Parameters:
    ///   - node: this node's API, which `kubectl logs` and `kubectl exec` reach without leaving the process.
    ///   - gateway: an address of this node that only pods reach; the API listens there too, for them.
    ///   - isListening: opened when the API answers.
    init(
        options: NodeOptions, environment: NodeEnvironment, identity: StandaloneIdentity, node: NodeServer, gateway: String, isListening: Gate,
        logger: Logger
    ) throws {
        let paths = environment.paths
        let listensEverywhere = ["0.0.0.0", "::", gateway].contains(options.bindAddress)
        let hosts = [options.bindAddress] + (listensEverywhere ? [] : [gateway])
        plane = try ControlPlane(
            configuration: .init(
                databasePath: paths.controlPlaneDatabase,
                seal: try Self.seal(paths), tokenKeyFile: "\(paths.state)/pki/tokens.key",
                addresses: hosts.map { .tcp(host: $0, port: options.securePort) }, tls: try ServerTLS(files: identity.apiServer),
                advertised: (gateway, options.securePort), services: try options.serviceAddresses(),
                controllers: ControllerSettings(rootCertificate: identity.rootCertificate)),
            nodes: OwnNode(server: node), eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        podsOnly = listensEverywhere ? nil : gateway
        self.isListening = isListening
        self.logger = logger
    }

    /// Of the store of objects.
    private static func seal(_ paths: NodePaths) throws(StoreError) -> MachineSeal {
        do throws(SealError) {
            return try MachineSeal(keyFile: "\(paths.state)/keys/api-store.key", machineID: "/etc/machine-id", purpose: "berth api store v1")
        } catch {
            throw .sealed(path: paths.controlPlaneDatabase, cause: error)
        }
    }

    func run() async throws {
        let logger = logger
        let (isListening, podsOnly) = (isListening, podsOnly)
        try await plane.run { address in
            logger.info("Kubernetes API listening", metadata: ["address": "\(address.map { "\($0)" } ?? "")"])
            if podsOnly == nil || address?.ipAddress != podsOnly { isListening.open() }
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
