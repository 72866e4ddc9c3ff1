@testable import ControlPlane
import Foundation
import GRDB
import KubeAPI
import Testing

/// A directory that goes with its owner.
final class TemporaryDirectory: Sendable {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("berth-apiserver-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }  // left behind at worst, in a temporary directory
}

@Suite("Object store")
struct ObjectStoreTests {
    let directory: TemporaryDirectory
    let store: ObjectStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try ObjectStore(path: directory.path + "/db", seal: .test)
    }

    private func key(_ name: String, in namespace: String = "default") -> ObjectKey {
        ObjectKey(ResourceCatalog.configMaps, namespace: namespace, name: name)
    }

    private func object(_ name: String, label: String = "x") -> JSONValue {
        ["metadata": ["name": .string(name), "namespace": "default", "labels": ["app": .string(label)]]]
    }

    @Test("versions grow with every write, across resources and restarts")
    func versions() async throws {
        let first = try await store.put(object("a"), at: key("a"), replacing: nil)
        let second = try await store.put(object("b"), at: key("b"), replacing: nil)
        _ = try await store.remove(second.value, at: key("b"), replacing: second.resourceVersion)
        #expect(second.resourceVersion == first.resourceVersion + 1)
        let reopened = try ObjectStore(path: directory.path + "/db", seal: .test)
        let third = try await reopened.put(object("c"), at: key("c"), replacing: nil)
        #expect(third.resourceVersion == first.resourceVersion + 3)
        #expect(third.value.at("metadata", "resourceVersion")?.string == "\(third.resourceVersion)")
    }

    @Test("every write is flushed to the disk, in a new database and in one that was there")
    func flushed() throws {
        for _ in 0..<2 {
            let database = try ObjectDatabase(path: directory.path + "/flushed", seal: .test)
            let (journal, synchronous) = try database.connection.read { database in
                (try String.fetchOne(database, sql: "PRAGMA journal_mode"), try Int.fetchOne(database, sql: "PRAGMA synchronous"))
            }
            #expect(journal == "wal")
            #expect(synchronous == 2)  // FULL. Source: sqlite.org/pragma.html
            try database.connection.close()
        }
    }

    @Test("a write on an older version is a conflict")
    func conflict() async throws {
        let first = try await store.put(object("a"), at: key("a"), replacing: nil)
        _ = try await store.put(object("a", label: "y"), at: key("a"), replacing: first.resourceVersion)
        await #expect(throws: StoreError.self) { try await store.put(object("a"), at: key("a"), replacing: first.resourceVersion) }
        await #expect(throws: StoreError.self) { try await store.put(object("a"), at: key("a"), replacing: nil) }
    }

