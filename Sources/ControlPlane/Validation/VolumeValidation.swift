import KubeAPI

extension Validation {
    /// Checks `volumes` of a pod and returns their names, for mounts to refer to.
    static func volumeNames(_ spec: JSONValue, at field: FieldPath, _ findings: inout Findings) -> Set<String> {
        var names = Set<String>()
        for (index, volume) in spec.items("volumes").enumerated() {
            let path = field.index(index)
            let name = volume.text("name")
            if name.isEmpty {
                findings.add(path.child("name"), .required())
            } else {
                findings.check(name, at: path.child("name"), Naming.label)
                if !names.insert(name).inserted { findings.add(path.child("name"), .duplicate(.string(name))) }
            }
            let sources = Defaults.knownVolumeSources.filter { volume.find($0) != nil }
            if sources.isEmpty { findings.add(path, .required("must specify a volume type")) }
            for extra in sources.dropFirst() { findings.add(path.child(extra), .forbidden("may not specify more than 1 volume type")) }
            if let source = sources.first, let value = volume.find(source) { self.source(value, source, at: path.child(source), &findings) }
        }
        return names
    }

    private static func source(_ source: JSONValue, _ kind: String, at field: FieldPath, _ findings: inout Findings) {
        switch kind {
        case "persistentVolumeClaim": findings.require(source.text("claimName"), at: field.child("claimName"))
        case "configMap":
            findings.require(source.text("name"), at: field.child("name"))
            items(source, at: field, &findings)
        case "secret":
            findings.require(source.text("secretName"), at: field.child("secretName"))
            items(source, at: field, &findings)
        case "hostPath": hostPath(source, at: field, &findings)
        case "emptyDir":
            if let limit = source.find("sizeLimit") { quantity(limit, at: field.child("sizeLimit"), &findings) }
        case "downwardAPI": downward(source, at: field, &findings)
        case "projected":
            for (index, part) in source.items("sources").enumerated() {
                let path = field.child("sources").index(index)
                let kinds = ["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"]
                    .filter { part.find($0) != nil }
                if kinds.isEmpty { findings.add(path, .required("exactly one of `secret`, `configMap`, `downwardAPI`, `serviceAccountToken` must be set")) }
                for extra in kinds.dropFirst() { findings.add(path.child(extra), .forbidden("may not specify more than 1 volume type")) }
                for key in ["secret", "configMap"] {
                    guard let reference = part.find(key) else { continue }
                    findings.require(reference.text("name"), at: path.child(key).child("name"))
                    items(reference, at: path.child(key), &findings)
                }
                if let token = part.find("serviceAccountToken") {
                    let seconds = token.number("expirationSeconds") ?? 3600
                    let tokenPath = path.child("serviceAccountToken")
                    if seconds < 600 { findings.add(tokenPath.child("expirationSeconds"), .invalid(.int(seconds), "may not specify a duration less than 10 minutes")) }
                    findings.require(token.text("path"), at: tokenPath.child("path"))
                }
                if let downward = part.find("downwardAPI") { self.downward(downward, at: path.child("downwardAPI"), &findings) }
            }
        case "ephemeral":
            if let template = source.find("volumeClaimTemplate") {
                claimSpec(template.find("spec") ?? .object([:]), at: field.child("volumeClaimTemplate").child("spec"), &findings)
            } else {
                findings.add(field.child("volumeClaimTemplate"), .required())
            }
        case "image":
            findings.require(source.text("reference"), at: field.child("reference"))
            findings.choice(source, "pullPolicy", ["Always", "IfNotPresent", "Never"], at: field)
        default: break
        }
        if let mode = source.number("defaultMode"), !(0...0o777).contains(mode) {
            findings.add(field.child("defaultMode"), .invalid(.int(mode), "must be a number between 0 and 0777 (octal), both inclusive"))
        }
    }

    static func hostPath(_ source: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        let path = source.text("path")
        findings.require(path, at: field.child("path"))
        if path.split(separator: "/").contains("..") { findings.add(field.child("path"), .invalid(.string(path), "must not contain '..'")) }
        let types = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"]
        findings.oneOf(source.text("type"), types, at: field.child("type"))
    }

    private static func items(_ source: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        for (index, item) in source.items("items").enumerated() {
            let path = field.child("items").index(index)
            findings.require(item.text("key"), at: path.child("key"))
            itemPath(item, at: path, &findings)
        }
    }

    private static func downward(_ source: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        for (index, item) in source.items("items").enumerated() {
            let path = field.child("items").index(index)
            itemPath(item, at: path, &findings)
            if let reference = item.find("resourceFieldRef") {
                resourceName(reference.text("resource"), at: path.child("resourceFieldRef").child("resource"), &findings)
                findings.require(reference.text("containerName"), at: path.child("resourceFieldRef").child("containerName"))
            }
            if item.find("fieldRef") == nil, item.find("resourceFieldRef") == nil {
                findings.add(path, .required("one of fieldRef and resourceFieldRef is required"))
            }
        }
    }

    private static func itemPath(_ item: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        let path = item.text("path")
        if path.isEmpty { findings.add(field.child("path"), .required()) } else { relativePath(path, at: field.child("path"), &findings) }
        if let mode = item.number("mode"), !(0...0o777).contains(mode) {
            findings.add(field.child("mode"), .invalid(.int(mode), "must be a number between 0 and 0777 (octal), both inclusive"))
        }
    }
}
