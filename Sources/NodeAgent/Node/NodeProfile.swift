package import KubeAPI
package import LinuxSystem
package import PodPlanning

/// What does not change about the node while the daemon runs, and is therefore configuration or found out at start.
package struct NodeProfile: Sendable {
    package var name: String
    package var machine: MachineFacts
    /// The first is the primary one.
    package var addresses: [String]
    package var labels: [String: String]
    /// Where the node's API listens.
    package var port: Int
    /// As Kubernetes reads it: `v1.36.x`.
    package var kubeletVersion: String
    /// `berth://<version>`.
    package var runtimeVersion: String
    package var maximumPods: Int
    /// Kept back for the system, of `cpu`, `memory` and `ephemeral-storage`.
    package var reserved: [String: Quantity]
    /// What is to stay free by them is not for pods to ask for.
    package var eviction: [EvictionThreshold]
    package var supportsUserNamespaces: Bool
    package var supportsRecursiveReadOnly: Bool
    /// Whether cgroups can keep a pod to its huge pages. Otherwise none are given away.
    package var limitsHugePages = true
    /// Handlers of the OCI runtimes, sorted.
    package var runtimes: [String] = []

    package init(
        name: String, machine: MachineFacts, addresses: [String], labels: [String: String] = [:], port: Int, kubeletVersion: String,
        runtimeVersion: String, maximumPods: Int = 110, reserved: [String: Quantity] = [:], eviction: [EvictionThreshold] = [], supportsUserNamespaces: Bool,
        supportsRecursiveReadOnly: Bool
    ) {
        self.name = name
        self.machine = machine
        self.addresses = addresses
        self.labels = labels
        self.port = port
        self.kubeletVersion = kubeletVersion
        self.runtimeVersion = runtimeVersion
        self.maximumPods = maximumPods
        self.reserved = reserved
        self.eviction = eviction
        self.supportsUserNamespaces = supportsUserNamespaces
        self.supportsRecursiveReadOnly = supportsRecursiveReadOnly
    }

    /// - Parameter storageBytes: size of the file system that holds pods and images.
    package func capacity(storageBytes: Int) -> [String: Quantity] {
        let pages = machine.hugePages.map { (HugePages.resource(pageBytes: $0.key), Quantity(bytes: limitsHugePages ? $0.value : 0)) }
        return [
            "cpu": Quantity(exactly: machine.processors),
            "memory": Quantity(bytes: machine.memoryBytes),
            "ephemeral-storage": Quantity(bytes: storageBytes),
            "pods": Quantity(exactly: maximumPods),
        ].merging(pages) { amount, _ in amount }
    }

    /// Capacity less what is reserved and what hard eviction thresholds keep free, never below zero.
    /// Source: Kubernetes, "Node Allocatable".
    package func allocatable(storageBytes: Int) -> [String: Quantity] {
        var amounts = enforced(storageBytes: storageBytes)
        for (name, free) in keptFree(by: eviction, memory: machine.memoryBytes, storage: storageBytes) {
            if let left = amounts[name] { amounts[name] = Quantity(exactly: max(left.value - free, 0)) }
        }
        return amounts
    }

    /// Capacity less what is reserved: what pods are kept to. Where that is less strict than what they may ask for, they are
    /// evicted before the kernel has to end one.
    package func enforced(storageBytes: Int) -> [String: Quantity] {
        var amounts = capacity(storageBytes: storageBytes)
        // Memory in huge pages is nobody else's.
        amounts["memory"] = Quantity(bytes: max(machine.memoryBytes - machine.hugePages.values.reduce(0, +), 0))
        for (name, amount) in reserved {
            guard let whole = amounts[name] else { continue }
            amounts[name] =
                name == "cpu"
                ? Quantity(milli: max(whole.milliValue - amount.milliValue, 0)) : Quantity(exactly: max(whole.value - amount.value, 0))
        }
        return amounts
    }

    /// The labels every node carries, and those of the operator. Source: Kubernetes, "Well-Known Labels".
    package var allLabels: [String: String] {
        [
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": machine.architecture,
            "beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": machine.architecture,
        ].merging(labels) { _, operators in operators }
    }
}
