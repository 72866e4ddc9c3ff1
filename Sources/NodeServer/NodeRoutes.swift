import FoundationEssentials
import HTTPServing
import HTTPTypes
import Hummingbird
import KubeAPI
import Logging
import NIOCore
import NIOPosix

/// The plain requests of the node API. Paths are the kubelet's: see docs/node-api.md.
struct NodeRoutes: HTTPResponder {
    typealias Context = KubeRequestContext
    let backend: any NodeBackend
    let authorizer: RequestAuthorizer
    let threads: NIOThreadPool

    /// A body for the debug API is a small command. Bytes.
    private static let maximumBody = 1 << 20

    func respond(to request: Request, context: KubeRequestContext) async throws -> Response {
        do throws(NodeServerError) {
            try await authorizer.check(
                method: request.method, path: request.uri.path, authorization: request.headers[.authorization], client: context.client)
            return try await answer(request, context)
        } catch {
            return error.response
        }
    }

    private func answer(_ request: Request, _ context: KubeRequestContext) async throws(NodeServerError) -> Response {
        let path = request.uri.path.split(separator: "/").map(String.init)
        let query = RequestQuery(request.uri.query ?? "")
        switch (request.method, path.first, path.count) {
        case (.get, "healthz", _): return .text("ok")
        case (.get, "pods", 1): return .json(PodListing(items: await backend.pods()))
        case (.get, "runningpods", 1): return .json(PodListing(items: await backend.pods().filter { $0.status.phase == "Running" }))
        case (.get, "metrics", 2) where path[1] == "resource":
            var response = Response.text(ResourceMetrics(usage: await backend.usage()).text)
            response.headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
            return response
        case (.get, "stats", 2) where path[1] == "summary", (.post, "stats", 2) where path[1] == "summary":
            return .json(StatsSummary(await backend.usage()))
        case (.get, "containerLogs", 4):
            return try await logs(
                ContainerTarget(pod: PodTarget(namespace: path[1], name: path[2]), container: path[3]), query, context)
        case (_, "exec", 4...5), (_, "attach", 4...5), (_, "portForward", 3...4):
            throw .badRequest("\(request.uri.path) needs a connection upgrade to websocket or SPDY/3.1")
        // Not what the embedded API server passes on for others, whose address is the client's.
        case (_, "berth", 3...) where path[1] == "v1" && context.client == .localRoot && context.remoteAddress == "local":
            return try await debug(request, Array(path[2...]), query)
        default: throw .notFound("the node API has nothing at \(request.method.rawValue) \(request.uri.path)")
        }
    }

    private func logs(
        _ target: ContainerTarget, _ query: RequestQuery, _ context: KubeRequestContext
    ) async throws(NodeServerError) -> Response {
        let options = try PodLogOptions(query: query.single, now: Date())
        let file = try await backend.logFile(target, previous: options.previous)
        let reader = ContainerLogReader(options: options, file: file, threads: threads)
        let body = ResponseBody { writer in
            var output = writer
            do {
                try await reader.run { try await output.write($0) }
            } catch is CancellationError {
                // The client has gone.
            } catch {
                context.logger.debug("log stream ended", metadata: ["path": "\(file.path)", "error": "\(error)"])
            }
            try await output.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "text/plain"], body: body)
    }

    private func debug(_ request: Request, _ path: [String], _ query: RequestQuery) async throws(NodeServerError) -> Response {
        let body: [UInt8]
        do {
            body = Array(try await request.body.collect(upTo: Self.maximumBody).readableBytesView)
        } catch {
            throw .badRequest("reading the request: \(error)")
        }
        guard let answer = try await backend.debug(method: request.method.rawValue, path: path, query: query.single, body: body) else {
            throw .notFound("the debug API has nothing at \(request.uri.path)")
        }
        return Response(
            status: .ok, headers: [.contentType: answer.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}

/// `v1.PodList`, whose items always are an array.
private struct PodListing: Encodable {
    let kind = "PodList"
    let apiVersion = "v1"
    let metadata: [String: String] = [:]
    let items: [Pod]
}
