import SandboxPlan
import Logging
import ContainerRuntime
import FoundationEssentials
import Glibc
import KubeAPI
import Ledger
import LinuxSystem
import Networking
import PodPlanning

/// Setting the pod up before its first container, and taking it down after its last.
extension PodWorker {
    /// Volumes, sandbox, network and the files every container shares.
    func setUp(attempt: Int) async {
        do {
            if setUpFailures == 0 { logger.info("setting up", metadata: ["sandbox.attempt": "\(attempt)"]) }
            let paths = node.facts.paths
            try DirectoryTree.make(paths.pod(identity.uid), mode: 0o750)
            // Side by side: neither needs the other, except that files may tell the pod's address.
            async let mounted: Void = publishVolumes(podIPs: memory.record.podIPs)
            let (made, ips) = try await createSandbox(attempt: attempt)
            try await mounted
            if pod.tellsItsAddress { try await publishVolumes(podIPs: ips) }
            try Task.checkCancellation()
            try writeSharedFiles(podIPs: ips)
            // Its end, meanwhile, was the end of a pod without containers.
            guard sandbox?.pid == made.pid else { throw RuntimeError.sandboxLost(pod: identity.uid) }
            memory.record.sandboxReady(attempt: attempt, podIPs: ips)
            memory.record.sandboxRetryAt = nil
            setUpFailures = 0
            // Nothing waits for it: whatever is written down later is on disk later.
            begin(.recordSetUp) { await $0.persist() }
        } catch is CancellationError {
            await persist()  // the network stands all the same
        } catch {
            setUpFailures += 1
            let delay = min(0.5 * Double(1 << min(setUpFailures - 1, 8)), 60)
            memory.record.sandboxRetryAt = Date().addingTimeInterval(delay)
            memory.record.sandboxError = "\(error)"
            if setUpFailures > 1 || (error as? VolumeTrouble)?.isForbidden != true {
                logger.warning("pod not set up yet", metadata: ["error": "\(error)"])
                let note = SetUpTrouble(error)
                node.events.record(.warning, note.reason, note.message, about: pod)
            }
            await persist()
        }
    }

    /// - Returns: also the pod's addresses.
    private func createSandbox(attempt: Int) async throws -> (sandbox: Sandbox, ips: [String]) {
        let handler = try await RuntimeHandler.runtime(for: pod, client: node.client, ledger: node.ledger, facts: node.facts)
        let granted = granted
        let plan = try sandboxPlan(for: granted, userMapping: await userMapping(), runtime: handler, on: node.facts)
        let uid = identity.uid
        let runtime = node.runtime
        let addition = Intent(.addNetwork, subject: uid, detail: uid)
        var intent: OpenIntent?
        let new: Sandbox
        if let sandbox {
            new = sandbox
        } else {
            // There is no earlier network to undo in between, so that the one intent may go with the other's result.
            let isFirst = attempt == 0 && !mayHoldNetwork && !pod.spec.hostNetwork
            let bootID = node.ledger.bootID
            let making = try await node.ledger.begin(Intent(.createSandbox, subject: uid))
            new = try await node.ledger.perform(making) { try await runtime.createSandbox(plan) }
            holdsOldNetwork = !isFirst
            adopt(new)  // also when that cannot be written down: a second one cannot be made
            memory.record.allocationInForce = ResourceAllocation(of: granted.spec)
            let entry = SandboxEntry(
                podUID: uid, attempt: attempt, state: .ready, pid: new.pid, bootID: bootID, cgroup: plan.cgroup.directories.first ?? "",
                createdAt: Date())
            intent = try await node.ledger.commit(step: "result of createSandbox") { transaction in
                try transaction.save(entry)
                try transaction.finish(making)
                return isFirst ? try transaction.open(addition, bootID: bootID) : nil
            }
        }
        if pod.spec.hostNetwork { return (new, node.facts.nodeIPs) }
        if intent == nil {
            let known = try await recordedNetwork()
            if let known, !holdsOldNetwork, known.namespacePath == new.networkNamespacePath { return (new, known.result.ips) }
            // Of an earlier sandbox, or half made when the daemon died.
            try await releaseNetwork()
            holdsOldNetwork = false
        }
        let adding = if let intent { intent } else { try await node.ledger.begin(addition) }
        let attachment = attachment(namespace: new.networkNamespacePath)
        let network = node.network
        mayHoldNetwork = true
        let result = try await node.ledger.perform(adding) { try await network.add(attachment) }
        let entry = NetworkEntry(
            podUID: uid, network: result.configuration["name"]?.string ?? "", namespacePath: new.networkNamespacePath, ips: result.ips,
            result: try JSONEncoder().encode(result), addedAt: Date())
        unwritten[adding] = { try $0.save(entry) }
        return (new, result.ips)
    }

