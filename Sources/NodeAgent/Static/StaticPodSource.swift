import FoundationEssentials
import Glibc
package import KubeAPI
import LinuxSystem
package import Logging

/// The pods that a folder of manifests, or a single one, asks for. Source: kubelet `--pod-manifest-path`.
package struct StaticPodSource: Sendable {
    /// Reads one pod from YAML or JSON, fills in defaults, and says what is wrong with it.
    package typealias Reader = @Sendable (String) throws -> Pod

    /// A change that no watch has told of, such as the folder's own appearance, is found after this. Source: kubelet `fileCheckFrequency`.
    private static let interval = Duration.seconds(20)
    /// A file is often written in several steps; looked at between two of them, it would be another pod.
    private static let quiet = Duration.milliseconds(200)
    /// Bytes. Source: kubelet `maxConfigLength`.
    private static let limit = 10 << 20

    private let path: String
    private let nodeName: String
    private let read: Reader
    private let logger: Logger

    /// - Parameter path: absolute; a folder, or one manifest. It may be missing, which is no pods.
    package init(path: String, nodeName: String, logger: Logger, read: @escaping Reader) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        self.nodeName = nodeName
        self.logger = logger
        self.read = read
    }

    /// Delivers every pod there is, now and after every change, until cancelled.
    package func run(deliver: @Sendable ([Pod]) async -> Void) async {
        var complaints: Set<String> = []
        while !Task.isCancelled {
            // Watched before it is read, so that nothing is missed in between. Where there is nothing to watch, time passes.
            let watch = try? FileWatch(names: path)
            do {
                let (pods, troubles) = try await look()
                for trouble in troubles.subtracting(complaints) { logger.error("manifest not used", metadata: ["error": "\(trouble)"]) }
                complaints = troubles
                await deliver(pods)
            } catch {
                // What was asked for before is still asked for.
                logger.error("manifests not read", metadata: ["path": "\(path)", "error": "\(error)"])
            }
            await waitForChange(watch)
        }
    }

    private func waitForChange(_ watch: FileWatch?) async {
        await withTaskGroup(of: Void.self) { group in
            // Each ends early only by cancellation, which the caller sees.
            group.addTask { try? await Task.sleep(for: Self.interval) }
            if let watch {
                group.addTask {
                    for await _ in watch.changes { return }
                }
            }
            await group.next()
            group.cancelAll()
        }
        try? await Task.sleep(for: Self.quiet)
    }

    private func look() async throws -> (pods: [Pod], troubles: Set<String>) {
        let path = path
        let texts = try await onDedicatedThread { () throws(SystemCallError) in try Self.manifests(at: path) }
        var pods: [Pod] = []
        var troubles: Set<String> = []
        for (file, text) in texts {
            do throws(StaticPodError) {
                let manifest: Pod
                do { manifest = try read(text) } catch { throw .notAPod(file: file, cause: error) }
                pods.append(try Pod(manifest: manifest, file: file, nodeName: nodeName, now: Date()))
            } catch {
                troubles.insert(error.advice)
            }
        }
        return (pods, troubles)
    }

    /// Names that begin with a dot are an editor's, and folders are not entered.
    private static func manifests(at path: String) throws(SystemCallError) -> [(file: String, text: String)] {
        var info = stat()
        guard stat(path, &info) == 0 else {
            if errno == ENOENT { return [] }
            throw SystemCallError(call: "stat", subject: path, code: errno)
        }
        guard info.st_mode & S_IFMT == S_IFDIR else { return [(path, try text(path))] }
        let names = try DirectoryEntry.list(path).filter { !$0.isDirectory && !$0.name.hasPrefix(".") }.map(\.name).sorted()
        var found: [(String, String)] = []
        for file in names.map({ "\(path)/\($0)" }) {
            do throws(SystemCallError) { found.append((file, try text(file))) } catch where error.code == ENOENT {}
        }
        return found
    }

    private static func text(_ file: String) throws(SystemCallError) -> String {
        String(decoding: try SmallFile.bytes(file, limit: limit), as: UTF8.self)
    }
}
