import HTTPTypes
import Hummingbird
import KubeAPI

/// `log`, `exec`, `attach`, `portforward` and `proxy`: what they are called in the node API.
struct PodConnections: Sendable {
    let api: APIService

    func nodeRequest(_ request: APIRequest, _ path: RequestPath) throws(APIError) -> NodeRequest {
        if path.resource == ResourceCatalog.nodes {
            let suffix = request.query.text.isEmpty ? "" : "?\(request.query.text)"
            return try make(node: path.name, request, (path.remainder.isEmpty ? "/" : path.remainder) + suffix)
        }
        let pod = try api.get(path.resource, namespace: path.namespace, name: path.name)
        let node = pod.at("spec", "nodeName")?.string ?? ""
        guard !node.isEmpty else { throw .badRequest("pod \(path.name) does not have a host assigned") }
        let target = "\(path.namespace)/\(path.name)"
        switch path.subresource {
        case "log":
            let options = ["follow", "previous", "timestamps", "sinceSeconds", "sinceTime", "tailLines", "limitBytes", "stream"]
            let query = options.compactMap { name in request.query[name].isEmpty ? nil : "\(name)=\(RequestQuery.encode(request.query[name]))" }
            let container = try container(of: pod, path.name, request.query["container"])
            return try make(node: node, request, "/containerLogs/\(target)/\(container)" + (query.isEmpty ? "" : "?" + query.joined(separator: "&")))
        case "exec", "attach":
            var query = request.query.all("command").map { "command=\(RequestQuery.encode($0))" }
            for (name, nodeName) in [("stdin", "input"), ("stdout", "output"), ("stderr", "error"), ("tty", "tty")] where request.query.flag(name) {
                query.append("\(nodeName)=1")
            }
            let container = try container(of: pod, path.name, request.query["container"])
            return try make(node: node, request, "/\(path.subresource)/\(target)/\(container)?" + query.joined(separator: "&"))
        case "portforward":
            let ports = request.query.all("ports").map { "port=\(RequestQuery.encode($0))" }
            return try make(node: node, request, "/portForward/\(target)" + (ports.isEmpty ? "" : "?" + ports.joined(separator: "&")))
        default: throw .methodNotAllowed
        }
    }

    private func make(node: String, _ request: APIRequest, _ path: String) throws(APIError) -> NodeRequest {
        NodeRequest(node: try api.get(ResourceCatalog.nodes, name: node), method: request.method, path: path, body: request.request.body)
    }

    /// The one named, the one the pod calls its default, or its only one.
    private func container(of pod: JSONValue, _ name: String, _ wanted: String) throws(APIError) -> String {
        func names(_ field: String) -> [String] { (pod.at("spec", field)?.array ?? []).compactMap { $0["name"]?.string } }
        let containers = names("containers")
        if !wanted.isEmpty {
            guard (containers + names("initContainers") + names("ephemeralContainers")).contains(wanted) else {
                throw .badRequest("container \(wanted) is not valid for pod \(name)")
            }
            return wanted
        }
        if let marked = pod.at("metadata", "annotations", "kubectl.kubernetes.io/default-container")?.string, containers.contains(marked) {
            return marked
        }
        guard containers.count == 1 else {
            throw .badRequest("a container name must be specified for pod \(name), choose one of: [\(containers.joined(separator: " "))]")
        }
        return containers[0]
    }
}
