package import KubeAPI
import KubeClient
import Synchronization

/// This node's Node object, as the API server last showed it.
package final class NodeMirror: Sendable {
    private let node = Mutex<Node?>(nil)

    package init() {}

    /// Nil before the node is registered, and after somebody has deleted its object.
    package var current: Node? { node.withLock { $0 } }
    package var taints: [Taint] { current?.spec.taints ?? [] }

    func take(_ newer: Node?) { node.withLock { $0 = newer } }

    func take(_ change: InformerChange<Node>) {
        switch change {
        case .replaced(let nodes, _): take(nodes.first)
        case .applied(let newer): take(newer)
        case .deleted: take(nil)
        }
    }
}
