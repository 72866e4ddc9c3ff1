import Testing

@testable import Images

@Suite("Authentication challenges")
struct AuthenticationChallengeTests {
    @Test("a bearer challenge keeps commas and quotes inside its values")
    func bearer() {
        let header = #"Bearer realm="https://auth.example/token",service="reg, \"istry\"",scope="repository:a/b:pull,push""#
        #expect(AuthenticationChallenge.parse(header) == [
            AuthenticationChallenge(
                scheme: "bearer",
                parameters: ["realm": "https://auth.example/token", "service": "reg, \"istry\"", "scope": "repository:a/b:pull,push"])
        ])
    }

    @Test("several challenges may share a header")
    func several() {
        let challenges = AuthenticationChallenge.parse(#"Negotiate, BASIC Realm="x" , charset=UTF-8, Bearer realm=y"#)
        #expect(challenges.map(\.scheme) == ["negotiate", "basic", "bearer"])
        #expect(challenges[1].parameters == ["realm": "x", "charset": "UTF-8"])
        #expect(challenges[2].parameters == ["realm": "y"])
    }

    @Test("malformed headers give what could be read, and never more", arguments: [
        ("", 0), ("=", 0), ("realm=\"x\"", 0), ("Basic", 1), ("Basic realm=\"unterminated", 1), ("Basic realm=\"x\\", 1), (",,,Basic ,", 1),
    ])
    func malformed(header: String, count: Int) { #expect(AuthenticationChallenge.parse(header).count == count) }

    @Test("form values are escaped")
    func form() { #expect(RegistryAuthorizer.form([("a", "x y&z=/é"), ("b", nil), ("c", "-._~0")]) == "a=x%20y%26z%3D%2F%C3%A9&c=-._~0") }
}
