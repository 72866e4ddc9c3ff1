import CLinux
package import Glibc

/// One directory of a cgroup hierarchy. Source: the kernel's admin guide, cgroup-v2.rst and cgroup-v1/.
package struct CgroupDirectory: Hashable, Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    package var isUnified: Bool { berth_is_cgroup2(path) != 0 }

    /// Makes it and its missing parents; one that exists is fine.
    package func create() throws(SystemCallError) {
        guard mkdir(path, 0o755) == -1, errno != EEXIST else { return }
        let code = errno
        guard code == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw SystemCallError(call: "mkdir", subject: path, code: code)
        }
        try CgroupDirectory(String(path[..<slash])).create()
        try systemCall("mkdir", on: path) { mkdir(path, 0o755) }
    }

    /// Makes it, and readies it to have children that processes may enter at once: on v2 every available controller is passed
    /// on, on v1 a new cpuset starts out with its parent's CPUs and memory nodes, and its children with its own.
    /// For the few cgroups above the pods.
    package func createParent() throws(SystemCallError) {
        if let slash = path.lastIndex(of: "/"), access("\(path[..<slash])/cgroup.procs", F_OK) == 0, access("\(path)/cgroup.procs", F_OK) != 0 {
            let parent = CgroupDirectory(String(path[..<slash]))
            // The root of a hierarchy is a parent that needs only its controllers passed on.
            try parent.createParent()
        }
        try create()
        if isUnified {
            for controller in try SmallFile.text("\(path)/cgroup.controllers").split(whereSeparator: \.isWhitespace) {
                try ControlFile.write("+\(controller)".utf8, to: "\(path)/cgroup.subtree_control")
            }
        } else if access("\(path)/cpuset.cpus", F_OK) == 0, let slash = path.lastIndex(of: "/") {
            for file in ["cpuset.cpus", "cpuset.mems"] {
                let own = SmallFile.firstLine("\(path)/\(file)") ?? ""
                guard own.isEmpty, let inherited = SmallFile.firstLine("\(path[..<slash])/\(file)") else { continue }
                try ControlFile.write(inherited.utf8, to: "\(path)/\(file)")
            }
            try ControlFile.write("1".utf8, to: "\(path)/cgroup.clone_children")
        }
    }

    /// Members, of this directory only, as our PID namespace numbers them.
    package func processes() throws(SystemCallError) -> [pid_t] {
        try SmallFile.text("\(path)/cgroup.procs").split(separator: "\n").compactMap { pid_t($0) }
    }

    /// Whether it, or a cgroup beneath it, has such a member. One that is gone has none.
    package func contains(where matches: (pid_t) -> Bool) -> Bool {
        ((try? processes()) ?? []).contains(where: matches) || children().contains { $0.contains(where: matches) }
    }

    /// Names of the cgroups directly beneath.
    package func children() -> [CgroupDirectory] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var found: [CgroupDirectory] = []
        while let entry = readdir(stream) {
            guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { found.append(CgroupDirectory("\(path)/\(name)")) }
        }
        return found
    }

    /// Sends SIGKILL to every process in it and beneath, until none is left or the kernel has refused `attempts` times.
    package func killAll(attempts: Int = 100) {
        if isUnified, (try? ControlFile.write("1".utf8, to: "\(path)/cgroup.kill")) != nil { return }  // older kernel: one by one
        for child in children() { child.killAll(attempts: attempts) }
        for _ in 0..<attempts {
            let members = (try? processes()) ?? []  // removed meanwhile: nobody is left
            if members.isEmpty { return }
            for pid in members { kill(pid, SIGKILL) }
            usleep(1000)
        }
    }

    /// Removes it unless it has a member or a cgroup beneath it. Whether it is gone.
    package func removeIfEmpty() -> Bool { rmdir(path) == 0 || errno == ENOENT }

    /// Removes it and the cgroups beneath it; one that is gone is fine. The kernel takes a moment to forget the dead,
    /// so `EBUSY` is tried again for up to a second.
    package func remove() throws(SystemCallError) {
        for child in children() { try child.remove() }
        for attempt in 1... {
            guard rmdir(path) == -1 else { return }
            let code = errno
            if code == ENOENT { return }
            guard code == EBUSY, attempt < 1000 else { throw SystemCallError(call: "rmdir", subject: path, code: code) }
            usleep(1000)
        }
    }
}
