import CPodLaunch
import CSandboxPlan

/// A checked plan, mapped from the descriptor it came in. Gone with `close`, which a forked child does not notice.
struct Plan {
    let bytes: UnsafeRawPointer
    private let size: UInt64

    /// Nil for a plan that is damaged or of another version.
    init?(_ descriptor: Int32, kind: Int) {
        var size: UInt64 = 0
        guard let bytes = pod_map(descriptor, &size) else { return nil }
        guard berth_plan_check(bytes, Int(size), UInt16(kind)) == 0 else {
            pod_unmap(bytes, size)
            return nil
        }
        self.bytes = bytes
        self.size = size
    }

    func close() { pod_unmap(bytes, size) }

    func body<Body>(_: Body.Type) -> UnsafePointer<Body> { berth_plan_body(bytes).assumingMemoryBound(to: Body.self) }

    func text(_ span: berth_span) -> Text { berth_at(bytes, span.offset).assumingMemoryBound(to: CChar.self) }

    func array<Element>(_ span: berth_span, of: Element.Type) -> UnsafeBufferPointer<Element> {
        UnsafeBufferPointer(start: berth_at(bytes, span.offset).assumingMemoryBound(to: Element.self), count: Int(span.count))
    }
}
