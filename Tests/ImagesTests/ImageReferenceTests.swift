import Testing

@testable import Images

@Suite("Image references")
struct ImageReferenceTests {
    static let digest = "sha256:" + String(repeating: "ab", count: 32)

    @Test("every way to write a name gives its canonical form", arguments: [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("bitnami/nginx", "docker.io/bitnami/nginx:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("index.docker.io/library/nginx", "docker.io/library/nginx:latest"),
        ("localhost/web", "localhost/web:latest"),
        ("localhost:5000/web:a", "localhost:5000/web:a"),
        ("[::1]:5000/web", "[::1]:5000/web:latest"),
        ("127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c:latest"),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
        ("foo/bar_baz/qux-1.2__3", "docker.io/foo/bar_baz/qux-1.2__3:latest"),
        ("a---b/c_d", "docker.io/a---b/c_d:latest"),
        ("[2001:db8::1]/web", "[2001:db8::1]/web:latest"),
        ("nginx:_x.-", "docker.io/library/nginx:_x.-"),
        ("nginx@\(digest)", "docker.io/library/nginx@\(digest)"),
        ("quay.io/a/b:t@\(digest)", "quay.io/a/b:t@\(digest)"),
    ])
    func canonical(text: String, expected: String) throws {
        let reference = try ImageReference(parsing: text)
        #expect(reference.description == expected)
        #expect(try ImageReference(parsing: reference.description) == reference)
    }

    @Test("what is no reference is refused with the reason", arguments: [
        "", "NGINX", "a//b", "/a", "a/", "-a", "a..b", "a:", "a:b:c", "a b", "nginx@sha256:12", "nginx@md5:\(String(repeating: "a", count: 64))",
        "a_-b", "a___b", "a.", "_a", "nginx:.x", "nginx:é", "é", "host.:5/a", "-h.io/a", "h.io:x/a", "[:g]/a", "[]/a", "nginx:\(String(repeating: "x", count: 129))", String(repeating: "ab", count: 32), "http://host/a", "host.io/\(String(repeating: "a/", count: 130))a",
    ])
    func refused(text: String) {
        #expect(throws: ImageError.self) { try ImageReference(parsing: text) }
    }
}
