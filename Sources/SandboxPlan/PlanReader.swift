import CSandboxPlan

/// Bytes that are no plan of this version: cut short, damaged, or written by another Berth.
package struct PlanFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String { "not a launch plan of version \(BERTH_VERSION)" }
}

/// Reads back what `PlanWriter` wrote, after `berth_plan_check` has followed every span in it.
struct PlanReader {
    private let bytes: [UInt8]
    private let body: Int

    init(_ bytes: [UInt8], kind: Int) throws(PlanFormatError) {
        // malloc aligns the array's storage to 16 bytes and its header takes 32, so the C structs in it are aligned.
        let verdict = bytes.withUnsafeBytes { berth_plan_check($0.baseAddress, $0.count, UInt16(kind)) }
        guard verdict == 0 else { throw PlanFormatError() }
        self.bytes = bytes
        body = bytes.withUnsafeBytes { Int($0.load(as: berth_plan_header.self).body) }
    }

    func body<Body: BitwiseCopyable>(as: Body.Type) -> Body {
        bytes.withUnsafeBytes { $0.load(fromByteOffset: body, as: Body.self) }
    }

    func text(_ span: berth_span) -> String {
        String(decoding: bytes[Int(span.offset)..<Int(span.offset + span.count)], as: UTF8.self)
    }

    /// As far as its NUL.
    func text(at offset: UInt32) -> String {
        String(decoding: bytes[Int(offset)...].prefix { $0 != 0 }, as: UTF8.self)
    }

    func array<Element: BitwiseCopyable>(_ span: berth_span, of: Element.Type) -> [Element] {
        bytes.withUnsafeBytes { raw in
            (0..<Int(span.count)).map {
                raw.load(fromByteOffset: Int(span.offset) + $0 * MemoryLayout<Element>.stride, as: Element.self)
            }
        }
    }

    /// Of a span that counts bytes.
    func words(_ span: berth_span) -> [UInt64] {
        array(berth_span(offset: span.offset, count: span.count / UInt32(MemoryLayout<UInt64>.size)), of: UInt64.self)
    }

    func texts(_ span: berth_span) -> [String] {
        array(span, of: berth_span.self).map(text)
    }
}
