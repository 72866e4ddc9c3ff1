import PodPlanning

/// Which pod of the node has which SELinux categories, as `UserRanges` has it for ids.
package actor CategoryPairs {
    private var pairs: [String: SELinuxCategories] = [:]

    package init() {}

    /// The pod's, now or from before; nil when all are taken.
    func pair(for uid: String) -> SELinuxCategories? {
        let pair = pairs[uid] ?? SELinuxCategories.free(for: uid, besides: Set(pairs.values))
        pairs[uid] = pair
        return pair
    }

    /// What the pod had before the daemon was started.
    func keep(_ pair: SELinuxCategories, for uid: String) { pairs[uid] = pair }

    /// When nothing of the pod runs any more.
    func release(_ uid: String) { pairs[uid] = nil }
}
