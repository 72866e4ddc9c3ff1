import KubeAPI

extension Validation {
    static func podSpec(_ spec: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        let volumes = volumeNames(spec, at: field.child("volumes"), &findings)
        let sources = Dictionary(spec.items("volumes").map { ($0.text("name"), $0) }) { first, _ in first }
        let containers = spec.items("containers")
        if containers.isEmpty { findings.add(field.child("containers"), .required()) }
        var names = Set<String>()
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            for (index, container) in spec.items(list).enumerated() {
                let path = field.child(list).index(index)
                self.container(container, in: list, volumes: volumes, at: path, &findings)
                devices(container, volumes: sources, at: path, &findings)
                containerChoices(container, hasOwnUsers: spec.find("hostUsers") == false, at: path, &findings)
                for (place, variable) in container.items("env").enumerated() {
                    guard let reference = variable.find("valueFrom", "fileKeyRef") else { continue }
                    let from = path.child("env").index(place).child("valueFrom").child("fileKeyRef")
                    environmentFile(reference, volumes: sources, at: from, &findings)
                }
                if !container.text("name").isEmpty, !names.insert(container.text("name")).inserted {
                    findings.add(path.child("name"), .duplicate(.string(container.text("name"))))
                }
            }
        }
        for (index, container) in spec.items("ephemeralContainers").enumerated() {
            let target = container.text("targetContainerName")
            if !target.isEmpty, !(containers + spec.items("initContainers")).contains(where: { $0.text("name") == target }) {
                findings.add(field.child("ephemeralContainers").index(index).child("targetContainerName"), .notFound(.string(target)))
            }
        }
        hostPorts(containers, at: field.child("containers"), &findings)
        findings.oneOf(spec.text("restartPolicy"), ["Always", "OnFailure", "Never"], at: field.child("restartPolicy"))
        findings.oneOf(spec.text("dnsPolicy"), ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"], at: field.child("dnsPolicy"))
        if spec.text("dnsPolicy") == "None", spec.items("dnsConfig", "nameservers").isEmpty {
            findings.add(field.child("dnsConfig").child("nameservers"), .required("must provide at least one DNS nameserver when `dnsPolicy` is None"))
        }
        for (index, server) in spec.texts("dnsConfig", "nameservers").enumerated() {
            findings.check(server, at: field.child("dnsConfig").child("nameservers").index(index), Naming.ipAddress)
        }
        findings.nonNegative(spec.number("terminationGracePeriodSeconds"), at: field.child("terminationGracePeriodSeconds"))
        if let deadline = spec.number("activeDeadlineSeconds"), !(1...Int(Int32.max)).contains(deadline) {
            findings.add(field.child("activeDeadlineSeconds"), .invalid(.int(deadline), "must be between 1 and 2147483647, inclusive"))
        }
        for name in ["hostname", "subdomain"] where !spec.text(name).isEmpty {
            findings.check(spec.text(name), at: field.child(name), Naming.label)
        }
        if !spec.text("serviceAccountName").isEmpty {
            findings.check(spec.text("serviceAccountName"), at: field.child("serviceAccountName"), Naming.subdomain)
        }
        if !spec.text("nodeName").isEmpty { findings.check(spec.text("nodeName"), at: field.child("nodeName"), Naming.subdomain) }
        findings.labels(spec.textMap("nodeSelector"), at: field.child("nodeSelector"))
        tolerations(spec, at: field.child("tolerations"), &findings)
        affinity(spec, at: field.child("affinity"), &findings)
        for (index, alias) in spec.items("hostAliases").enumerated() {
            let path = field.child("hostAliases").index(index)
            findings.check(alias.text("ip"), at: path.child("ip"), Naming.ipAddress)
            for name in alias.texts("hostnames") { findings.check(name, at: path.child("hostnames"), Naming.subdomain) }
        }
        for (index, secret) in spec.items("imagePullSecrets").enumerated() {
            findings.require(secret.text("name"), at: field.child("imagePullSecrets").index(index).child("name"))
        }
        securityContext(spec, at: field.child("securityContext"), &findings)
        if spec.flag("shareProcessNamespace"), spec.flag("hostPID") {
            findings.add(field.child("securityContext").child("shareProcessNamespace"), .invalid(true, "ShareProcessNamespace and HostPID cannot both be enabled"))
        }
        if spec.find("hostUsers") == false {
            for key in ["hostNetwork", "hostPID", "hostIPC"] where spec.flag(key) {
                findings.add(field.child(key), .forbidden("when `hostUsers` is false"))
            }
        }
        podChoices(spec, at: field, &findings)
        unsupportedFields(spec, at: field, &findings)
    }

