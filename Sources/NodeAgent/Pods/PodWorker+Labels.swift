import KubeAPI
import LinuxSystem
import PodPlanning
import SandboxPlan

/// The security labels of containers: known to the kernel, and on the files that are the pod's own.
extension PodWorker {
    /// Written down before anything is labelled with it. Nil on a node without SELinux.
    func categories() async -> SELinuxCategories? {
        guard node.facts.kernel.seLinux != nil else { return nil }
        if memory.categories == nil {
            memory.categories = await node.categoryPairs.pair(for: identity.uid)
            await persist()
        }
        return memory.categories
    }

    /// - Throws: for a label that the kernel does not know, or a file that does not take it.
    func settleLabels(of plan: ContainerPlan) async throws {
        for context in [plan.process.seLinuxLabel, plan.mountLabel].compactMap(\.self) {
            guard try SecurityModules.knows(seLinuxContext: context) else { throw PlanningError.unknownSELinuxContext(context) }
        }
        if let profile = plan.process.appArmorProfile, profile != "unconfined", profile != node.facts.kernel.appArmorDefaultProfile,
            try !SecurityModules.isLoaded(appArmorProfile: profile)
        {
            throw PlanningError.appArmorProfileNotFound(profile)
        }
        guard let label = plan.mountLabel else { return }
        let paths = labelledPaths(of: plan)
        do throws(SystemCallError) {
            try await onDedicatedThread { () throws(SystemCallError) in
                for path in paths { try FileLabel.apply(label, to: path) }
            }
        } catch {
            throw PlanningError.unlabelledVolume(error.subject, context: label, problem: "\(error)")
        }
    }

    /// What the container sees of the pod's: its files from the node, and its volumes. Not what is the host's, or every pod's with
    /// the same image. Source: Kubernetes, "Assign SELinux labels to a Container".
    private func labelledPaths(of plan: ContainerPlan) -> [String] {
        let foreign = Set(pod.spec.volumes.filter { $0.hostPath != nil || $0.image != nil }.compactMap { volumes[$0.name]?.hostPath })
        let own = Set(volumes.values.map(\.hostPath)).subtracting(foreign)
        let directory = node.facts.paths.pod(identity.uid) + "/"
        return plan.mounts.compactMap { mount in
            guard case .bind(let root, _, _) = mount.source, own.contains(root) || root.hasPrefix(directory) && !foreign.contains(root) else { return nil }
            return root
        }
    }
}
