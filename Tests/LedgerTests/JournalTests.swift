import Foundation
import Ledger
import Testing

@Suite("Journal and outbox")
struct JournalTests {
    struct Failure: Error {}

    /// Writes down what it knows, as often as that changes, without waiting for the disk in between.
    private actor Author {
        let ledger: Ledger
        var known = 0
        init(_ ledger: Ledger) { self.ledger = ledger }

        func learn() async throws {
            known += 1
            try await ledger.commit { [known] in try $0.set(.nodeName, to: "\(try $0.snapshot.fact(.nodeName) ?? "")\(known) ") }
        }
    }

    @Test("what an actor writes down later is never replaced by what it knew earlier")
    func order() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        let author = Author(ledger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<400 { group.addTask { try await author.learn() } }
            try await group.waitForAll()
        }
        let written = try await ledger.read { try $0.fact(.nodeName) } ?? ""
        #expect(written.split(separator: " ").compactMap { Int($0) } == Array(1...400))
    }

    @Test("an intent is on disk before its effect, and closed with the rows of its result")
    func bracket() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        let answer = try await ledger.bracket(
            Intent(.createVolume, subject: "pvc-1", detail: "64"),
            preparing: { try $0.save(podEntry("u1")) },
            effect: {
                let open = try await ledger.read { try $0.openIntents() }
                #expect(open.map(\.intent) == [Intent(.createVolume, subject: "pvc-1", detail: "64")])
                #expect(open.first?.bootID == "boot-1")
                return 7
            },
            recording: { try $0.set(.nodeName, to: "\($1)") })
        #expect(answer == 7)
        let after = try await ledger.read { try ($0.openIntents().count, $0.fact(.nodeName), $0.journal(limit: 5).count, $0.pods().count) }
        #expect(after.0 == 0)
        #expect(after.1 == "7")
        #expect(after.2 == 1)
        #expect(after.3 == 1)
    }

    @Test("a failed effect is recorded as failed, and its error comes back unchanged")
    func failure() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        await #expect(throws: Failure.self) {
            try await ledger.bracket(Intent(.stageVolume, subject: "v"), effect: { throw Failure() })
        }
        let (open, journal) = try await ledger.read { try ($0.openIntents(), $0.journal(limit: 1)) }
        #expect(open.isEmpty)
        #expect(journal.first?.failure == "Failure()")
    }

    @Test("an intent that a crash cut short is found at the next start")
    func crash() async throws {
        let fixture = try LedgerFixture()
        do {
            let ledger = try fixture.open().ledger
            try await ledger.commit { _ = try $0.begin(Intent(.trashVolume, subject: "pvc-9"), bootID: "boot-1", at: noon) }
        }
        let open = try await fixture.open().ledger.read { try $0.openIntents() }
        #expect(open.map(\.subject) == ["pvc-9"])
    }

    @Test("the journal stays bounded, and open intents are never trimmed")
    func bounded() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        try await ledger.commit { transaction in
            _ = try transaction.begin(Intent(.addNetwork, subject: "open"), bootID: "b", at: noon)
            for number in 0..<1500 {
                let sequence = try transaction.begin(Intent(.addNetwork, subject: "\(number)"), bootID: "b", at: noon)
                try transaction.finish(sequence, at: noon)
            }
        }
        let (open, journal) = try await ledger.read { try ($0.openIntents(), $0.journal(limit: 5000)) }
        #expect(open.map(\.subject) == ["open"])
        #expect(journal.count == 1001)
    }

    @Test("a newer status takes the older one's place, and acknowledging the older one keeps it")
    func statuses() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        try await ledger.commit { try $0.send(.status, key: "u1", body: Data("old".utf8), at: noon) }
        let old = try #require(try await ledger.read { try $0.outbox(limit: 10).first })
        try await ledger.commit { transaction in
            try transaction.send(.event, key: "e1", body: Data("event".utf8), at: noon)
            try transaction.send(.status, key: "u1", body: Data("new".utf8), at: noon)
            try transaction.acknowledge(old.sequence)
        }
        let left = try await ledger.read { try $0.outbox(limit: 10) }
        #expect(left.map(\.key) == ["e1", "u1"])
        #expect(left.last?.body == Data("new".utf8))
    }

    @Test("kinds of messages can be read apart, each in its order")
    func kinds() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        try await ledger.commit { transaction in
            for number in 0..<40 { try transaction.send(.event, key: "e\(number)", body: Data(), at: noon) }
            try transaction.send(.status, key: "u1", body: Data(), at: noon)
            try transaction.send(.deletion, key: "u1", body: Data(), at: noon)
        }
        let (statuses, events) = try await ledger.read { try ($0.outbox([.status, .deletion], limit: 32), $0.outbox([.event], limit: 2)) }
        #expect(statuses.map(\.kind) == [.status, .deletion])
        #expect(events.map(\.key) == ["e0", "e1"])
    }

    @Test("with a pod go the messages about it, but not the events")
    func forgotten() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        try await ledger.commit { transaction in
            for uid in ["u1", "u2"] {
                try transaction.save(podEntry(uid))
                try transaction.send(.status, key: uid, body: Data(), at: noon)
                try transaction.send(.deletion, key: uid, body: Data(), at: noon)
            }
            try transaction.send(.event, key: "u1", body: Data(), at: noon)
            try transaction.removePod("u1")
        }
        let left = try await ledger.read { try $0.outbox(limit: 10) }
        #expect(left.map(\.key) == ["u2", "u2", "u1"])
        #expect(left.map(\.kind) == [.status, .deletion, .event])
    }

    @Test("the outbox is bounded: the oldest events go, statuses stay")
    func outboxBound() async throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.open().ledger
        try await ledger.commit { transaction in
            try transaction.send(.status, key: "u1", body: Data(), at: noon)
            for number in 0..<(Ledger.outboxLimit + 50) { try transaction.send(.event, key: "e\(number)", body: Data(), at: noon) }
        }
        let left = try await ledger.read { try $0.outbox(limit: 10_000) }
        #expect(left.count == Ledger.outboxLimit)
        #expect(left.first?.kind == .status)
        #expect(left.last?.key == "e\(Ledger.outboxLimit + 49)")
    }
}
