import NIOCore
import Synchronization

/// From a client's bytes to the answer's: the part of the server that knows no sockets.
final class DNSResponder: Sendable {
    private let registry: Mutex<ServiceRegistry>
    private let forwarder: DNSForwarder

    init(registry: ServiceRegistry, forwarder: DNSForwarder) {
        self.registry = Mutex(registry)
        self.forwarder = forwarder
    }

    func update(_ registry: ServiceRegistry) { self.registry.withLock { $0 = registry } }

    /// The message to send back; nil when silence is the right answer. Never fails.
    func respond(to bytes: [UInt8], by transport: DNSTransport, on loop: any EventLoop) -> EventLoopFuture<[UInt8]?> {
        let query: DNSQuery
        do throws(DNSQuery.Refusal) { query = try DNSQuery(parsing: bytes) } catch { return loop.makeSucceededFuture(error.message) }
        @Sendable func write(_ response: DNSResponse) -> [UInt8] {
            response.serialized(for: query, limit: transport == .datagram ? query.datagramLimit : DNSQuery.streamLimit)
        }
        @Sendable func finish(_ response: DNSResponse) -> EventLoopFuture<[UInt8]?> { loop.makeSucceededFuture(write(response)) }

        guard (query.extensions?.version ?? 0) == 0 else { return finish(.failure(.badVersion)) }
        // 128...254 are no types of records but requests, such as a zone transfer.
        guard !(128..<255).contains(query.question.type) else { return finish(.failure(.notImplemented)) }
        let registry = registry.withLock { $0 }
        switch answer(query.question, from: registry) {
        case .answer(var response):
            // Clients take the first address: let them take turns.
            if !response.answers.contains(where: { $0.type == DNSType.cname }) { response.answers.shuffle() }
            return finish(response)
        case .follow(let aliases, let target):
            return follow(aliases, to: target, query: query, registry: registry, loop: loop).map(write)
        case .forward:
            guard query.recursionDesired else { return finish(.failure(.refused)) }
            return forwarder.forward(bytes, by: transport, on: loop).map(Optional.some).flatMapError { _ in finish(.failure(.serverFailure)) }
        }
    }

    /// Stub resolvers do not follow aliases, so it is done for them.
    private func follow(
        _ aliases: [DNSRecord], to target: DNSName, query: DNSQuery, registry: ServiceRegistry, loop: any EventLoop
    ) -> EventLoopFuture<DNSResponse> {
        let question = DNSQuestion(name: target, type: query.question.type)
        switch answer(question, from: registry) {
        case .answer(var response):
            response.answers = aliases + response.answers
            return loop.makeSucceededFuture(response)
        case .follow(let more, let next):
            // Aliases in a circle: what there is so far is all that can be said.
            guard aliases.count < 8 else { return loop.makeSucceededFuture(DNSResponse(code: .serverFailure, answers: aliases)) }
            return follow(aliases + more, to: next, query: query, registry: registry, loop: loop)
        case .forward:
            // By TCP from the start would be slower; a truncated answer still carries whole records.
            let message = DNSQuery.message(id: query.id, question: question)
            return forwarder.forward(message, by: .datagram, on: loop).flatMapThrowing { reply in
                DNSResponse(answers: aliases + (try DNSResponse.answers(parsing: reply)))
            }.recover { _ in DNSResponse(code: .serverFailure, answers: aliases) }
        }
    }
}