    /// Written down before anything is made of it.
    private func userMapping() async -> IDMapping? {
        guard pod.spec.hostUsers == false else { return nil }
        if memory.userMapping == nil {
            memory.userMapping = await node.userRanges.range(for: identity.uid)
            await persist()
        }
        return memory.userMapping
    }

    private func recordedNetwork() async throws -> (namespacePath: String, result: NetworkResult)? {
        let uid = identity.uid
        guard let entry = try await node.ledger.read({ try $0.network(of: uid) }) else { return nil }
        return (entry.namespacePath, try JSONDecoder().decode(NetworkResult.self, from: entry.result))
    }

    private func attachment(namespace: String?) -> PodAttachment {
        PodAttachment(
            containerID: identity.uid, networkNamespace: namespace, namespace: identity.namespace, name: identity.name,
            uid: identity.uid, portMappings: PortMapping.of(pod.spec))
    }

    /// `/etc/hosts`, `/etc/resolv.conf` and `/etc/hostname` of the pod.
    private func writeSharedFiles(podIPs: [String]) throws {
        let paths = node.facts.paths
        let domain = node.facts.clusterDomain
        let hosts = hostsFile(
            for: pod, podIPs: pod.spec.hostNetwork ? [] : podIPs, domain: domain, hostFile: (try? SmallFile.text("/etc/hosts")) ?? "")
        // A node without a resolver configuration gives its pods none.
        let host = ResolverConfiguration(parsing: (try? SmallFile.text("/etc/resolv.conf")) ?? "")
        let (resolver, warnings) = resolvConf(for: pod, clusterDNS: node.facts.clusterDNS, domain: domain, host: host)
        for warning in warnings { node.events.record(.warning, "DNSConfigForming", warning, about: pod) }
        let name = pod.spec.hostNetwork ? node.facts.hostname : Networking.PodHostname(of: pod, domain: domain).short
        for (path, text) in [
            (paths.hostsFile(identity.uid), hosts), (paths.resolvConf(identity.uid), resolver.text), (paths.hostnameFile(identity.uid), name + "\n"),
        ] {
            // In place: containers of the pod have these very files mounted.
            let file = try OwnedFileDescriptor(opening: path, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
            let bytes = Array(text.utf8)
            try systemCall("write", on: path) { write(file.rawValue, bytes, bytes.count) }
        }
    }

    /// Namespaces, network, volumes and directories go, each step on its own repeatable.
    func tearDown() async throws {
        let uid = identity.uid
        if let sandbox {
            try await node.ledger.bracket(
                Intent(.removeSandbox, subject: uid),
                effect: { try await sandbox.shutDown() },
                recording: { transaction, _ in
                    for entry in try transaction.snapshot.sandboxes(of: uid) { try transaction.removeSandbox(of: uid, attempt: entry.attempt) }
                })
            dropSandbox()
            memory.record.sandboxLost(at: Date())
        } else {
            // Of a supervisor that was lost.
            let handler = try? await RuntimeHandler.remembered(for: pod, ledger: node.ledger, facts: node.facts)
            try await node.runtime.removeRemains(ofPod: uid, planned: try? sandboxPlan(for: pod, runtime: handler, on: node.facts))  // some pods cannot be planned
        }
        try await releaseNetwork()
        try await node.volumes.unpublish(podUID: uid)
        volumes = [:]
        try removeDirectories()
        memory.userMapping = nil
        memory.categories = nil
        await node.userRanges.release(uid)
        await node.categoryPairs.release(uid)
    }

    /// Also what may have been made without being written down. When it fails, the next attempt begins here again.
    private func releaseNetwork() async throws {
        let uid = identity.uid
        if !unwritten.isEmpty { await persist() }  // one of them may be what is to be released
        let known = try await recordedNetwork()
        guard known != nil || mayHoldNetwork else { return }
        let network = node.network
        let attachment = attachment(namespace: nil)
        try await node.ledger.bracket(
            Intent(.deleteNetwork, subject: uid),
            effect: { try await network.delete(attachment, result: known?.result) },
            recording: { transaction, _ in try transaction.removeNetwork(of: uid) })
        mayHoldNetwork = false
    }

    private func removeDirectories() throws {
        let paths = node.facts.paths
        try FileTree.remove(path: paths.pod(identity.uid))
        // Supervisors remove them with their containers; one that was killed could not.
        for progress in memory.record.containers.values {
            for run in [progress.current, progress.previous].compactMap(\.self) { try removeScratch(ofRun: run.id) }
        }
        if isDeleted { try removeLogs() }  // those of a finished pod can still be asked for
    }

    /// The pod's logs, with the links that lead to them. Gone already is fine.
    func removeLogs() throws(SystemCallError) {
        let paths = node.facts.paths
        let logs = paths.podLogDirectory(identity)
        try removeLogLinks(into: logs)
        try FileTree.remove(path: logs)
    }

    /// The writable layer of a container that is nobody's any more; gone already is fine.
    func removeScratch(ofRun id: String) throws(SystemCallError) {
        try FileTree.remove(path: node.facts.paths.containerScratch(id))
    }

    /// Of every run, also of one that was made ready and then not written down.
    private func removeLogLinks(into logs: String) throws(SystemCallError) {
        let paths = node.facts.paths
        let prefix = "\(identity.name)_\(identity.namespace)_"
        for entry in try DirectoryEntry.list(paths.containerLogLinks) where entry.name.hasPrefix(prefix) {
            let link = "\(paths.containerLogLinks)/\(entry.name)"
            guard let target = SmallFile.linkTarget(link), target.hasPrefix("\(logs)/") else { continue }
            unlink(link)  // gone already is as good
        }
    }
}

/// How an error of the setup is told to the user.
private struct SetUpTrouble {
    let reason: String
    let message: String

    init(_ error: any Error) {
        switch error {
        case let error as VolumeTrouble: (reason, message) = ("FailedMount", error.description)
        case let error as NetworkError:
            (reason, message) = ("FailedCreatePodSandBox", "Failed to create pod sandbox: network: \(error)")
        default: (reason, message) = ("FailedCreatePodSandBox", "Failed to create pod sandbox: \(error)")
        }
    }
}

extension Pod {
    /// Some file among its volumes says `status.podIP`, which is known only when the network is up.
    fileprivate var tellsItsAddress: Bool {
        spec.volumes.contains { volume in
            let items = (volume.downwardAPI?.items ?? []) + (volume.projected?.sources ?? []).flatMap { $0.downwardAPI?.items ?? [] }
            return items.contains { $0.fieldRef?.fieldPath.hasPrefix("status.podIP") ?? false }
        }
    }

    /// Some volume holds files that Berth writes.
    var hasFileVolumes: Bool {
        spec.volumes.contains { $0.configMap != nil || $0.secret != nil || $0.downwardAPI != nil || $0.projected != nil }
    }
}
