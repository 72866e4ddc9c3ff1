import LinuxSystem

/// How long something has been in the trash by what the machine itself has lived through: a clock that jumps ahead, or is set
/// after a boot without a battery, does not make it older.
package struct TrashAge: Codable, Hashable, Sendable {
    /// Seconds that were observed.
    package private(set) var seconds = 0.0
    /// When it was last looked at: in which boot, and how many seconds into it.
    private var bootID: String
    private var uptime: Double

    package init(bootID: String, uptime: Double) {
        self.bootID = bootID
        self.uptime = uptime
    }

    /// Time between the last look of one boot and the first of the next is not counted: nobody knows how long it was.
    package mutating func look(bootID: String, uptime: Double) {
        if bootID == self.bootID { seconds += max(uptime - self.uptime, 0) }
        self.bootID = bootID
        self.uptime = uptime
    }
}
