import Glibc

/// What the kernel's SELinux and AppArmor say of themselves. Source: kernel, `security/selinux/selinuxfs.c`, `security/apparmor/apparmorfs.c`.
package enum SecurityModules {
    private static let seLinux = "/sys/fs/selinux"

    /// A policy is loaded, whether it is enforced or only asked.
    package static var hasSELinux: Bool { SmallFile.firstLine("\(seLinux)/enforce") != nil && SmallFile.firstLine("\(seLinux)/policyvers") != nil }

    /// Whether the policy in force has this context.
    /// - Throws: when the kernel could not be asked.
    package static func knows(seLinuxContext context: String) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            try ControlFile.write(Array(context.utf8) + [0], to: "\(seLinux)/context")
            return true
        } catch where error.code == EINVAL {
            return false
        }
    }

    /// `contexts/lxc_contexts` of the policy, where container runtimes look for their labels; empty where it has none.
    package static var containerContexts: String {
        // Which of these files exist is for the policy's package to say.
        let settings = (try? SmallFile.text("/etc/selinux/config")) ?? ""
        let type = settings.split(separator: "\n").last { $0.hasPrefix("SELINUXTYPE=") }?.dropFirst("SELINUXTYPE=".count).filter { $0 != " " } ?? "targeted"
        return (try? SmallFile.text("/etc/selinux/\(type)/contexts/lxc_contexts")) ?? ""
    }

    package static var hasAppArmor: Bool { SmallFile.firstLine("/sys/module/apparmor/parameters/enabled") == "Y" }

    /// Whether a profile of that name is loaded.
    package static func isLoaded(appArmorProfile name: String) throws(SystemCallError) -> Bool {
        try SmallFile.text("/sys/kernel/security/apparmor/profiles").split(separator: "\n").contains { line in
            line.lastIndex(of: "(").map { line[..<$0].dropLast() == name } ?? false
        }
    }
}