    @Test("a damaged database is refused by name and left as it is")
    func damage() throws {
        let path = directory.path + "/damaged"
        let bytes = Data("no database, but perhaps somebody's only copy of one".utf8)
        try bytes.write(to: URL(fileURLWithPath: path))
        do {
            _ = try ObjectStore(path: path, seal: .test)
            Issue.record("it was opened")
        } catch .damaged(let named, _) {
            #expect(named == path)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
    }

    @Test("writes in a row on one name, none waited for, leave the last")
    func rapidSuccession() async throws {
        for round in 0..<20 {
            let created = try await store.put(object("n"), at: key("n"), replacing: nil)
            async let removal = store.remove(created.value, at: key("n"), replacing: created.resourceVersion)
            while store.latest(key("n")) != nil { await Task.yield() }
            async let second = store.put(object("n", label: "\(round)"), at: key("n"), replacing: nil)
            while store.latest(key("n")) == nil { await Task.yield() }
            let version = try #require(store.latest(key("n"))).resourceVersion
            _ = try await store.remove(object("n"), at: key("n"), replacing: version)
            _ = try await (removal, second)
            #expect(store.latest(key("n")) == nil)
            #expect(store.object(key("n")) == nil)
        }
    }

    @Test("of concurrent writes on one version, one wins")
    func race() async throws {
        let first = try await store.put(object("a"), at: key("a"), replacing: nil)
        let wins = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<20 {
                group.addTask {
                    do {
                        _ = try await store.put(object("a", label: "\(index)"), at: key("a"), replacing: first.resourceVersion)
                        return true
                    } catch { return false }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wins == 1)
    }

    @Test("what was acknowledged is there after a crash")
    func crash() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for index in 0..<50 { group.addTask { _ = try await store.put(object("o\(index)"), at: key("o\(index)"), replacing: nil) } }
        }
        // The files as a power cut would leave them: the first store is still open, nothing was checkpointed.
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: directory.path + "/db" + suffix, toPath: directory.path + "/copy" + suffix)
        }
        let copy = try ObjectStore(path: directory.path + "/copy", seal: .test)
        #expect(copy.objects(of: ResourceCatalog.configMaps).objects.count == 50)
        #expect(copy.revision == store.revision)
    }

    @Test("the file is for its owner only")
    func mode() throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/db")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("a watch sees each change after its revision, in order, and resumes")
    func watch() async throws {
        let first = try await store.put(object("a"), at: key("a"), replacing: nil)
        let second = try await store.put(object("a", label: "y"), at: key("a"), replacing: first.resourceVersion)
        let third = try await store.remove(second.value, at: key("a"), replacing: second.resourceVersion)
        let watch = try store.watch(ResourceCatalog.configMaps, matching: ObjectFilter(), from: .after(first.resourceVersion))
        let fourth = try await store.put(object("b"), at: key("b"), replacing: nil)
        var events: [String] = []
        for await event in watch {
            events.append("\(event.kind.rawValue) \(event.resourceVersion)")
            if event.resourceVersion == fourth.resourceVersion { break }
        }
        #expect(events == ["MODIFIED \(second.resourceVersion)", "DELETED \(third.resourceVersion)", "ADDED \(fourth.resourceVersion)"])
    }

    @Test("initial events end with a bookmark when asked for")
    func initialEvents() async throws {
        let first = try await store.put(object("a"), at: key("a"), replacing: nil)
        let watch = try store.watch(ResourceCatalog.configMaps, matching: ObjectFilter(), from: .initialEvents, bookmarks: true, endsInitialEvents: true)
        var iterator = watch.makeAsyncIterator()
        #expect(await iterator.next()?.kind == .added)
        let bookmark = await iterator.next()
        #expect(bookmark?.kind == .bookmark)
        #expect(bookmark?.endsInitialEvents == true)
        #expect(bookmark?.resourceVersion == first.resourceVersion)
        store.sendBookmarks()
        #expect(await iterator.next()?.kind == .bookmark)
    }

    @Test("an object that enters the selection is added, one that leaves it is deleted")
    func selection() async throws {
        let labels = try LabelSelectorExpression(parsing: "app=x")
        let watch = try store.watch(ResourceCatalog.configMaps, matching: ObjectFilter(labels: labels), from: .initialEvents)
        let first = try await store.put(object("a", label: "y"), at: key("a"), replacing: nil)
        let second = try await store.put(object("a", label: "x"), at: key("a"), replacing: first.resourceVersion)
        let third = try await store.put(object("a", label: "x"), at: key("a"), replacing: second.resourceVersion)
        _ = try await store.put(object("a", label: "z"), at: key("a"), replacing: third.resourceVersion)
        var kinds: [WatchEvent.Kind] = []
        for await event in watch {
            kinds.append(event.kind)
            if event.kind == .deleted { break }
        }
        #expect(kinds == [.added, .modified, .deleted])
    }

    @Test("Events, which are kept as bytes, are read, selected and watched as everything is")
    func events() async throws {
        func event(of pod: String, count: Int = 1) -> JSONValue {
            ["metadata": ["name": .string("\(pod).1"), "namespace": "default"], "involvedObject": ["name": .string(pod)], "count": .int(count)]
        }
        let (web, other) = (ObjectKey(ResourceCatalog.events, namespace: "default", name: "web.1"), ObjectKey(ResourceCatalog.events, namespace: "default", name: "db.1"))
        let first = try await store.put(event(of: "web"), at: web, replacing: nil)
        _ = try await store.put(event(of: "db"), at: other, replacing: nil)
        let second = try await store.put(event(of: "web", count: 2), at: web, replacing: first.resourceVersion)

        #expect(store.object(web)?.value == second.value && second.value["count"] == .int(2))
        let filter = try ObjectFilter(namespace: "default", labelSelector: "", fieldSelector: "involvedObject.name=web", of: ResourceCatalog.events)
        #expect(store.objects(of: ResourceCatalog.events, matching: filter).objects.map(\.key) == [web])
        _ = try await store.remove(second.value, at: web, replacing: second.resourceVersion)
        var seen: [(WatchEvent.Kind, JSONValue?)] = []
        for await event in try store.watch(ResourceCatalog.events, matching: filter, from: .after(first.resourceVersion - 1)) {
            seen.append((event.kind, event.object?.value["count"]))
            if event.kind == .deleted { break }
        }
        #expect(seen.map(\.0) == [.added, .modified, .deleted] && seen.map(\.1) == [.int(1), .int(2), .int(2)])
        let reopened = try ObjectStore(path: directory.path + "/db", seal: .test)
        #expect(reopened.object(other)?.value["involvedObject"] == ["name": "db"])
    }

    @Test("a revision whose changes are no longer kept is refused")
    func compaction() async throws {
        var object = try await store.put(object("a"), at: key("a"), replacing: nil)
        let old = object.resourceVersion
        for index in 0..<(2 * ObjectTable.historyLimit) {
            object = try await store.put(self.object("a", label: "\(index)"), at: key("a"), replacing: object.resourceVersion)
        }
        #expect(throws: StoreError.self) { try store.watch(ResourceCatalog.configMaps, matching: ObjectFilter(), from: .after(old)) }
        _ = try store.watch(ResourceCatalog.configMaps, matching: ObjectFilter(), from: .after(object.resourceVersion - 10))
    }

    @Test("a file that is not a database is an error with a remedy")
    func damaged() throws {
        let path = directory.path + "/bad"
        try Data(repeating: 7, count: 8192).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: StoreError.self) { try ObjectStore(path: path, seal: .test) }
        #expect(error?.remedy?.contains(path) == true)
    }
}
