import OCISpec
import Testing

@testable import Images

@Suite("Image garbage")
struct ImageGarbageTests {
    static let base = Digest(of: [0])
    /// Three images on one base layer, of which "a" was used longest ago.
    static let images = ["a", "b", "c"].enumerated().map { number, id in
        ImageCandidate(id: id, layers: [base: 50, Digest(of: Array(id.utf8)): 10], lastUsed: 1000 * (number + 1))
    }
    static let now = 100_000

    static func removed(available: Int, inUse: Set<String> = [], policy: ImageGarbagePolicy = ImageGarbagePolicy(), now: Int = now) -> [String] {
        garbage(among: images, inUse: inUse, disk: DiskUse(capacity: 1000, available: available), policy: policy, now: now)
    }

    @Test("nothing goes below the high threshold")
    func below() { #expect(Self.removed(available: 160).isEmpty) }

    @Test("the least recently used go until the low threshold is met", arguments: [(150, ["a", "b", "c"]), (200, []), (140, ["a", "b", "c"])])
    func above(available: Int, expected: [String]) { #expect(Self.removed(available: available) == expected) }

    @Test("a shared layer is not counted as freed until its last image goes")
    func shared() {
        let policy = ImageGarbagePolicy(highThresholdPercent: 82, lowThresholdPercent: 81)
        #expect(Self.removed(available: 171, policy: policy) == ["a", "b"])
    }

    @Test("images in use stay")
    func inUse() { #expect(Self.removed(available: 0, inUse: ["a", "c"]) == ["b"]) }

    @Test("images used a moment ago stay")
    func young() { #expect(Self.removed(available: 0, now: 3100) == ["a", "b"]) }

    @Test("images unused for too long go from an empty disk")
    func old() {
        #expect(Self.removed(available: 1000, policy: ImageGarbagePolicy(maximumAge: .seconds(97_500))) == ["a", "b"])
    }
}
