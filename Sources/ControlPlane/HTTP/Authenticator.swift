import HTTPServing
import HTTPTypes
import Hummingbird
import KubeAPI

/// Who sends a request: a client certificate, a service account token, or root on the local socket.
struct Authenticator: Sendable {
    let tokens: TokenIssuer
    let api: APIService

    func user(of request: Request, _ context: KubeRequestContext) throws(APIError) -> UserInfo {
        switch context.client {
        case .certificate(let user, let groups): return UserInfo(name: user, groups: groups + ["system:authenticated"])
        case .localRoot: return UserInfo(name: "root", groups: ["system:masters", "system:authenticated"])
        case .anonymous: break
        }
        guard let header = request.headers[.authorization], header.lowercased().hasPrefix("bearer "),
            let user = user(ofToken: String(header.dropFirst("bearer ".count)), audiences: [])
        else { throw .unauthorized }
        return user.info
    }

    /// Nil for a token that is not valid, or whose account or pod is gone.
    func user(ofToken token: String, audiences: [String]) -> (info: UserInfo, audiences: [String], extra: JSONValue)? {
        guard let claims = tokens.claims(of: token, now: api.now()), let about = claims["kubernetes.io"],
            let namespace = about["namespace"]?.string, let name = about.at("serviceaccount", "name")?.string,
            let uid = about.at("serviceaccount", "uid")?.string,
            isCurrent(ResourceCatalog.serviceAccounts, namespace, about["serviceaccount"])
        else { return nil }
        let wanted = audiences.isEmpty ? [TokenIssuer.issuer] : audiences
        let accepted = (claims["aud"]?.array ?? []).compactMap(\.string).filter(wanted.contains)
        guard !accepted.isEmpty else { return nil }
        var extra: JSONValue = [:]
        if let secret = about["secret"], !isCurrent(ResourceCatalog.secrets, namespace, secret) { return nil }
        if let node = about["node"], !isCurrent(ResourceCatalog.nodes, "", node) { return nil }
        if let pod = about["pod"] {
            guard isCurrent(ResourceCatalog.pods, namespace, pod) else { return nil }
            extra["authentication.kubernetes.io/pod-name"] = [pod["name"] ?? ""]
            extra["authentication.kubernetes.io/pod-uid"] = [pod["uid"] ?? ""]
        }
        let groups = ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"]
        return (UserInfo(name: "system:serviceaccount:\(namespace):\(name)", uid: uid, groups: groups), accepted, extra)
    }

    private func isCurrent(_ resource: Resource, _ namespace: String, _ reference: JSONValue?) -> Bool {
        guard let name = reference?["name"]?.string, let uid = reference?["uid"]?.string else { return false }
        return api.store.object(ObjectKey(resource, namespace: namespace, name: name))?.value.at("metadata", "uid")?.string == uid
    }
}
