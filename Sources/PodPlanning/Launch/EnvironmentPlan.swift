import KubeAPI

/// The environment a container's spec asks for, before the image's own variables are put below it.
/// Source: Kubernetes, "Define Environment Variables for a Container"; `env` wins over `envFrom`, both over Services.
struct EnvironmentPlan {
    /// In order of first mention: `envFrom`, `env`, then what Services add.
    private(set) var names: [String] = []
    private(set) var values: [String: String] = [:]

    init(container: Container, pod: Pod, objects: ReferencedObjects, downward: DownwardAPI) throws(PlanningError) {
        let services = serviceVariables(objects.services, namespace: pod.metadata.namespace, linksEnabled: pod.spec.enableServiceLinks ?? true)
        let serviceValues = Dictionary(services.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        for source in container.envFrom { try add(source, objects) }
        for variable in container.env {
            if variable.value.isEmpty, let source = variable.valueFrom {
                guard let value = try Self.value(of: source, container, pod, objects, downward) else { continue }
                set(variable.name, value)
            } else {
                set(variable.name, expanding(variable.value) { values[$0] ?? serviceValues[$0] })
            }
        }
        for service in services where values[service.name] == nil { set(service.name, service.value) }
    }

    /// `NAME=value`, the image's variables first, each name once, at its first place and with its last value.
    func merged(onto base: [String]) -> [String] {
        var order: [String] = []
        var merged: [String: String] = [:]
        for entry in base {
            guard let equals = entry.firstIndex(of: "=") else { continue }
            let name = String(entry[..<equals])
            if merged.updateValue(String(entry[entry.index(after: equals)...]), forKey: name) == nil { order.append(name) }
        }
        for name in names where merged.updateValue(values[name] ?? "", forKey: name) == nil { order.append(name) }
        return order.map { "\($0)=\(merged[$0] ?? "")" }
    }

    private mutating func set(_ name: String, _ value: String) {
        if values.updateValue(value, forKey: name) == nil { names.append(name) }
    }

    private mutating func add(_ source: EnvFromSource, _ objects: ReferencedObjects) throws(PlanningError) {
        if let reference = source.configMapRef {
            guard let configMap = objects.configMaps[reference.name] else {
                if reference.optional { return }
                throw .configMapNotFound(reference.name)
            }
            for (key, value) in configMap.data.sorted(by: { $0.key < $1.key }) { set(source.prefix + key, value) }
        } else if let reference = source.secretRef {
            guard let secret = objects.secrets[reference.name] else {
                if reference.optional { return }
                throw .secretNotFound(reference.name)
            }
            for (key, value) in secret.data.sorted(by: { $0.key < $1.key }) { set(source.prefix + key, String(decoding: value, as: UTF8.self)) }
        }
    }

    /// Nil: optional, and not there.
    private static func value(
        of source: EnvVarSource, _ container: Container, _ pod: Pod, _ objects: ReferencedObjects, _ downward: DownwardAPI
    ) throws(PlanningError) -> String? {
        if let field = source.fieldRef { return try downward.field(field.fieldPath) }
        if let resource = source.resourceFieldRef { return try downward.resource(resource, of: container) }
        if let selector = source.configMapKeyRef {
            guard let configMap = objects.configMaps[selector.name] else {
                if selector.optional { return nil }
                throw .configMapNotFound(selector.name)
            }
            if let value = configMap.data[selector.key] { return value }
            if selector.optional { return nil }
            throw .keyNotFound(key: selector.key, kind: "ConfigMap", namespace: pod.metadata.namespace, name: selector.name)
        }
        if let selector = source.secretKeyRef {
            guard let secret = objects.secrets[selector.name] else {
                if selector.optional { return nil }
                throw .secretNotFound(selector.name)
            }
            if let value = secret.data[selector.key] { return String(decoding: value, as: UTF8.self) }
            if selector.optional { return nil }
            throw .keyNotFound(key: selector.key, kind: "Secret", namespace: pod.metadata.namespace, name: selector.name)
        }
        if let selector = source.fileKeyRef { return try value(of: selector, objects) }
        return ""
    }

    private static func value(of selector: FileKeySelector, _ objects: ReferencedObjects) throws(PlanningError) -> String? {
        let reference = EnvironmentFileReference(volumeName: selector.volumeName, path: selector.path)
        guard let bytes = objects.environmentFiles[reference] else {
            if selector.optional { return nil }
            throw .environmentFile(volume: selector.volumeName, path: selector.path, problem: "there is no such file")
        }
        let file: EnvironmentFile
        do throws(EnvironmentFile.Malformed) {
            file = try EnvironmentFile(parsing: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw .environmentFile(volume: selector.volumeName, path: selector.path, problem: "line \(error.line): \(error.problem)")
        }
        if let value = file.values[selector.key], !value.isEmpty { return value }
        if selector.optional { return nil }
        throw .environmentFile(volume: selector.volumeName, path: selector.path, problem: "environment variable key \"\(selector.key)\" not found")
    }
}