    private static func hostPorts(_ containers: [JSONValue], at field: FieldPath, _ findings: inout Findings) {
        var taken = Set<String>()
        for (index, container) in containers.enumerated() {
            for (portIndex, port) in container.items("ports").enumerated() {
                guard let number = port.number("hostPort"), number > 0 else { continue }
                let key = "\(port.text("protocol"))/\(port.text("hostIP"))/\(number)"
                if !taken.insert(key).inserted {
                    let path = field.index(index).child("ports").index(portIndex).child("hostPort")
                    findings.add(path, .duplicate(.string(key)))
                }
            }
        }
    }

    private static func securityContext(_ spec: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        let context = spec.find("securityContext") ?? .object([:])
        for key in ["runAsUser", "runAsGroup", "fsGroup"] {
            if let id = context.number(key), !(0...Int(Int32.max)).contains(id) {
                findings.add(field.child(key), .invalid(.int(id), "must be between 0 and 2147483647, inclusive"))
            }
        }
        for (index, group) in context.items("supplementalGroups").enumerated() {
            if let id = group.int, !(0...Int(Int32.max)).contains(id) {
                findings.add(field.child("supplementalGroups").index(index), .invalid(.int(id), "must be between 0 and 2147483647, inclusive"))
            }
        }
        seccomp(context, at: field, &findings)
        var names = Set<String>()
        for (index, sysctl) in context.items("sysctls").enumerated() {
            let path = field.child("sysctls").index(index).child("name")
            findings.require(sysctl.text("name"), at: path)
            if !names.insert(sysctl.text("name")).inserted { findings.add(path, .duplicate(.string(sysctl.text("name")))) }
        }
    }

    static func seccomp(_ context: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        guard let profile = context.find("seccompProfile") else { return }
        let path = field.child("seccompProfile")
        findings.oneOf(profile.text("type"), ["Localhost", "RuntimeDefault", "Unconfined"], at: path.child("type"))
        let file = profile.find("localhostProfile")
        if profile.text("type") == "Localhost", file == nil {
            findings.add(path.child("localhostProfile"), .required("must be set when seccomp type is Localhost"))
        } else if let file, profile.text("type") == "Localhost" {
            let name = profile.text("localhostProfile")
            if name.hasPrefix("/") { findings.add(path.child("localhostProfile"), .invalid(file, "must be a relative path")) }
            if name.split(separator: "/").contains("..") { findings.add(path.child("localhostProfile"), .invalid(file, "must not contain '..'")) }
        } else if profile.text("type") != "Localhost", let file {
            findings.add(path.child("localhostProfile"), .invalid(file, "can only be set when seccomp type is Localhost"))
        }
    }

    private static func tolerations(_ spec: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        for (index, toleration) in spec.items("tolerations").enumerated() {
            let path = field.index(index)
            let key = toleration.text("key")
            if !key.isEmpty { findings.check(key, at: path.child("key"), Naming.qualifiedName) }
            if key.isEmpty, toleration.text("operator") != "Exists" {
                findings.add(path.child("operator"), .invalid(.string(toleration.text("operator")), "operator must be Exists when `key` is empty, which means \"match all values and all keys\""))
            }
            findings.oneOf(toleration.text("operator"), ["", "Equal", "Exists"], at: path.child("operator"))
            if toleration.text("operator") == "Exists", !toleration.text("value").isEmpty {
                findings.add(path.child("operator"), .invalid(.string(toleration.text("value")), "value must be empty when `operator` is 'Exists'"))
            }
            findings.oneOf(toleration.text("effect"), ["", "NoSchedule", "PreferNoSchedule", "NoExecute"], at: path.child("effect"))
            if toleration.number("tolerationSeconds") != nil, toleration.text("effect") != "NoExecute" {
                findings.add(path.child("effect"), .invalid(.string(toleration.text("effect")), "effect must be 'NoExecute' when `tolerationSeconds` is set"))
            }
        }
    }

