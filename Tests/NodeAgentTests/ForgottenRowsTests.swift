import FoundationEssentials
import Ledger
import Logging
import Synchronization
import Testing

@testable import NodeAgent

@Suite("Rows that outlived their pod")
struct ForgottenRowsTests {
    private struct Busy: Error {}

    private func network(_ uid: String) -> NetworkEntry {
        NetworkEntry(podUID: uid, network: "n", namespacePath: "", ips: [], result: Data(), addedAt: Date(timeIntervalSince1970: 0))
    }

    @Test("what could not be given back is tried again, until it can; what a pod has taken back is left to it")
    func release() async {
        let rows = ForgottenRows()
        await rows.add(networks: [network("busy"), network("free"), network("back")], publications: ["held", "gone", "back"])
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let failing = Mutex<Set<String>>(["busy", "held"])
        let tried = Mutex<[String]>([])
        @Sendable func give(_ name: String) throws {
            tried.withLock { $0.append(name) }
            if failing.withLock({ $0.contains(name) }) { throw Busy() }
        }
        for round in [["busy", "free", "gone", "held"], ["busy", "held"], ["busy", "held"], []] {
            await rows.release(besides: { $0 == "back" }, logger: logger) { try give($0.podUID) } volumes: { try give($0) }
            #expect(tried.withLock(\.self).sorted() == round)
            if round.count == 2 { failing.withLock { $0 = [] } }
            tried.withLock { $0 = [] }
        }
    }
}
