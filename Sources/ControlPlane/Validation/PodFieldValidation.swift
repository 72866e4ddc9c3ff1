import KubeAPI
import PodPlanning

extension Validation {
    /// Fields that ask for what Berth does not do are refused by name, never ignored.
    static func unsupportedFields(_ spec: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        do throws(DecodingError) {
            for unsupported in try spec.decode(as: PodSpec.self).unsupportedFields {
                findings.add(field.child(unsupported.path), .forbidden(unsupported.detail))
            }
        } catch {
            // What is wrong with the value has been said where it stands.
            if findings.errors.isEmpty { findings.add(field, .invalid(spec, "\(error)")) }
        }
        if spec.find("schedulingGroup") != nil {
            findings.add(field.child("schedulingGroup"), .forbidden("this API server has no PodGroups; remove schedulingGroup"))
        }
    }

    /// Words that only mean something when they are one of a few.
    static func podChoices(_ spec: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        findings.choice(spec, "preemptionPolicy", ["Never", "PreemptLowerPriority"], at: field)
        if let os = spec.find("os") { findings.oneOf(os.text("name"), ["linux", "windows"], at: field.child("os").child("name")) }
        let context = spec.find("securityContext") ?? .object([:])
        let contextField = field.child("securityContext")
        findings.choice(context, "fsGroupChangePolicy", ["Always", "OnRootMismatch"], at: contextField)
        findings.choice(context, "supplementalGroupsPolicy", ["Merge", "Strict"], at: contextField)
        findings.choice(context, "seLinuxChangePolicy", ["MountOption", "Recursive"], at: contextField)
        appArmor(context, at: contextField, &findings)
        for (index, gate) in spec.items("readinessGates").enumerated() {
            findings.check(gate.text("conditionType"), at: field.child("readinessGates").index(index).child("conditionType"), Naming.qualifiedName)
        }
        for (index, gate) in spec.items("schedulingGates").enumerated() {
            findings.check(gate.text("name"), at: field.child("schedulingGates").index(index).child("name"), Naming.qualifiedName)
        }
        hostname(spec, at: field, &findings)
        topologySpread(spec, at: field.child("topologySpreadConstraints"), &findings)
        if let resources = spec.find("resources") { self.resources(resources, at: field.child("resources"), &findings) }
    }

    /// - Parameter hasOwnUsers: the pod says `hostUsers: false`.
    static func containerChoices(_ container: JSONValue, hasOwnUsers: Bool, at field: FieldPath, _ findings: inout Findings) {
        let context = container.find("securityContext") ?? .object([:])
        let contextField = field.child("securityContext")
        findings.choice(context, "procMount", ["Default", "Unmasked"], at: contextField)
        if context.text("procMount") == "Unmasked", !hasOwnUsers {
            findings.add(contextField.child("procMount"), .invalid("Unmasked", "`hostUsers` must be false to use `Unmasked`"))
        }
        appArmor(context, at: contextField, &findings)
        for (index, mount) in container.items("volumeMounts").enumerated() {
            let path = field.child("volumeMounts").index(index)
            guard let mode = mount.find("recursiveReadOnly")?.string else { continue }
            findings.oneOf(mode, ["Disabled", "Enabled", "IfPossible"], at: path.child("recursiveReadOnly"))
            if mode != "Disabled", !mount.flag("readOnly") {
                findings.add(path.child("recursiveReadOnly"), .forbidden("may only be specified when readOnly is true"))
            } else if mode != "Disabled", !["", "None"].contains(mount.text("mountPropagation")) {
                findings.add(path.child("recursiveReadOnly"), .forbidden("may only be specified when mountPropagation is None or not specified"))
            }
        }
        for (index, policy) in container.items("resizePolicy").enumerated() {
            let path = field.child("resizePolicy").index(index)
            findings.oneOf(policy.text("resourceName"), ["cpu", "memory"], at: path.child("resourceName"))
            findings.oneOf(policy.text("restartPolicy"), ["NotRequired", "RestartContainer"], at: path.child("restartPolicy"))
        }
        restartRules(container, at: field, &findings)
        if let signal = container.find("lifecycle", "stopSignal")?.string, StopSignal.number(signal) == nil || !signal.hasPrefix("SIG") {
            findings.add(field.child("lifecycle").child("stopSignal"), .invalid(.string(signal), "must be the name of a signal, such as SIGTERM or SIGRTMIN+3"))
        }
    }

