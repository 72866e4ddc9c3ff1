package import Hummingbird
package import HTTPServing
package import HTTPTypes
package import KubeAPI

/// A request for a node's own API.
package struct NodeRequest: Sendable {
    /// The Node object; its addresses and port tell where to send it.
    package let node: JSONValue
    package let method: HTTPRequest.Method
    /// Path and query of the node API, such as `/containerLogs/default/web-0/nginx?follow=true`.
    package let path: String
    package let body: RequestBody
}

/// The way from the API to the nodes.
package protocol NodeProxy: Sendable {
    func respond(to request: NodeRequest, _ context: KubeRequestContext) async -> Response
    /// `upgrade` is what the client asked for; `request` where it goes.
    func upgrade(_ upgrade: UpgradeRequest, to request: NodeRequest, _ context: KubeRequestContext) async -> UpgradeDecision
}
