package import SandboxPlan

/// The lowest layer of a container's root: places at which nearly every container has something mounted, and which many images lack.
/// overlayfs shows what the image has in their stead; what no layer had would be made in the writable one, for each container anew, with a
/// copy of the directory it is in. The node makes these layers once, and a container sees no more of them than its own mount points.
package enum RootSkeleton: String, CaseIterable, Sendable {
    case plain
    /// With the place of the credentials that the API server gives to a pod.
    case account

    /// Source: Kubernetes, "Managing Service Accounts", the ServiceAccount admission controller.
    private static let credentials = "/var/run/secrets/kubernetes.io/serviceaccount"

    package init(for mounts: [MountPlan]) {
        self = mounts.contains { $0.destination == Self.credentials } ? .account : .plain
    }

    /// Paths in the layer, a directory before what it holds. All belong to root, with the mode that mount points are made with: 0755.
    package var directories: [String] {
        ["/dev", "/etc", "/proc", "/sys"] + (self == .plain ? [] : Self.withParents(Self.credentials))
    }

    /// The same for empty files, with the mode 0644.
    package var files: [String] { ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"] }

    private static func withParents(_ path: String) -> [String] {
        path.split(separator: "/").reduce(into: []) { $0.append(($0.last ?? "") + "/\($1)") }
    }
}
