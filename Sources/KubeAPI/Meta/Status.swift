/// The API server's answer when there is no object to answer with. Source: metav1.Status.
package struct Status: Codable, Hashable, Sendable {
    package var apiVersion = "v1"
    package var kind = "Status"
    /// Success or Failure.
    package var status = ""
    package var message = ""
    /// NotFound, AlreadyExists, Conflict, Invalid, Forbidden, Gone, …
    package var reason = ""
    package var details: StatusDetails?
    /// The HTTP status.
    package var code = 0

    package init(code: Int, reason: String, message: String, details: StatusDetails? = nil) {
        status = (200..<300).contains(code) ? "Success" : "Failure"
        self.message = message
        self.reason = reason
        self.details = details
        self.code = code
    }
}

package struct StatusDetails: Codable, Hashable, Sendable {
    package var name = ""
    package var group = ""
    package var kind = ""
    package var uid = ""
    package var causes: [StatusCause] = []
    package var retryAfterSeconds = 0

    package init(name: String = "", group: String = "", kind: String = "", uid: String = "", causes: [StatusCause] = []) {
        self.name = name
        self.group = group
        self.kind = kind
        self.uid = uid
        self.causes = causes
    }
}

/// `field` is a path such as `spec.containers[0].image`.
package struct StatusCause: Codable, Hashable, Sendable {
    package var reason = ""
    package var message = ""
    package var field = ""
    package init(reason: String, message: String, field: String = "") {
        self.reason = reason
        self.message = message
        self.field = field
    }
}
