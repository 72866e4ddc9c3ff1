import Hummingbird
import KubeAPI

/// What anybody may read: health and version.
enum PublicPages {
    /// The Kubernetes release whose API this is.
    static let version = "v1.36.1"

    static func response(to request: Request) -> Response? {
        switch request.uri.path {
        case "/healthz", "/livez", "/readyz":
            let name = request.uri.path.dropFirst()
            let isVerbose = request.uri.query?.contains("verbose") ?? false
            return .text(isVerbose ? "[+]ping ok\n[+]store ok\n\(name) check passed\n" : "ok")
        case "/version", "/version/":
            let parts = version.dropFirst().split(separator: ".")
            let info: JSONValue = [
                "major": .string(String(parts[0])), "minor": .string(String(parts[1])), "gitVersion": .string(version + "+berth"),
                "gitCommit": "", "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "swift",
                "platform": .string(platform),
            ]
            return .bytes(info.serialized(sortedKeys: true, indent: 2), "application/json")
        default: return nil
        }
    }

    private static var platform: String {
        #if arch(arm64)
            "linux/arm64"
        #else
            "linux/amd64"
        #endif
    }
}

extension Response {
    static func text(_ text: String) -> Response { .bytes(text.utf8, "text/plain; charset=utf-8") }
}
