import FoundationEssentials
import Glibc
import Images
import KubeAPI
import NodeAgent
import NodeServer

/// `/berth/v1/...` on the root-only socket, for `berthctl`.
///
///     GET  images                          POST images/import  {"path", "name"}
///     GET  plan/<namespace>/<pod>          POST images/pull    {"name"}
///     GET  why/<namespace>/<pod>           POST images/remove  {"name"}
///     GET  images/pulls                    GET  events
struct DebugRoutes: Sendable {
    let agent: NodeAgent
    let images: ImageStore
    let logins: NodeLogins

    func answer(method: String, path: [String], query: [String: String], body: [UInt8]) async throws(NodeServerError) -> DebugAnswer? {
        switch (method, path.first ?? "", path.count) {
        case ("GET", "images", 1): return try Self.json(await images.images().map(ImageSummary.init))
        case ("GET", "images", 2) where path[1] == "pulls":
            return try Self.json(await images.runningPulls().map { PullSummary(reference: $0.reference, summary: $0.summary, layers: $0.lines) })
        case ("POST", "images", 2): return try await change(path[1], try Self.decode(ImageRequest.self, body))
        case ("GET", "plan", 3):
            let worker = try await worker(path)
            do {
                return try Self.json(try await worker.shownPlans())
            } catch {
                throw .failed("\(error)", remedy: (error as? any ActionableError)?.remedy)
            }
        case ("GET", "why", 3): return try Self.json(await worker(path).explanation())
        case ("GET", "events", 1): return try Self.json(agent.events.recentEvents())
        default: return nil
        }
    }

    private func change(_ action: String, _ request: ImageRequest) async throws(NodeServerError) -> DebugAnswer? {
        let changed: [StoredImage]
        do throws(ImageError) {
            switch action {
            case "import": changed = try await images.importArchive(at: request.path ?? "", name: request.name)
            case "pull":
                let reference = try ImageReference(parsing: request.name ?? "")
                changed = [try await images.pull(reference, trying: try logins.read().credentials(for: reference))]
            case "remove":
                try await images.remove(request.name ?? "", inUse: Set(await agent.pods.imagesInUse().keys))
                changed = []
            default: return nil
            }
        } catch {
            throw .failed(error.description, remedy: error.remedy)
        }
        return try Self.json(changed.map(ImageSummary.init))
    }

    private func worker(_ path: [String]) async throws(NodeServerError) -> PodWorker {
        guard let worker = await agent.pods.worker(namespace: path[1], name: path[2]) else {
            throw .notFound("pod \(path[1])/\(path[2]) is not on this node")
        }
        return worker
    }

    private static func json(_ value: some Encodable) throws(NodeServerError) -> DebugAnswer {
        do {
            return DebugAnswer(json: [UInt8](try JSONEncoder().encode(value)))
        } catch {
            throw .failed("encoding the answer: \(error)", remedy: nil)
        }
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ body: [UInt8]) throws(NodeServerError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch {
            throw .badRequest("the request is not what it should be: \(error)")
        }
    }
}

private struct ImageRequest: Decodable {
    var path: String?
    var name: String?
}

private struct PullSummary: Encodable {
    var reference: String
    /// One line on the whole, and one for each layer.
    var summary: String
    var layers: [String]
}

private struct ImageSummary: Encodable {
    var id: String
    var names: [String]
    var repoDigests: [String]
    var sizeBytes: Int

    init(_ image: StoredImage) {
        id = image.id
        names = image.names
        repoDigests = image.repoDigests
        sizeBytes = image.sizeBytes
    }
}

/// A second descriptor of the same open file; -1 when there are none left, which reads as an end of file.
func duplicate(_ descriptor: CInt) -> CInt { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }
