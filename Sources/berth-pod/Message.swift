import CPodLaunch
import CSandboxPlan

typealias Text = UnsafePointer<CChar>

extension berth_reply {
    init(_ kind: Int, tag: UInt64 = 0) {
        self.init()
        version = BERTH_VERSION
        self.kind = UInt32(kind)
        self.tag = tag
    }

    /// A failure or a warning: step and subject are cut to their fields.
    init(_ kind: Int, tag: UInt64, step: StaticString, subject: Text?, error: Int32) {
        self.init(kind, tag: tag)
        step.withUTF8Buffer { copyText($0.baseAddress, $0.count, into: &self.step) }
        if let subject { copyText(subject, into: &self.subject) }
        self.error = error
    }
}

/// Copies as much as the field has room for, with a zero at the end.
func copyText<Field>(_ text: UnsafePointer<UInt8>?, _ count: Int, into field: inout Field) {
    guard let text else { return }
    withUnsafeMutableBytes(of: &field) { bytes in
        let length = count < bytes.count ? count : bytes.count - 1
        for i in 0..<length { bytes[i] = text[i] }
        bytes[length] = 0
    }
}

func copyText<Field>(_ text: Text, into field: inout Field) {
    text.withMemoryRebound(to: UInt8.self, capacity: 1) { copyText($0, length(text), into: &field) }
}

func length(_ text: Text) -> Int {
    var count = 0
    while text[count] != 0 { count += 1 }
    return count
}

/// The identifiers of two messages, or of a message and a record, are equal.
func isSame<Left, Right>(_ left: Left, _ right: Right) -> Bool {
    withUnsafeBytes(of: left) { left in
        withUnsafeBytes(of: right) { right in
            for i in 0..<left.count where left[i] != right[i] { return false }
            return true
        }
    }
}
