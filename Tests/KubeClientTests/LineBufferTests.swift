import Testing

@testable import KubeClient

@Suite("Lines of a watch")
struct LineBufferTests {
    @Test("lines come out whole however the chunks are cut", arguments: [1, 2, 3, 7, 100])
    func chunks(size: Int) {
        let text = Array("first\nsecond line\n\nthird\nrest".utf8)
        var buffer = LineBuffer()
        var lines: [String] = []
        for start in stride(from: 0, to: text.count, by: size) {
            buffer.append(Array(text[start..<min(start + size, text.count)]))
            while let line = buffer.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        #expect(lines == ["first", "second line", "third"])
    }
}

@Suite("Waiting between tries")
struct RetryDelayTests {
    struct Fixed: RandomNumberGenerator {
        func next() -> UInt64 { UInt64.max }
    }

    @Test("doubles up to half a minute, and begins again after success")
    func doubling() {
        var generator = Fixed()
        var delay = RetryDelay()
        var seconds: [Double] = []
        for _ in 0..<10 { seconds.append(delay.next(using: &generator) / .seconds(1)) }
        #expect(zip(seconds, seconds.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(seconds[0] <= 0.2 && seconds[9] > 29 && seconds[9] <= 30)
        delay.reset()
        #expect(delay.next(using: &generator) <= .seconds(0.2))
    }
}

@Suite("Paths of resources")
struct ResourcePathTests {
    @Test("names are encoded, groups and namespaces in place")
    func paths() {
        #expect(ResourcePath(LeaseLike.self, namespace: "kube-node-lease", name: "a b").description == "/apis/g.example/v1/namespaces/kube-node-lease/things/a%20b")
        #expect(ResourcePath(LeaseLike.self, namespace: nil).description == "/apis/g.example/v1/things")
        #expect(ResourcePath.encoded("spec.nodeName=n1") == "spec.nodeName%3Dn1")
    }
}
