import KubeAPI
import PodPlanning

extension Validation {
    static func container(_ container: JSONValue, in list: String, volumes: Set<String>, at field: FieldPath, _ findings: inout Findings) {
        let name = container.text("name")
        if name.isEmpty { findings.add(field.child("name"), .required()) } else { findings.check(name, at: field.child("name"), Naming.label) }
        let image = container.text("image")
        if image.isEmpty {
            findings.add(field.child("image"), .required())
        } else if image.trimmingPrefix(while: \.isWhitespace) != image || image.last?.isWhitespace == true {
            findings.add(field.child("image"), .invalid(.string(image), "must not have leading or trailing whitespace"))
        }
        findings.oneOf(container.text("imagePullPolicy"), ["Always", "IfNotPresent", "Never"], at: field.child("imagePullPolicy"))
        findings.oneOf(
            container.text("terminationMessagePolicy"), ["FallbackToLogsOnError", "File"], at: field.child("terminationMessagePolicy"))
        ports(container, at: field.child("ports"), &findings)
        environment(container, at: field, &findings)
        mounts(container, volumes: volumes, at: field, &findings)
        resources(container.find("resources") ?? .object([:]), at: field.child("resources"), &findings)
        for (index, rule) in container.items("restartPolicyRules").enumerated() {
            let path = field.child("restartPolicyRules").index(index)
            findings.oneOf(rule.text("action"), ["Restart", "RestartAllContainers"], at: path.child("action"))
        }
        let restart = container.text("restartPolicy")
        if !restart.isEmpty {
            findings.oneOf(restart, ["Always", "Never", "OnFailure"], at: field.child("restartPolicy"))
        }
        let isSidecar = list == "initContainers" && restart == "Always"
        for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
            guard let probe = container.find(key) else { continue }
            if list == "containers" || isSidecar {
                self.probe(probe, key, at: field.child(key), &findings)
            } else {
                let detail = list == "initContainers" ? "may not be set for init containers without restartPolicy=Always" : "cannot be set for an Ephemeral Container"
                findings.add(field.child(key), .forbidden(detail))
            }
        }
        if let lifecycle = container.find("lifecycle") {
            if list == "initContainers", !isSidecar {
                findings.add(field.child("lifecycle"), .forbidden("may not be set for init containers without restartPolicy=Always"))
            }
            for hook in ["postStart", "preStop"] {
                if let handler = lifecycle.find(hook) {
                    self.handler(handler, among: ["exec", "httpGet", "tcpSocket", "sleep"], at: field.child("lifecycle").child(hook), &findings)
                }
            }
        }
        if list == "ephemeralContainers" {
            // Nothing but a look inside: it has no life of its own.
            for key in ["ports", "lifecycle", "resizePolicy", "restartPolicy", "restartPolicyRules", "volumeDevices"] where container.find(key) != nil {
                findings.add(field.child(key), .forbidden("cannot be set for an Ephemeral Container"))
            }
            if !container.fields("resources").isEmpty { findings.add(field.child("resources"), .forbidden("cannot be set for an Ephemeral Container")) }
        }
        let context = container.find("securityContext") ?? .object([:])
        seccomp(context, at: field.child("securityContext"), &findings)
        for key in ["runAsUser", "runAsGroup"] {
            if let id = context.number(key), !(0...Int(Int32.max)).contains(id) {
                findings.add(field.child("securityContext").child(key), .invalid(.int(id), "must be between 0 and 2147483647, inclusive"))
            }
        }
        if context.flag("privileged"), context.find("allowPrivilegeEscalation") == false {
            findings.add(
                field.child("securityContext"),
                .invalid(context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"))
        }
    }

    private static func ports(_ container: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        var names = Set<String>()
        for (index, port) in container.items("ports").enumerated() {
            let path = field.index(index)
            let name = port.text("name")
            if !name.isEmpty {
                findings.check(name, at: path.child("name"), Naming.portName)
                if !names.insert(name).inserted { findings.add(path.child("name"), .duplicate(.string(name))) }
            }
            if let number = port.number("containerPort"), number != 0 {
                portNumber(number, at: path.child("containerPort"), &findings)
            } else {
                findings.add(path.child("containerPort"), .required())
            }
            if let number = port.number("hostPort"), number != 0 { portNumber(number, at: path.child("hostPort"), &findings) }
            if !port.text("hostIP").isEmpty { findings.check(port.text("hostIP"), at: path.child("hostIP"), Naming.ipAddress) }
            findings.oneOf(port.text("protocol"), ["SCTP", "TCP", "UDP"], at: path.child("protocol"))
        }
    }

    static func portNumber(_ number: Int, at field: FieldPath, _ findings: inout Findings) {
        for detail in Naming.port(number) { findings.add(field, .invalid(.int(number), detail)) }
    }

    private static let fieldPaths: Set<String> = [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs",
        "status.podIP", "status.podIPs",
    ]

    private static func environment(_ container: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        for (index, variable) in container.items("env").enumerated() {
            let path = field.child("env").index(index)
            let name = variable.text("name")
            if name.isEmpty { findings.add(path.child("name"), .required()) } else { findings.check(name, at: path.child("name"), Naming.environmentName) }
            guard let source = variable.find("valueFrom") else { continue }
            let from = path.child("valueFrom")
            if !variable.text("value").isEmpty {
                findings.add(from, .invalid("", "may not be specified when `value` is not empty"))
            }
            let kinds = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"].filter { source.find($0) != nil }
            if kinds.isEmpty {
                findings.add(from, .invalid("", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"))
            } else if kinds.count > 1 {
                findings.add(from, .invalid("", "may not have more than one field specified at a time"))
            }
            for key in ["configMapKeyRef", "secretKeyRef"] {
                guard let reference = source.find(key) else { continue }
                findings.require(reference.text("name"), at: from.child(key).child("name"))
                if reference.text("key").isEmpty {
                    findings.add(from.child(key).child("key"), .required())
                } else {
                    findings.check(reference.text("key"), at: from.child(key).child("key"), Naming.configKey)
                }
            }
            if let reference = source.find("fieldRef") {
                let text = reference.text("fieldPath")
                let pathField = from.child("fieldRef").child("fieldPath")
                findings.oneOf(reference.text("apiVersion"), ["v1"], at: from.child("fieldRef").child("apiVersion"))
                if text.isEmpty {
                    findings.add(pathField, .required())
                } else if !fieldPaths.contains(text), !text.hasPrefix("metadata.labels['"), !text.hasPrefix("metadata.annotations['") {
                    findings.add(pathField, .notSupported(text, fieldPaths.sorted()))
                }
            }
            if let reference = source.find("resourceFieldRef") {
                resourceName(reference.text("resource"), at: from.child("resourceFieldRef").child("resource"), &findings)
            }
        }
        for (index, source) in container.items("envFrom").enumerated() {
            let path = field.child("envFrom").index(index)
            let kinds = ["configMapRef", "secretRef"].filter { source.find($0) != nil }
            if kinds.isEmpty { findings.add(path, .invalid("", "must specify one of: `configMapRef` or `secretRef`")) }
            if kinds.count > 1 { findings.add(path, .invalid("", "may not have more than one field specified at a time")) }
            for key in kinds { findings.require(source.text(key, "name"), at: path.child(key).child("name")) }
        }
    }

    /// What a resourceFieldRef may tell.
    static func resourceName(_ text: String, at field: FieldPath, _ findings: inout Findings) {
        let names = ["limits", "requests"].flatMap { list in ["cpu", "ephemeral-storage", "memory"].map { "\(list).\($0)" } }
        if text.isEmpty {
            findings.add(field, .required())
        } else if !names.contains(text), !text.hasPrefix("limits.hugepages-"), !text.hasPrefix("requests.hugepages-") {
            findings.add(field, .notSupported(text, names))
        }
    }

    private static func mounts(_ container: JSONValue, volumes: Set<String>, at field: FieldPath, _ findings: inout Findings) {
        var places = Set<String>()
        for (index, mount) in container.items("volumeMounts").enumerated() {
            let path = field.child("volumeMounts").index(index)
            let name = mount.text("name")
            if name.isEmpty {
                findings.add(path.child("name"), .required())
            } else if !volumes.contains(name) {
                findings.add(path.child("name"), .notFound(.string(name)))
            }
            let place = mount.text("mountPath")
            if place.isEmpty { findings.add(path.child("mountPath"), .required()) }
            if !places.insert(place).inserted { findings.add(path.child("mountPath"), .invalid(.string(place), "must be unique")) }
            for key in ["subPath", "subPathExpr"] where !mount.text(key).isEmpty {
                relativePath(mount.text(key), at: path.child(key), &findings)
            }
            if !mount.text("subPath").isEmpty, !mount.text("subPathExpr").isEmpty {
                findings.add(path.child("subPathExpr"), .invalid(.string(mount.text("subPathExpr")), "subPathExpr and subPath are mutually exclusive"))
            }
            let propagation = mount.text("mountPropagation")
            if !propagation.isEmpty {
                findings.oneOf(propagation, ["Bidirectional", "HostToContainer", "None"], at: path.child("mountPropagation"))
                if propagation == "Bidirectional", !container.flag("securityContext", "privileged") {
                    findings.add(path.child("mountPropagation"), .forbidden("Bidirectional mount propagation is available only to privileged containers"))
                }
            }
        }
        for (index, device) in container.items("volumeDevices").enumerated() {
            let path = field.child("volumeDevices").index(index)
            if !volumes.contains(device.text("name")) { findings.add(path.child("name"), .notFound(.string(device.text("name")))) }
            findings.require(device.text("devicePath"), at: path.child("devicePath"))
        }
    }

    /// A path that stays below the volume it is taken from.
    static func relativePath(_ path: String, at field: FieldPath, _ findings: inout Findings) {
        if path.hasPrefix("/") { findings.add(field, .invalid(.string(path), "must be a relative path")) }
        if path.split(separator: "/").contains("..") { findings.add(field, .invalid(.string(path), "must not contain '..'")) }
    }

    static func resources(_ resources: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        let limits = resources.fields("limits")
        let names = Set(limits.keys).union(resources.fields("requests").keys)
        if names.isDisjoint(with: ["cpu", "memory"]), names.contains(where: { HugePages.pageBytes(of: $0) != nil }) {
            findings.add(field, .forbidden("HugePages require cpu or memory"))
        }
        for list in ["limits", "requests"] {
            for (name, value) in resources.fields(list).sorted(by: { $0.key < $1.key }) {
                let path = field.child(list).key(name)
                findings.check(name, at: field.child(list), Naming.qualifiedName)
                guard let amount = quantity(value, at: path, &findings) else { continue }
                let page = HugePages.pageBytes(of: name)
                if list == "requests", let limit = limits[name]?.asQuantity {
                    if page != nil, amount.milliValue != limit.milliValue {
                        findings.add(field.child("requests"), .invalid(.string(amount.text), "must be equal to \(name) limit of \(limit.text)"))
                    } else if amount.milliValue > limit.milliValue {
                        findings.add(field.child("requests"), .invalid(.string(amount.text), "must be less than or equal to \(name) limit of \(limit.text)"))
                    }
                } else if list == "requests", page != nil {
                    findings.add(field.child("limits"), .required("Limit must be set for non overcommitable resources"))
                }
                if let page, amount.value % page != 0 {
                    findings.add(path, .invalid(.string(amount.text), "\(amount.text) is not positive integer multiple of \(name)"))
                }
                if !name.contains("/"), !["cpu", "memory", "ephemeral-storage", "storage"].contains(name), !name.hasPrefix("hugepages-") {
                    findings.add(field.child(list).key(name), .invalid(.string(name), "must be a standard resource type or fully qualified"))
                }
            }
        }
    }

    @discardableResult
    static func quantity(_ value: JSONValue, at field: FieldPath, _ findings: inout Findings) -> Quantity? {
        guard let amount = value.asQuantity else {
            findings.add(field, .invalid(value, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"))
            return nil
        }
        if amount.milliValue < 0 { findings.add(field, .invalid(.string(amount.text), "must be greater than or equal to 0")) }
        return amount
    }

    private static func probe(_ probe: JSONValue, _ kind: String, at field: FieldPath, _ findings: inout Findings) {
        handler(probe, among: ["exec", "httpGet", "tcpSocket", "grpc"], at: field, &findings)
        for key in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
            findings.nonNegative(probe.number(key), at: field.child(key))
        }
        if kind != "readinessProbe", let threshold = probe.number("successThreshold"), threshold != 1 {
            findings.add(field.child("successThreshold"), .invalid(.int(threshold), "must be 1"))
        }
        if let grace = probe.number("terminationGracePeriodSeconds") {
            if kind == "readinessProbe" {
                findings.add(field.child("terminationGracePeriodSeconds"), .invalid(.int(grace), "must not be set for readinessProbes"))
            } else {
                findings.positive(grace, at: field.child("terminationGracePeriodSeconds"))
            }
        }
    }

    private static func handler(_ handler: JSONValue, among kinds: [String], at field: FieldPath, _ findings: inout Findings) {
        let given = kinds.filter { handler.find($0) != nil }
        if given.isEmpty { findings.add(field, .required("must specify a handler type")) }
        for extra in given.dropFirst() { findings.add(field.child(extra), .forbidden("may not specify more than 1 handler type")) }
        guard let kind = given.first, let action = handler.find(kind) else { return }
        let path = field.child(kind)
        switch kind {
        case "exec": if action.items("command").isEmpty { findings.add(path.child("command"), .required()) }
        case "httpGet":
            findings.require(action.text("path"), at: path.child("path"))
            handlerPort(action["port"], at: path.child("port"), &findings)
            findings.oneOf(action.text("scheme"), ["HTTP", "HTTPS"], at: path.child("scheme"))
        case "sleep": findings.nonNegative(action.number("seconds"), at: path.child("seconds"))
        case "tcpSocket", "grpc": handlerPort(action["port"], at: path.child("port"), &findings)
        default: break
        }
    }

    private static func handlerPort(_ port: JSONValue?, at field: FieldPath, _ findings: inout Findings) {
        if let name = port?.string {
            findings.check(name, at: field, Naming.portName)
        } else {
            portNumber(port?.int ?? 0, at: field, &findings)
        }
    }
}
