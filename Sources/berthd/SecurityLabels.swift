import Glibc
import LinuxSystem
import Logging
import PodPlanning

/// What this kernel has to label containers with, made ready for use.
struct SecurityLabels: Sendable {
    var seLinux: SELinuxPolicy?
    var hasAppArmor = false
    /// Loaded by us; nil when it could not be.
    var appArmorDefaultProfile: String?

    static func prepare(logger: Logger) async -> SecurityLabels {
        var labels = SecurityLabels()
        if SecurityModules.hasSELinux { labels.seLinux = policy(logger) }
        labels.hasAppArmor = SecurityModules.hasAppArmor
        if labels.hasAppArmor { labels.appArmorDefaultProfile = await loadDefaultProfile(logger) }
        return labels
    }

    private static func policy(_ logger: Logger) -> SELinuxPolicy {
        let unlabelled: Logger.Message = "containers are not labelled unless they ask for it"
        var policy = SELinuxPolicy(contexts: SecurityModules.containerContexts)
        do throws(SystemCallError) {
            for context in [policy.process, policy.file] where try !SecurityModules.knows(seLinuxContext: context.description) {
                policy.isForContainers = false
                logger.warning(
                    unlabelled,
                    metadata: ["selinux.context": "\(context)", "remedy": "load a policy that has it, such as container-selinux, and start berthd again"])
            }
        } catch {
            policy.isForContainers = false
            logger.warning(unlabelled, metadata: ["error": "\(error)"])
        }
        return policy
    }

    private static func loadDefaultProfile(_ logger: Logger) async -> String? {
        let unconfined: Logger.Message = "containers run without an AppArmor profile unless they name one"
        let places: [String] = ["/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"]
        guard let parser = places.first(where: { access($0, X_OK) == 0 }) else {
            logger.warning(unconfined, metadata: ["error": "no apparmor_parser", "remedy": "apt-get install apparmor, and start berthd again"])
            return nil
        }
        // Also when it is there: an earlier Berth's may have had other rules.
        let command = ChildProcess(
            executable: parser, arguments: ["--replace", "--skip-cache", "--quiet"], environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"],
            standardInput: Array(DefaultAppArmorProfile.text.utf8))
        do throws(SystemCallError) {
            let outcome = try await command.run()
            if outcome.succeeded { return DefaultAppArmorProfile.name }
            let said = String(decoding: outcome.standardError.prefix(500), as: UTF8.self)
            logger.warning(unconfined, metadata: ["error": "apparmor_parser: \(outcome.ending): \(said)"])
        } catch {
            logger.warning(unconfined, metadata: ["error": "\(error)"])
        }
        return nil
    }
}
