import KubeAPI
import OCISpec

/// Who a container runs as, from the spec's security contexts, the image's `User`, and the image's passwd and group files.
struct UserIdentity: Hashable {
    var uid: UInt32
    var gid: UInt32
    /// Supplementary groups: `gid` first, so that a set-group-ID program does not shed it, and with it what files deny
    /// that group (CVE-2022-36109); then the others in ascending order.
    var groups: [UInt32]
    var home: String

    init(container: Container, pod: Pod, image: ResolvedImage) throws(PlanningError) {
        let podContext = pod.spec.securityContext
        let context = container.securityContext
        let runAsUser = context.runAsUser ?? podContext.runAsUser
        let runAsGroup = context.runAsGroup ?? podContext.runAsGroup
        let imageUser = image.config.config?.user ?? ""
        if context.runAsNonRoot ?? podContext.runAsNonRoot ?? false {
            try Self.verifyNonRoot(runAsUser: runAsUser, imageUser: imageUser, container: container, pod: pod)
        }

        let accounts = Accounts(passwd: image.passwd, group: image.group)
        // A user of the spec replaces the image's user and group; a group of the spec replaces the image's group.
        let parts = imageUser.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let userText = runAsUser.map(String.init) ?? parts.first ?? ""
        let groupText = runAsGroup.map(String.init) ?? (runAsUser == nil && parts.count > 1 ? parts[1] : "")

        let user = try accounts.user(userText.isEmpty ? "0" : userText)
        uid = user.uid
        home = user.home
        gid = groupText.isEmpty ? user.gid : try accounts.group(groupText)

        var groups = Set((podContext.supplementalGroups + [podContext.fsGroup].compactMap(\.self)).compactMap(UInt32.init(exactly:)))
        if podContext.supplementalGroupsPolicy != "Strict", let name = user.name { groups.formUnion(accounts.groups(of: name)) }
        groups.remove(gid)
        self.groups = [gid] + groups.sorted()
    }

    private static func verifyNonRoot(runAsUser: Int?, imageUser: String, container: Container, pod: Pod) throws(PlanningError) {
        let podText = "\(pod.metadata.name)_\(pod.metadata.namespace)(\(pod.metadata.uid))"
        if let runAsUser {
            guard runAsUser != 0 else { throw .runsAsRoot(container: container.name, pod: podText) }
            return
        }
        let name = String(imageUser.prefix { $0 != ":" })
        guard let uid = name.isEmpty ? 0 : Int(name) else {
            throw .imageUserIsName(user: name, container: container.name, pod: podText)
        }
        guard uid != 0 else { throw .imageRunsAsRoot(container: container.name, pod: podText) }
    }
}

/// The text of passwd(5) and group(5); lines that do not parse are skipped, as the C library does.
struct Accounts {
    struct User: Hashable {
        var name: String?
        var uid: UInt32
        var gid: UInt32
        var home: String
    }

    private let users: [User]
    private let groups: [(name: String, gid: UInt32, members: [String])]

    init(passwd: String, group: String) {
        users = passwd.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 4, let uid = UInt32(fields[2]), let gid = UInt32(fields[3]) else { return nil }
            return User(name: fields[0], uid: uid, gid: gid, home: fields.count > 5 && !fields[5].isEmpty ? fields[5] : "/")
        }
        groups = group.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 3, let gid = UInt32(fields[2]) else { return nil }
            return (fields[0], gid, fields.count > 3 ? fields[3].split(separator: ",").map(String.init) : [])
        }
    }

    /// By name, else by number; a number without an account is a user of group 0 with home `/`.
    func user(_ text: String) throws(PlanningError) -> User {
        if let user = users.first(where: { $0.name == text }) { return user }
        guard let uid = UInt32(text), uid <= Int32.max else { throw .unknownUser(text) }
        return users.first { $0.uid == uid } ?? User(name: nil, uid: uid, gid: 0, home: uid == 0 ? "/root" : "/")
    }

    func group(_ text: String) throws(PlanningError) -> UInt32 {
        if let group = groups.first(where: { $0.name == text }) { return group.gid }
        guard let gid = UInt32(text), gid <= Int32.max else { throw .unknownGroup(text) }
        return gid
    }

    func groups(of user: String) -> [UInt32] { groups.filter { $0.members.contains(user) }.map(\.gid) }
}
