import FoundationEssentials
import KubeAPI
package import SandboxPlan

/// What stands in a shown plan for a value out of a Secret.
private let hidden = "<from a Secret>"

extension ReferencedObjects {
    /// The same, every value of a Secret replaced: a plan made from these shows where each one goes.
    package var withoutSecretValues: ReferencedObjects {
        var objects = self
        objects.secrets = objects.secrets.mapValues { secret in
            var secret = secret
            secret.data = secret.data.mapValues { _ in Data(hidden.utf8) }
            return secret
        }
        return objects
    }
}

extension ContainerPlan {
    /// This plan without what Secrets put into its arguments, environment and mounts, directly or through `$(NAME)`.
    ///
    /// - Parameters:
    ///   - planned: the plan of the same run made now, which may differ from this one where objects have changed since.
    ///   - bare: the same made from `ReferencedObjects.withoutSecretValues`: where the two differ, a Secret has its hand in it.
    package func hidingSecrets(planned: ContainerPlan, withoutValues bare: ContainerPlan) -> ContainerPlan {
        var shown = self
        let (now, without) = (planned.process, bare.process)
        let open = Set(now.environment).intersection(without.environment).map(Self.name)
        let known = Dictionary(without.environment.map { (Self.name($0), $0) }, uniquingKeysWith: { _, last in last })
        shown.process.environment = process.environment.map { entry in
            let name = Self.name(entry)
            // A variable that is gone since may have come from a Secret's key that is gone as well.
            return open.contains(name) ? entry : known[name] ?? "\(name)=\(hidden)"
        }
        // Whole: what differs from the plan made now may have come from a Secret's key that is gone, too.
        shown.process.arguments = without.arguments
        shown.process.document = without.document
        if planned.mounts != bare.mounts || planned.mounts != mounts { shown.mounts = bare.mounts }
        return shown
    }

    private static func name(_ entry: String) -> String { String(entry.prefix { $0 != "=" }) }
}
