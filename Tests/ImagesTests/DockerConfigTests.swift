import Testing

@testable import Images

@Suite("Registry credentials")
struct DockerConfigTests {
    static func config(_ auths: [String: String]) throws -> DockerConfig {
        let entries = auths.map { host, user in "\"\(host)\": {\"username\": \"\(user)\", \"password\": \"p\"}" }
        return try DockerConfig(dockerConfigJSON: Array("{\"auths\": {\(entries.joined(separator: ","))}}".utf8))
    }

    @Test("a login is chosen by host, port and path", arguments: [
        ("https://index.docker.io/v1/", "nginx", true),
        ("docker.io", "nginx", true),
        ("docker.io/library", "nginx", true),
        ("docker.io/lib", "nginx", false),
        ("*.example.com", "a.example.com/x", true),
        ("*.example.com", "example.com/x", false),
        ("*.example.com", "a.b.example.com/x", false),
        ("reg*.example.com", "registry.example.com/x", true),
        ("example.com", "example.com:5000/x", false),
        ("example.com:5000", "example.com:5000/x", true),
        ("http://example.com/v2/", "example.com/x", true),
        ("example.com/team", "example.com/team/x", true),
        ("example.com/team", "example.com/teamwork/x", false),
    ])
    func choice(pattern: String, image: String, matches: Bool) throws {
        #expect(try Self.config([pattern: "u"]).credentials(for: ImageReference(parsing: image)).isEmpty == !matches)
    }

    @Test("the most specific login comes first, and the earlier of two sources")
    func order() throws {
        let config = try Self.config(["example.com": "host", "example.com/team": "team"]).merging(Self.config(["example.com/team": "later"]))
        let users = try config.credentials(for: ImageReference(parsing: "example.com/team/x")).map(\.username)
        #expect(users == ["team", "later", "host"])
    }

    @Test("auth is base64 of user and password, where the password may contain colons")
    func auth() throws {
        let config = try DockerConfig(dockercfg: Array(#"{"example.com": {"auth": "dTpwOnE=", "username": "other"}}"#.utf8))
        let credentials = try #require(config.credentials(for: ImageReference(parsing: "example.com/x")).first)
        #expect(credentials == RegistryCredentials(username: "u", password: "p:q"))
        #expect("\(credentials)" == "<redacted>")
    }

    @Test("damaged credentials are an error that names the registry")
    func damaged() {
        #expect(throws: ImageError.self) { try DockerConfig(dockerConfigJSON: Array("{".utf8)) }
        let error = #expect(throws: ImageError.self) { try DockerConfig(dockercfg: Array(#"{"example.com": {"auth": "?"}}"#.utf8)) }
        #expect(error?.description.contains("example.com") == true)
    }

    @Test("what a credential store leaves behind is no login")
    func empty() throws {
        let config = try DockerConfig(dockerConfigJSON: Array(#"{"auths": {"example.com": {}}, "credsStore": "x"}"#.utf8))
        #expect(try config.credentials(for: ImageReference(parsing: "example.com/x")).isEmpty)
    }
}
