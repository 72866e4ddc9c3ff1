import KubeAPI

extension Defaults {
    /// What a Pod gets beyond what its template gets.
    static func pod(_ object: inout JSONValue) {
        object.modify("spec") { spec in
            spec.fill("enableServiceLinks", true)
            podSpec(&spec)
            let onHostNetwork = spec.flag("hostNetwork")
            for list in ["containers", "initContainers"] {
                spec.modifyEach(list) { container in
                    requestsFromLimits(&container)
                    guard onHostNetwork else { return }
                    container.modifyEach("ports") { port in
                        if port.number("hostPort") ?? 0 == 0 { port["hostPort"] = port["containerPort"] }
                    }
                }
            }
            // What containers ask for counts before what the pod may have.
            let asked = Set(["containers", "initContainers"].flatMap { spec.items($0) }.flatMap { $0.fields("resources", "requests").keys })
            requestsFromLimits(&spec, but: asked)
        }
    }

    static func podSpec(_ spec: inout JSONValue) {
        spec.fill("dnsPolicy", "ClusterFirst")
        spec.fill("restartPolicy", "Always")
        spec.fill("terminationGracePeriodSeconds", 30)
        spec.fill("schedulerName", "default-scheduler")
        spec.modify("securityContext", orEmpty: true) { _ in }
        // The old name of `serviceAccountName` is kept in step with it.
        let account = spec.text("serviceAccountName")
        if !account.isEmpty {
            spec["serviceAccount"] = .string(account)
        } else if let old = spec.find("serviceAccount") {
            spec["serviceAccountName"] = old
        }
        for list in ["containers", "initContainers", "ephemeralContainers"] { spec.modifyEach(list, container) }
        spec.modifyEach("volumes", volume)
    }

    static func container(_ container: inout JSONValue) {
        container.fill("terminationMessagePath", "/dev/termination-log")
        container.fill("terminationMessagePolicy", "File")
        if let image = container["image"]?.string { container.fill("imagePullPolicy", .string(pullPolicy(image: image))) }
        container.modify("resources", orEmpty: true) { _ in }
        container.modifyEach("ports") { $0.fill("protocol", "TCP") }
        container.modifyEach("env") { variable in
            variable.modify("valueFrom") { source in
                source.modify("fieldRef") { $0.fill("apiVersion", "v1") }
                source.modify("resourceFieldRef") { $0.fill("divisor", "0") }
            }
        }
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] { container.modify(probe, Defaults.probe) }
        container.modify("lifecycle") { lifecycle in
            for hook in ["postStart", "preStop"] { lifecycle.modify(hook, handler) }
        }
    }

    /// IfNotPresent for an image pinned by tag or digest; `latest` moves, so it is pulled each time.
    static func pullPolicy(image: String) -> String {
        if image.contains("@") { return "IfNotPresent" }
        let name = image.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard let colon = name.lastIndex(of: ":") else { return "Always" }
        let tag = name[name.index(after: colon)...]
        return tag.isEmpty || tag == "latest" ? "Always" : "IfNotPresent"
    }

    private static func probe(_ probe: inout JSONValue) {
        probe.fillZero("timeoutSeconds", 1)
        probe.fillZero("periodSeconds", 10)
        probe.fillZero("successThreshold", 1)
        probe.fillZero("failureThreshold", 3)
        probe.modify("grpc") { if $0["service"] == nil { $0["service"] = "" } }
        handler(&probe)
    }

    private static func handler(_ handler: inout JSONValue) {
        handler.modify("httpGet") { request in
            request.fill("path", "/")
            request.fill("scheme", "HTTP")
        }
    }

    /// A container that says what it may use at most asks for that much.
    private static func requestsFromLimits(_ container: inout JSONValue, but known: Set<String> = []) {
        let limits = container.fields("resources", "limits")
        guard !limits.isEmpty else { return }
        container.modify("resources") { resources in
            resources.modify("requests", orEmpty: true) { requests in
                for (name, amount) in limits where requests[name] == nil && !known.contains(name) { requests[name] = amount }
            }
        }
    }

    private static let volumeSources = [
        "emptyDir", "hostPath", "configMap", "secret", "downwardAPI", "projected", "persistentVolumeClaim", "ephemeral", "csi", "nfs",
        "image", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "iscsi", "glusterfs", "rbd", "flexVolume", "cinder", "cephfs",
        "flocker", "fc", "azureFile", "azureDisk", "vsphereVolume", "quobyte", "portworxVolume", "scaleIO", "storageos", "photonPersistentDisk",
    ]
    static var knownVolumeSources: [String] { volumeSources }

    private static func volume(_ volume: inout JSONValue) {
        if volumeSources.allSatisfy({ volume[$0] == nil || volume[$0] == .null }) { volume["emptyDir"] = .object([:]) }
        for source in ["secret", "configMap", "downwardAPI", "projected"] { volume.modify(source) { $0.fill("defaultMode", 420) } }
        volume.modify("hostPath") { if $0["type"] == nil { $0["type"] = "" } }
        volume.modify("downwardAPI", fieldReferences)
        volume.modify("projected") { projected in
            projected.modifyEach("sources") { source in
                source.modify("serviceAccountToken") { $0.fillZero("expirationSeconds", 3600) }
                source.modify("downwardAPI", fieldReferences)
            }
        }
        volume.modify("ephemeral") { ephemeral in
            ephemeral.modify("volumeClaimTemplate") { template in template.modify("spec") { $0.fill("volumeMode", "Filesystem") } }
        }
        volume.modify("image") { image in
            if let reference = image["reference"]?.string { image.fill("pullPolicy", .string(pullPolicy(image: reference))) }
        }
    }

    private static func fieldReferences(_ source: inout JSONValue) {
        source.modifyEach("items") { item in
            item.modify("fieldRef") { $0.fill("apiVersion", "v1") }
            item.modify("resourceFieldRef") { $0.fill("divisor", "0") }
        }
    }
}