    private static func affinity(_ spec: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        let key = "requiredDuringSchedulingIgnoredDuringExecution"
        guard let required = spec.find("affinity", "nodeAffinity", key) else { return }
        let path = field.child("nodeAffinity").child(key).child("nodeSelectorTerms")
        if required.items("nodeSelectorTerms").isEmpty {
            findings.add(path, .required("must have at least one node selector term"))
        }
        nodeSelectorTerms(required, at: path, &findings)
    }

    static func nodeSelectorTerms(_ selector: JSONValue, at path: FieldPath, _ findings: inout Findings) {
        for (index, term) in selector.items("nodeSelectorTerms").enumerated() {
            for (place, rule) in term.items("matchExpressions").enumerated() {
                let rulePath = path.index(index).child("matchExpressions").index(place)
                findings.check(rule.text("key"), at: rulePath.child("key"), Naming.qualifiedName)
                let count = rule.items("values").count
                switch rule.text("operator") {
                case "In", "NotIn":
                    if count == 0 { findings.add(rulePath.child("values"), .required("must be specified when `operator` is 'In' or 'NotIn'")) }
                case "Exists", "DoesNotExist":
                    if count > 0 { findings.add(rulePath.child("values"), .forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'")) }
                case "Gt", "Lt":
                    if count != 1 { findings.add(rulePath.child("values"), .required("must be specified single value when `operator` is 'Lt' or 'Gt'")) }
                case let other: findings.add(rulePath.child("operator"), .invalid(.string(other), "not a valid selector operator"))
                }
            }
        }
    }

    // MARK: update

    /// A running pod's spec stands still but for images, deadlines and new tolerations.
    static func podUpdate(_ new: JSONValue, _ old: JSONValue, _ findings: inout Findings) {
        let field = FieldPath("spec")
        for list in ["containers", "initContainers"] where new.items("spec", list).count != old.items("spec", list).count {
            findings.add(field.child(list), .forbidden("pod updates may not add or remove containers"))
            return
        }
        if let after = new.number("spec", "activeDeadlineSeconds"), let before = old.number("spec", "activeDeadlineSeconds"), after > before {
            findings.add(field.child("activeDeadlineSeconds"), .invalid(.int(after), "must be less than or equal to previous value"))
        }
        let kept = old.items("spec", "tolerations")
        let tolerations = new.items("spec", "tolerations")
        for (index, toleration) in kept.enumerated() where !tolerations.contains(where: { differsOnlyInSeconds($0, toleration) }) {
            findings.add(field.child("tolerations").index(index), .forbidden("existing toleration can not be modified except its tolerationSeconds"))
        }
        var comparable = new["spec"] ?? .null
        let before = old["spec"] ?? .null
        for list in ["containers", "initContainers"] {
            let images = before.items(list).map { $0["image"] }
            var index = 0
            comparable.modifyEach(list) { container in
                container["image"] = images[index]
                index += 1
            }
        }
        for key in ["activeDeadlineSeconds", "tolerations", "schedulingGates", "terminationGracePeriodSeconds"] {
            let mayChange = key != "terminationGracePeriodSeconds" || before.number(key) ?? 0 < 0 && comparable.number(key) == 1
            if mayChange { comparable[key] = before[key] }
        }
        if comparable != before {
            findings.add(
                field,
                .forbidden(
                    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
                        + difference(comparable, before)))
        }
    }

    private static func differsOnlyInSeconds(_ left: JSONValue, _ right: JSONValue) -> Bool {
        var (left, right) = (left, right)
        left["tolerationSeconds"] = nil
        right["tolerationSeconds"] = nil
        return left == right
    }

    /// The top-level fields that differ, so that the reader need not search.
    static func difference(_ new: JSONValue, _ old: JSONValue) -> String {
        let (new, old) = (new.object ?? [:], old.object ?? [:])
        let keys = Set(new.keys).union(old.keys).filter { new[$0] != old[$0] }.sorted()
        return "changed: " + keys.map { "spec.\($0)" }.joined(separator: ", ")
    }
}
