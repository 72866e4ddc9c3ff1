/// How far one connection is: what, if anything, its peer is being waited for.
struct RequestProgress: Hashable {
    enum Event: CaseIterable { case handshakeDone, requestHead, requestEnd, responseEnd }
    enum Wait: Hashable { case handshake, header, body, idle }

    /// Nil while an answer is under way, which has no limit.
    private(set) var wait: Wait?
    private var begun = 0
    private var received = 0
    private var answered = 0

    init(hasHandshake: Bool) { wait = hasHandshake ? .handshake : .header }

    mutating func note(_ event: Event) {
        switch event {
        case .handshakeDone: break
        case .requestHead: begun += 1
        case .requestEnd: received += 1
        case .responseEnd: answered += 1
        }
        // A body is waited for also when its answer is out already: refused requests have bodies as well.
        wait = received < begun ? .body : answered < begun ? nil : begun == 0 ? .header : .idle
    }
}
