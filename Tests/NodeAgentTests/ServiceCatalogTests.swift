import Foundation
import KubeAPI
import KubeClient
import Ledger
import Logging
import NodeAgent
import Synchronization
import Testing

@Suite("Services remembered")
struct ServiceCatalogTests {
    @Test("with the API server away, Services and their endpoints are those that were seen last")
    func recall() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("berth-catalog-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }  // left to the system's cleaner otherwise
        let logger = Logger(label: "test")
        let ledger = try Ledger.open(LedgerLocation(directory: directory), bootID: "boot", logger: logger).ledger
        var service = Service()
        service.metadata.namespace = "default"
        service.metadata.name = "web"
        var slice = EndpointSlice()
        slice.metadata.namespace = "default"
        slice.metadata.name = "web-1"
        try await ledger.commit { [service, slice] transaction in
            try transaction.save(CatalogEntry(kind: "Service", key: "default/web", body: try JSONEncoder().encode(service)))
            try transaction.save(CatalogEntry(kind: "EndpointSlice", key: "default/web-1", body: try JSONEncoder().encode(slice)))
            try transaction.save(CatalogEntry(kind: "Service", key: "default/gone", body: Data()))
            try transaction.removeFromCatalog("Service", key: "default/gone")
        }

        let told = Mutex<[String]>([])
        let client = try KubeClient(configuration: KubeConfiguration(server: "https://127.0.0.1:1", trust: .anyone), logger: logger)
        let catalog = ServiceCatalog(client: client, ledger: ledger, listener: { services, slices in
            told.withLock { $0 = services.map(\.metadata.name) + slices.map(\.metadata.name) }
        }, logger: logger)
        await catalog.recall()
        #expect(told.withLock(\.self) == ["web", "web-1"])
        #expect(await catalog.services(in: "default") == [service])
        try await client.shutDown()
        try await ledger.close()
    }
}
