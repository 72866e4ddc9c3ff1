import KubeAPI

/// `user:role:type`, and behind it a level where the policy has levels. Source: kernel, SELinux `string_to_context_struct`.
package struct SELinuxContext: Codable, Hashable, Sendable, CustomStringConvertible {
    package var user: String
    package var role: String
    package var type: String
    /// Empty in a policy without levels; may itself hold colons and commas, as `s0:c1,c2` does.
    package var level: String

    package init(user: String, role: String, type: String, level: String) {
        self.user = user
        self.role = role
        self.type = type
        self.level = level
    }

    /// - Returns: nil for what is no context.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3, !parts.contains("") else { return nil }
        self.init(user: parts[0], role: parts[1], type: parts[2], level: parts.count > 3 ? parts[3] : "")
    }

    package var description: String { level.isEmpty ? "\(user):\(role):\(type)" : "\(user):\(role):\(type):\(level)" }

    /// What the options name takes the place of what is there.
    func with(_ options: SELinuxOptions) -> SELinuxContext {
        func chosen(_ option: String, _ own: String) -> String { option.isEmpty ? own : option }
        return SELinuxContext(
            user: chosen(options.user, user), role: chosen(options.role, role), type: chosen(options.type, type), level: chosen(options.level, level))
    }
}

/// What the SELinux policy of the node has for containers.
package struct SELinuxPolicy: Codable, Hashable, Sendable {
    /// Of a container's processes, as far as its pod does not say otherwise.
    package var process = SELinuxContext(user: "system_u", role: "system_r", type: "container_t", level: "s0")
    /// Of its files.
    package var file = SELinuxContext(user: "system_u", role: "object_r", type: "container_file_t", level: "s0")
    /// The kernel knows these two. Else only pods that ask for a label get one.
    package var isForContainers = true

    /// - Parameter contexts: the policy's `contexts/lxc_contexts`: lines such as `process = "system_u:system_r:container_t:s0"`.
    package init(contexts: String = "") {
        for line in contexts.split(separator: "\n") {
            let halves = line.split(separator: "=", maxSplits: 1).map { $0.filter { !" \t\"".contains($0) } }
            guard halves.count == 2, let context = SELinuxContext(halves[1]) else { continue }
            switch halves[0] {
            case "process": process = context
            case "file": file = context
            default: break
            }
        }
    }
}

/// Two of the 1024 categories, which keep the pods of a node apart from each other: no other pod has both.
package struct SELinuxCategories: Codable, Hashable, Sendable {
    package let low: Int
    package let high: Int

    private static let count = 1024
    private static let pairs = count * (count - 1) / 2

    private init(index: Int) {
        var high = 1
        while (high + 1) * high / 2 <= index { high += 1 }
        self.high = high
        low = index - high * (high - 1) / 2
    }

    /// - Returns: the same for the same pod while it is free, so that files find their pod again; nil when all are taken.
    package static func free(for uid: String, besides taken: Set<SELinuxCategories>) -> SELinuxCategories? {
        // FNV-1a: Swift's own hashes differ from run to run.
        let hash = uid.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let start = Int(hash % UInt64(pairs))
        for offset in 0..<min(taken.count + 1, pairs) {
            let candidate = SELinuxCategories(index: (start + offset) % pairs)
            if !taken.contains(candidate) { return candidate }
        }
        return nil
    }
}

/// The labels of one container; nil where it gets none.
struct SELinuxLabels: Equatable {
    /// Of its processes.
    var process: SELinuxContext?
    /// Of the file systems made for it, and of the volumes that are its pod's own.
    var file: SELinuxContext?

    /// - Parameter categories: the pod's.
    /// - Throws: `seLinuxUnavailable` for labels that this node does not have.
    init(of container: Container, in pod: Pod, categories: SELinuxCategories?, on node: NodeFacts) throws(PlanningError) {
        // A container's options stand for all of the pod's, also those that it leaves out. Source: kubelet, `securitycontext` package.
        let options = container.securityContext.seLinuxOptions ?? pod.spec.securityContext.seLinuxOptions
        guard let policy = node.kernel.seLinux else {
            guard options == nil else { throw .seLinuxUnavailable }
            return
        }
        guard options != nil || policy.isForContainers else { return }
        var (process, file) = (policy.process, policy.file)
        if let categories, !process.level.isEmpty {
            process.level = "s0:c\(categories.low),c\(categories.high)"
            file.level = process.level
        }
        // Who shares the host's processes or memory has to do with all labels there are. Source: CRI-O.
        if container.securityContext.privileged || pod.spec.hostPID || pod.spec.hostIPC {
            process.type = "spc_t"
            process.level = policy.process.level
        }
        if let options {
            process = process.with(options)
            if !options.user.isEmpty { file.user = options.user }
            if !options.level.isEmpty { file.level = options.level }
        }
        self.process = process
        self.file = file
    }
}
