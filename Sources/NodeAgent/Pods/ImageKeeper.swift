package import FoundationEssentials
package import Images
package import KubeAPI
import Logging
import OCISpec
import PodPlanning

/// Has images ready for containers: by their pull policy, with a back-off that all pods share.
package actor ImageKeeper {
    package enum Outcome: Sendable {
        /// `pulled` is how long it took; nil when the image was here already.
        case ready(StoredImage, pulled: Duration?)
        case held(ContainerStateWaiting, retryAt: Date)
    }

    private struct Failure {
        var count: Int
        var retryAt: Date
        var message: String
    }

    /// Seconds between a failed pull and the look at what became of it, which finds the back-off and says so.
    private static let firstLook = 2.0

    private let store: ImageStore
    private var failures: [String: Failure] = [:]

    private let garbage: ImageGarbagePolicy
    private let nodeLogins: NodeLogins

    package init(store: ImageStore, nodeLogins: NodeLogins, garbage: ImageGarbagePolicy = ImageGarbagePolicy()) {
        self.nodeLogins = nodeLogins
        self.store = store
        self.garbage = garbage
    }

    /// - Parameters:
    ///   - mayFallBack: the container ran here before: when the registry is away, the image of then will do.
    ///   - willPull: told just before a pull begins.
    ///   - progress: told how far a pull is, as often as there is something to tell.
    package func image(
        _ name: String, policy: PullPolicy, logins: DockerConfig, mayFallBack: Bool, willPull: @Sendable () -> Void,
        progress: @escaping PullProgressHandler
    ) async -> Outcome {
        let present = await store.image(named: name)
        switch policy {
        case .ifNotPresent, .never:
            if let present { return .ready(present, pulled: nil) }
        case .always: break
        }
        if policy == .never {
            let message = "Container image \"\(name)\" is not present with pull policy of Never"
            return .held(ContainerStateWaiting(reason: "ErrImageNeverPull", message: message), retryAt: Date().addingTimeInterval(30))
        }
        let reference: ImageReference
        do throws(ImageError) {
            reference = try ImageReference(parsing: name)
        } catch {
            // No later try can do better; the long wait is kubelet's.
            let message = "Failed to apply default image tag \"\(name)\": \(error)"
            return .held(ContainerStateWaiting(reason: "InvalidImageName", message: message), retryAt: Date().addingTimeInterval(300))
        }
        if let failure = failures[name], failure.retryAt.isAwaited(at: Date()) {
            if mayFallBack, let present { return .ready(present, pulled: nil) }
            let message = "Back-off pulling image \"\(name)\": ErrImagePull: \(failure.message)"
            return .held(ContainerStateWaiting(reason: "ImagePullBackOff", message: message), retryAt: failure.retryAt)
        }

        let clock = ContinuousClock()
        let start = clock.now
        do throws(ImageError) {
            let image = try await pull(reference, as: name, logins: logins, willPull: willPull, progress: progress)
            failures[name] = nil
            return .ready(image, pulled: start.duration(to: clock.now))
        } catch {
            if mayFallBack, let present { return .ready(present, pulled: nil) }
            return .held(ContainerStateWaiting(reason: "ErrImagePull", message: error.advice), retryAt: Date().addingTimeInterval(Self.firstLook))
        }
    }

    /// - Parameters:
    ///   - inUse: ids of images that stay.
    ///   - lastUsed: by id, seconds since 1970.
    /// - Returns: the ids of those removed.
    func collectGarbage(inUse: Set<String>, lastUsed: [String: Int], at now: Date, everything: Bool) async throws(ImageError) -> [String] {
        // Those that a start is about to stand on have just been pulled, or looked up.
        let policy = everything ? ImageGarbagePolicy(minimumAge: garbage.minimumAge, maximumAge: garbage.minimumAge) : garbage
        return try await store.collectGarbage(inUse: inUse, lastUsed: lastUsed, policy: policy, now: Int(now.timeIntervalSince1970))
    }

    /// The image a container runs, by its id; nil when it was removed meanwhile.
    package func stored(_ id: String) async -> StoredImage? { await store.image(named: id) }

    private func pull(
        _ reference: ImageReference, as name: String, logins: DockerConfig, willPull: @Sendable () -> Void, progress: @escaping PullProgressHandler
    ) async throws(ImageError) -> StoredImage {
        willPull()
        do throws(ImageError) {
            // The pod's own come first. Source: kubelet, `MakeDockerKeyring`.
            let all = logins.merging(try nodeLogins.read())
            return try await store.pull(reference, trying: all.credentials(for: reference), progress: progress)
        } catch {
            if case .cancelled = error { throw error }
            // 10 s, doubling to 5 minutes. Source: kubelet, `MaxContainerBackOff`.
            let count = (failures[name]?.count ?? 0) + 1
            let delay = min(10 * Double(1 << min(count - 1, 5)), 300)
            failures[name] = Failure(count: count, retryAt: Date().addingTimeInterval(delay), message: error.advice)
            throw error
        }
    }
}

package enum PullPolicy: String, Sendable {
    case always = "Always"
    case ifNotPresent = "IfNotPresent"
    case never = "Never"

    /// The container's own, or the API's default: Always for the tag `latest`, else IfNotPresent.
    package init(of container: Container) { self.init(named: container.imagePullPolicy, image: container.image) }

    /// - Parameter name: empty for the default.
    package init(named name: String, image: String) {
        if let named = PullPolicy(rawValue: name) {
            self = named
            return
        }
        let lastPart = image.split(separator: "/").last ?? ""
        let isLatest = !lastPart.contains("@") && (!lastPart.contains(":") || lastPart.hasSuffix(":latest"))
        self = isLatest ? .always : .ifNotPresent
    }
}

extension ResolvedImage {
    init(_ image: StoredImage) {
        self.init(layers: image.layers, config: image.config, imageID: image.id, passwd: image.passwd, group: image.group)
    }
}
