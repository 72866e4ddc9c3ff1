import Glibc
import KubeAPI

/// What went wrong, and the operator's next step on a line of its own.
struct Failure: Error {
    let message: String
    let remedy: String?

    init(_ message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }

    init(_ error: any ActionableError) { self.init(error.description, remedy: error.remedy) }

    func report() {
        standardError("berthctl: \(message)")
        if let remedy { standardError("  try: \(remedy)") }
    }
}

func standardError(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    // Nobody is left to tell when standard error is closed.
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
