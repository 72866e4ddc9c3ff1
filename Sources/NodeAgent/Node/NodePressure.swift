import Synchronization

/// The conditions of the Node that pressure has made true, such as `MemoryPressure`: found out in one place, asked in several.
package final class NodePressure: Sendable {
    private let conditions = Mutex<Set<String>>([])

    package init() {}

    package var current: Set<String> { conditions.withLock { $0 } }

    private let shutdown = Mutex(false)

    /// The machine goes down.
    package var isShuttingDown: Bool {
        get { shutdown.withLock { $0 } }
        set { shutdown.withLock { $0 = newValue } }
    }

    func take(_ newer: Set<String>) { conditions.withLock { $0 = newer } }
}
