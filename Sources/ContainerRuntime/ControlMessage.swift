import CSandboxPlan
import LinuxSystem

/// A reply or event of `berth-pod`, with the descriptors that came along; the receiver owns those.
struct ControlReply: Sendable {
    let message: berth_reply
    let descriptors: [CInt]

    var kind: Int { Int(message.kind) }
    var container: String { Self.text(message.container) }
    var name: String { Self.text(message.name) }
    var subject: String { Self.text(message.subject) }
    var failure: RuntimeError { .stepFailed(step: Self.text(message.step), subject: subject, code: message.error) }

    var record: ContainerRecord {
        ContainerRecord(
            id: container, name: name, attempt: Int(message.attempt), pid: message.pid, startTicks: message.start_ticks,
            startedAt: WallTime(nanoseconds: message.started), exit: Int(message.flags) & BERTH_HAS_EXITED != 0 ? exit : nil)
    }

    var exit: ContainerExit {
        ContainerExit(
            id: container, code: Int(message.code), signal: message.signal == 0 ? nil : Int(message.signal),
            oomKilled: Int(message.flags) & BERTH_OOM_KILLED != 0, startedAt: WallTime(nanoseconds: message.started),
            finishedAt: WallTime(nanoseconds: message.finished))
    }

    /// Closes descriptors that nobody wants.
    func discardDescriptors() {
        for descriptor in descriptors { _ = OwnedFileDescriptor(adopting: descriptor) }
    }

    /// A C array of characters arrives as a tuple; the text ends at the first zero.
    private static func text<Field: BitwiseCopyable>(_ field: Field) -> String {
        withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension berth_request {
    init(_ operation: Int, container: String = "", value: UInt64 = 0, flags: Int = 0) {
        self.init()
        version = BERTH_VERSION
        self.operation = UInt32(operation)
        self.value = value
        self.flags = UInt32(flags)
        withUnsafeMutableBytes(of: &self.container) { $0.copyBytes(from: container.utf8.prefix($0.count)) }
    }
}