    private static func restartRules(_ container: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        let rules = container.items("restartPolicyRules")
        let path = field.child("restartPolicyRules")
        if !rules.isEmpty, container.find("restartPolicy") == nil {
            findings.add(field.child("restartPolicy"), .required("must specify restartPolicy when restart rules are used"))
        }
        if rules.count > 20 { findings.add(path, .tooMany(rules.count, limit: 20)) }
        for (index, rule) in rules.enumerated() {
            findings.oneOf(rule.text("action"), ["Restart", "RestartAllContainers"], at: path.index(index).child("action"))
            guard let codes = rule.find("exitCodes") else {
                findings.add(path.index(index).child("exitCodes"), .required("must be specified"))
                continue
            }
            findings.oneOf(codes.text("operator"), ["In", "NotIn"], at: path.index(index).child("exitCodes").child("operator"))
            if codes.items("values").isEmpty { findings.add(path.index(index).child("exitCodes").child("values"), .required("must be specified")) }
        }
    }

    private static func appArmor(_ context: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        guard let profile = context.find("appArmorProfile") else { return }
        let path = field.child("appArmorProfile")
        findings.oneOf(profile.text("type"), ["Localhost", "RuntimeDefault", "Unconfined"], at: path.child("type"))
        let name = profile.find("localhostProfile")
        if profile.text("type") == "Localhost", name == nil {
            findings.add(path.child("localhostProfile"), .required("must be set when AppArmor type is Localhost"))
        } else if profile.text("type") != "Localhost", let name {
            findings.add(path.child("localhostProfile"), .invalid(name, "can only be set when AppArmor type is Localhost"))
        }
    }

    private static func hostname(_ spec: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        guard let name = spec.find("hostnameOverride")?.string else { return }
        let path = field.child("hostnameOverride")
        if spec.flag("setHostnameAsFQDN") { findings.add(path, .forbidden("may not be specified when setHostnameAsFQDN is true")) }
        if spec.flag("hostNetwork") { findings.add(path, .forbidden("may not be specified when hostNetwork is true")) }
        if name.utf8.count > 64 { findings.add(path, .tooLong(bytes: 64)) }
        findings.check(name, at: path, Naming.subdomain)
    }

    private static func topologySpread(_ spec: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        for (index, rule) in spec.items("topologySpreadConstraints").enumerated() {
            let path = field.index(index)
            findings.positive(rule.number("maxSkew") ?? 0, at: path.child("maxSkew"))
            findings.require(rule.text("topologyKey"), at: path.child("topologyKey"))
            findings.oneOf(rule.text("whenUnsatisfiable"), ["DoNotSchedule", "ScheduleAnyway"], at: path.child("whenUnsatisfiable"))
            for key in ["nodeAffinityPolicy", "nodeTaintsPolicy"] { findings.choice(rule, key, ["Honor", "Ignore"], at: path) }
            guard let domains = rule.number("minDomains") else { continue }
            findings.positive(domains, at: path.child("minDomains"))
            if rule.text("whenUnsatisfiable") != "DoNotSchedule" {
                findings.add(path.child("minDomains"), .invalid(.int(domains), "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not \(rule.text("whenUnsatisfiable"))"))
            }
        }
    }

    /// Raw devices come from claims, and a volume is either a device or a directory of a container.
    static func devices(_ container: JSONValue, volumes: [String: JSONValue], at field: FieldPath, _ findings: inout Findings) {
        let mounted = Set(container.items("volumeMounts").map { $0.text("name") })
        for (index, device) in container.items("volumeDevices").enumerated() {
            let path = field.child("volumeDevices").index(index)
            let name = device.text("name")
            if let volume = volumes[name], volume.find("persistentVolumeClaim") == nil, volume.find("ephemeral") == nil {
                findings.add(
                    path.child("name"),
                    .invalid(.string(name), "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"))
            }
            if mounted.contains(name) { findings.add(path.child("name"), .invalid(.string(name), "must not already exist in volumeMounts")) }
            relativePath(String(device.text("devicePath").drop { $0 == "/" }), at: path.child("devicePath"), &findings)
        }
    }

    /// A file that variables come from lies in an emptyDir, where another container of the pod can write it.
    static func environmentFile(_ reference: JSONValue, volumes: [String: JSONValue], at field: FieldPath, _ findings: inout Findings) {
        for key in ["key", "path"] { findings.require(reference.text(key), at: field.child(key)) }
        relativePath(reference.text("path"), at: field.child("path"), &findings)
        let name = reference.text("volumeName")
        if let volume = volumes[name] {
            if volume.find("emptyDir") == nil { findings.add(field.child("volumeName"), .invalid(.string(name), "referenced volume must be of type emptyDir")) }
        } else {
            findings.add(field.child("volumeName"), .notFound(.string(name)))
        }
    }
}

extension Findings {
    /// A field that may be missing.
    mutating func choice(_ object: JSONValue, _ key: String, _ allowed: [String], at field: FieldPath) {
        if let text = object.find(key)?.string { oneOf(text, allowed, at: field.child(key)) }
    }
}
