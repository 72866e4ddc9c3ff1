import FoundationEssentials
import KubeAPI
import Testing

@Suite("Pod JSON")
struct PodCodingTests {
    @Test("missing and null fields read as zero values, and zero values are not written")
    func zeroValues() throws {
        let json = #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-0"},"spec":{"containers":[{"name":"c","image":"i","env":null}]},"status":null}"#
        let pod = try JSONDecoder().decode(Pod.self, from: Data(json.utf8))
        #expect(pod.spec.containers.first?.env == [])
        #expect(pod.spec.hostNetwork == false)
        #expect(pod.status == PodStatus())
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let written = String(decoding: try encoder.encode(pod), as: UTF8.self)
        #expect(written == #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-0"},"spec":{"containers":[{"image":"i","name":"c"}]}}"#)
    }

    @Test("an exit code of zero is written")
    func exitCode() throws {
        let state = ContainerState(terminated: ContainerStateTerminated(exitCode: 0, reason: "Completed"))
        let written = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
        #expect(written.contains(#""exitCode":0"#))
    }

    @Test("root is written as a container's user")
    func root() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let written = String(decoding: try encoder.encode(LinuxContainerUser(uid: 0, gid: 0, supplementalGroups: [])), as: UTF8.self)
        #expect(written == #"{"gid":0,"uid":0}"#)
    }

    @Test("quantities keep their spelling and compare by amount", arguments: [
        ("64Mi", 67_108_864, 67_108_864_000), ("250m", 1, 250), ("1e3", 1000, 1_000_000), ("1.5", 2, 1500), ("0.5Gi", 536_870_912, 536_870_912_000),
        ("2E", 2_000_000_000_000_000_000, Int.max), ("100k", 100_000, 100_000_000),
    ])
    func quantity(text: String, value: Int, milli: Int) throws {
        let quantity = try #require(Quantity(text))
        #expect(quantity.value == value)
        #expect(quantity.milliValue == milli)
        #expect(quantity.description == text)
    }

    @Test("what is not a quantity is refused", arguments: ["", "Mi", "1 Gi", "1ki", "--1", "1e99", "ten"])
    func badQuantity(text: String) { #expect(Quantity(text) == nil) }

    @Test("times are read with and without microseconds and written as they came", arguments: ["2026-11-22T14:37:31Z", "2026-11-22T14:37:31.000042Z"])
    func time(text: String) throws { #expect(try #require(Timestamp(text)).description == text) }
}
