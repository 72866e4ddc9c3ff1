import CSandboxPlan

/// Lays values out one after the other in the form of `CSandboxPlan.h`.
struct PlanWriter {
    private(set) var bytes = [UInt8](repeating: 0, count: MemoryLayout<berth_plan_header>.size)

    mutating func text(_ value: some StringProtocol) -> berth_span {
        let span = berth_span(offset: UInt32(bytes.count), count: UInt32(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
        bytes.append(0)
        return span
    }

    /// `Element` is a C struct or an integer: its bytes are its meaning.
    mutating func array<Element: BitwiseCopyable>(_ elements: [Element]) -> berth_span {
        align()
        let span = berth_span(offset: UInt32(bytes.count), count: UInt32(elements.count))
        elements.withUnsafeBytes { bytes.append(contentsOf: $0) }
        return span
    }

    /// The span counts bytes.
    mutating func bytes(_ words: [UInt64]) -> berth_span {
        var span = array(words)
        span.count *= UInt32(MemoryLayout<UInt64>.size)
        return span
    }

    mutating func texts(_ values: [String]) -> berth_span {
        array(values.map { text($0) })
    }

    /// Appends the body and fills in the header.
    consuming func finished<Body: BitwiseCopyable>(_ body: Body, kind: Int) -> [UInt8] {
        let span = array([body])
        let header = berth_plan_header(
            magic: BERTH_PLAN_MAGIC, version: UInt16(BERTH_VERSION), kind: UInt16(kind), size: UInt32(bytes.count), body: span.offset)
        withUnsafeBytes(of: header) { bytes.replaceSubrange(0..<$0.count, with: $0) }
        return bytes
    }

    private mutating func align() {
        while bytes.count % 8 != 0 { bytes.append(0) }
    }
}
