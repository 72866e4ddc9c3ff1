import Foundation
import NodeServer
import Testing

@Suite("CPU rates")
struct CPURatesTests {
    private static func usage(_ seconds: Double, startedAt start: Double = 0) -> NodeUsage {
        let resources = ResourceUsage(startTime: Date(timeIntervalSince1970: start), cpuNanoseconds: UInt64(seconds * 1e9), workingSetBytes: 0)
        return NodeUsage(
            time: Date(), nodeName: "n", node: resources,
            pods: [PodUsage(namespace: "d", name: "p", uid: "u", total: resources, containers: [ContainerUsage(name: "c", usage: resources)])])
    }

    private static func rates(_ usage: NodeUsage) -> [UInt64?] { [usage.node.nanoCores, usage.pods[0].total.nanoCores, usage.pods[0].containers[0].usage.nanoCores] }

    @Test("the rate is that between two looks, at least a second apart; another run begins anew")
    func rate() {
        let rates = CPURates()
        let start = ContinuousClock.now
        #expect(Self.rates(rates.complete(Self.usage(5), at: start)) == [nil, nil, nil])
        #expect(Self.rates(rates.complete(Self.usage(9), at: start + .milliseconds(500))) == [nil, nil, nil])
        let half: UInt64 = 500_000_000
        #expect(Self.rates(rates.complete(Self.usage(10), at: start + .seconds(10))) == [half, half, half])
        #expect(Self.rates(rates.complete(Self.usage(10), at: start + .milliseconds(10_100))) == [half, half, half])
        #expect(Self.rates(rates.complete(Self.usage(1), at: start + .seconds(20))) == [nil, nil, nil])
        #expect(Self.rates(rates.complete(Self.usage(50, startedAt: 30), at: start + .seconds(30))) == [nil, nil, nil])
    }
}
