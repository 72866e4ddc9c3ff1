import Glibc
package import Images
import LinuxSystem

/// The node's own registry logins, as `docker login` and kubelet keep them. Read for every pull, so that a new file counts at once.
package struct NodeLogins: Sendable {
    private let path: String

    /// - Parameter path: a `config.json`, which may be missing: then there are none.
    package init(path: String) { self.path = path }

    /// - Throws: `ImageError` for a file that is no `config.json`, or cannot be read.
    package func read() throws(ImageError) -> DockerConfig {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try SmallFile.bytes(path)
        } catch {
            if error.code == ENOENT { return DockerConfig() }
            throw .system(error)
        }
        return try DockerConfig(dockerConfigJSON: bytes)
    }
}
