import OCISpec
import Testing

@testable import Images

@Suite("Manifests")
struct ManifestSelectionTests {
    static func digest(_ digit: Character) -> Digest { Digest(of: Array("\(digit)".utf8)) }
    static let manifest = #"{"schemaVersion":2,"config":{"mediaType":"\#(MediaType.imageConfig)","digest":"\#(digest("c"))","size":1},"layers":[]}"#

    static func index(_ platforms: [Platform?]) -> ImageIndex {
        ImageIndex(manifests: platforms.enumerated().map { number, platform in
            Descriptor(mediaType: .imageManifest, digest: digest(Character("\(number)")), size: 1, platform: platform)
        })
    }

    @Test("the manifest for the machine is chosen", arguments: [
        ([Platform(os: "linux", architecture: "arm64"), Platform(os: "linux", architecture: "amd64")], Platform(os: "linux", architecture: "amd64"), 1),
        ([Platform(os: "windows", architecture: "amd64"), Platform(os: "linux", architecture: "x86_64")], Platform(os: "linux", architecture: "amd64"), 1),
        ([Platform(os: "linux", architecture: "arm64", variant: "v8")], Platform(os: "linux", architecture: "arm64"), 0),
        ([Platform(os: "linux", architecture: "arm", variant: "v5"), Platform(os: "linux", architecture: "arm", variant: "v7")],
            Platform(os: "linux", architecture: "arm", variant: "v7"), 1),
        ([Platform(os: "linux", architecture: "amd64", variant: "v3"), Platform(os: "linux", architecture: "amd64")], Platform(os: "linux", architecture: "amd64"), 1),
        ([Platform(os: "unknown", architecture: "unknown"), nil], Platform(os: "linux", architecture: "amd64"), 1),
        ([Platform(os: "linux", architecture: "s390x")], Platform(os: "linux", architecture: "amd64"), nil),
    ] as [([Platform?], Platform, Int?)])
    func selection(platforms: [Platform?], host: Platform, expected: Int?) {
        let index = Self.index(platforms)
        #expect(index.manifest(for: host) == expected.map { index.manifests[$0] })
    }

    @Test("indexes are followed down, and every document is kept")
    func nested() async throws {
        let inner = Array(Self.manifest.utf8)
        let outer = Array(
            #"{"schemaVersion":2,"manifests":[{"mediaType":"\#(MediaType.dockerManifest)","digest":"\#(Digest(of: inner))","size":\#(inner.count)}]}"#.utf8)
        let (manifest, documents) = try await ManifestDocument.resolve(
            outer, type: .dockerManifestList, subject: "x", platform: Platform(os: "linux", architecture: "amd64")
        ) { descriptor throws(ImageError) in
            #expect(descriptor.digest == Digest(of: inner))
            return inner
        }
        #expect(manifest.config.digest == Self.digest("c"))
        #expect(Set(documents.keys) == [Digest(of: inner), Digest(of: outer)])
    }

    @Test("documents that are not what they are called, or two things at once, are refused", arguments: [
        (#"{"manifests":[],"layers":[]}"#, nil), (#"{}"#, nil), ("not JSON", nil), (manifest, MediaType.imageIndex),
        (manifest, MediaType(rawValue: "application/vnd.docker.distribution.manifest.v1+prettyjws")),
        (#"{"schemaVersion":1,"fsLayers":[]}"#, MediaType(rawValue: "application/vnd.docker.distribution.manifest.v1+prettyjws")),
        (manifest.replacing("image.config", with: "artifact.config"), nil),
    ] as [(String, MediaType?)])
    func refused(text: String, type: MediaType?) {
        #expect(throws: ImageError.self) { try ManifestDocument(parsing: Array(text.utf8), type: type, subject: "x") }
    }

    @Test("chain ids follow the specification")
    func chain() throws {
        let config = ImageConfig(
            architecture: "amd64", os: "linux", rootfs: .init(diffIDs: [Self.digest("a").description, Self.digest("b").description]))
        let second = Digest(of: Array("\(Self.digest("a")) \(Self.digest("b"))".utf8))
        #expect(try config.chainIDs() == [Self.digest("a"), second])
    }

    @Test("an annotation names an image only when it is more than a tag", arguments: [
        ("latest", nil), ("web:1", "docker.io/library/web:1"), ("example.com/web", "example.com/web:latest"), ("BAD:1", nil),
    ] as [(String, String?)])
    func names(text: String, expected: String?) {
        #expect(ImageArchive.name(from: [ImageAnnotation.referenceName: text])?.description == expected)
    }
}
