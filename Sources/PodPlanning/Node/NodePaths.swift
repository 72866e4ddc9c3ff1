package import SandboxPlan

/// Every path of a node, derived from one root: empty in production, a temporary directory in tests, so that several
/// nodes run side by side. Where log collectors and CSI drivers hard-code a path, it is kubelet's.
package struct NodePaths: Codable, Hashable, Sendable {
    /// Empty, or an absolute directory without a trailing slash.
    package let root: String

    package init(root: String = "") { self.root = root }

    package var kubelet: String { "\(root)/var/lib/kubelet" }
    package var podsDirectory: String { "\(kubelet)/pods" }
    package var podLogs: String { "\(root)/var/log/pods" }
    package var containerLogLinks: String { "\(root)/var/log/containers" }
    /// Ledger, images, provisioned volumes and keys.
    package var state: String { "\(root)/var/lib/berth" }
    /// Sockets and pod supervisors; gone after a reboot.
    package var run: String { "\(root)/run/berth" }
    package var configuration: String { "\(root)/etc/berth" }

    /// Has logind wait for the pods' end when the machine goes down. Late in the order of its kind, as kubelet's is.
    package var logindDelay: String { "\(root)/etc/systemd/logind.conf.d/99-berth.conf" }

    package var ledger: String { "\(state)/ledger.sqlite" }
    package var images: String { "\(state)/images" }
    /// Beside the images' layers, on the same file system: below them, they are layers too.
    package func skeleton(_ skeleton: RootSkeleton) -> String { "\(images)/skeletons/\(skeleton.rawValue)" }
    package var provisionedVolumes: String { "\(state)/volumes" }
    /// host-local's `dataDir`: which pod holds which address.
    package var networkState: String { "\(state)/network" }
    package var networkConfiguration: String { "\(root)/etc/cni/net.d" }
    package var keys: String { "\(state)/keys" }
    package var controlPlaneDatabase: String { "\(state)/control-plane.sqlite" }
    /// `berthctl`'s way in, mode 0600.
    package var socket: String { "\(run)/berthd.sock" }
    package var adminKubeconfig: String { "\(configuration)/admin.kubeconfig" }
    /// Where a `Localhost` seccomp profile is looked up. Source: kubelet `--root-dir`/seccomp.
    package var seccompProfiles: String { "\(kubelet)/seccomp" }

    package func pod(_ uid: String) -> String { "\(podsDirectory)/\(uid)" }
    package func podVolumes(_ uid: String) -> String { "\(pod(uid))/volumes" }
    /// `plugin` is a volume plugin's name, such as `kubernetes.io/empty-dir`, whose slash becomes a tilde.
    package func volume(_ name: String, plugin: String, of uid: String) -> String {
        "\(podVolumes(uid))/\(plugin.replacing("/", with: "~"))/\(name)"
    }
    package func hostsFile(_ uid: String) -> String { "\(pod(uid))/etc-hosts" }
    package func resolvConf(_ uid: String) -> String { "\(pod(uid))/resolv.conf" }
    package func hostnameFile(_ uid: String) -> String { "\(pod(uid))/hostname" }
    /// The file behind `terminationMessagePath`; the agent makes it, empty and mode 0666, before the container starts.
    package func terminationLog(_ container: String, attempt: Int, of uid: String) -> String {
        "\(pod(uid))/\(terminationLogPrefix(container))\(attempt)"
    }
    /// Of their names in the pod's directory. A container's name has no dot.
    package func terminationLogPrefix(_ container: String) -> String { "termination.\(container)." }

    package func podLogDirectory(_ pod: PodIdentity) -> String { "\(podLogs)/\(pod.namespace)_\(pod.name)_\(pod.uid)" }
    package func containerLog(_ container: String, attempt: Int, of pod: PodIdentity) -> String {
        "\(podLogDirectory(pod))/\(container)/\(attempt).log"
    }
    /// The symbolic link that log collectors follow; cut so that it fits a file name of 255 bytes, as kubelet cuts it.
    package func containerLogLink(_ container: String, id: String, of pod: PodIdentity) -> String {
        let stem = "\(pod.name)_\(pod.namespace)_\(container)-\(id)"
        return "\(containerLogLinks)/\(stem.prefix(255 - ".log".count)).log"
    }

    /// Upper and work directory of a container's root; removed with the container.
    /// Writable layers of containers, by container id.
    package var containers: String { "\(state)/containers" }
    package func containerScratch(_ id: String) -> String { "\(containers)/\(id)" }
    /// The supervisor's socket and records, mode 0700.
    package func podRun(_ uid: String) -> String { "\(run)/pods/\(uid)" }
}
