import CSandboxPlan

extension SandboxPlan {
    /// The form that `berth-pod` reads. Source: `CSandboxPlan.h`.
    package func encoded() -> [UInt8] {
        var writer = PlanWriter()
        var body = berth_sandbox()
        body.uid = writer.text(pod.uid)
        body.namespace_ = writer.text(pod.namespace)
        body.name = writer.text(pod.name)
        body.hostname = writer.text(hostname ?? "")
        body.handler = writer.text(runtime?.handler ?? "")
        body.runtime = writer.text(runtime?.path ?? "")
        body.flags = UInt32(
            (namespaces.network ? BERTH_NET : 0) | (namespaces.ipc ? BERTH_IPC : 0) | (namespaces.uts ? BERTH_UTS : 0)
                | (namespaces.user != nil ? BERTH_USER : 0) | (hostname != nil ? BERTH_HOSTNAME : 0))
        body.pid_scope = namespaces.pid.code
        body.user_base = namespaces.user?.hostBase ?? 0
        body.user_length = namespaces.user?.length ?? 0
        body.sysctls = writer.array(sysctls.map { berth_sysctl(name: writer.text($0.name), value: writer.text($0.value)) })
        body.cgroup = cgroup.written(to: &writer)
        body.shared_memory_bytes = UInt64(sharedMemoryBytes)
        body.oom_score_adjustment = Int32(oomScoreAdjustment)
        body.runtime_seconds = UInt32(clamping: runtime?.commandSeconds ?? 0)
        return writer.finished(body, kind: BERTH_PLAN_SANDBOX)
    }

    package init(decoding bytes: [UInt8]) throws(PlanFormatError) {
        let reader = try PlanReader(bytes, kind: BERTH_PLAN_SANDBOX)
        let body = reader.body(as: berth_sandbox.self)
        func has(_ flag: Int) -> Bool { Int(body.flags) & flag != 0 }
        guard let pid = PodNamespaces.PIDScope(code: body.pid_scope) else { throw PlanFormatError() }
        self.init(
            pod: PodIdentity(uid: reader.text(body.uid), namespace: reader.text(body.namespace_), name: reader.text(body.name)),
            hostname: has(BERTH_HOSTNAME) ? reader.text(body.hostname) : nil,
            namespaces: PodNamespaces(
                network: has(BERTH_NET), ipc: has(BERTH_IPC), uts: has(BERTH_UTS), pid: pid,
                user: has(BERTH_USER) ? IDMapping(hostBase: body.user_base, length: body.user_length) : nil),
            sysctls: reader.array(body.sysctls, of: berth_sysctl.self).map {
                SysctlWrite(name: reader.text($0.name), value: reader.text($0.value))
            },
            cgroup: CgroupPlan(body.cgroup, in: reader),
            sharedMemoryBytes: Int(clamping: body.shared_memory_bytes), oomScoreAdjustment: Int(body.oom_score_adjustment),
            runtime: body.runtime.count > 0
                ? OCIRuntime(
                    handler: reader.text(body.handler), path: reader.text(body.runtime),
                    commandSeconds: body.runtime_seconds > 0 ? Int(body.runtime_seconds) : nil) : nil)
    }
}

extension CgroupPlan {
    func written(to writer: inout PlanWriter) -> berth_cgroup {
        berth_cgroup(
            directories: writer.texts(directories),
            writes: writer.array(
                writes.map {
                    berth_cgroup_write(
                        file: writer.text($0.file), value: writer.text($0.value), is_optional: $0.isOptional ? 1 : 0, reserved: 0)
                }),
            device_filter: writer.bytes(deviceFilter))
    }

    init(_ cgroup: berth_cgroup, in reader: PlanReader) {
        self.init(
            directories: reader.texts(cgroup.directories),
            writes: reader.array(cgroup.writes, of: berth_cgroup_write.self).map {
                CgroupWrite(file: reader.text($0.file), value: reader.text($0.value), isOptional: $0.is_optional != 0)
            },
            deviceFilter: reader.words(cgroup.device_filter))
    }
}

extension PodNamespaces.PIDScope {
    var code: UInt32 {
        switch self {
        case .container: UInt32(BERTH_PID_CONTAINER)
        case .pod: UInt32(BERTH_PID_POD)
        case .host: UInt32(BERTH_PID_HOST)
        }
    }

    init?(code: UInt32) {
        switch Int(code) {
        case BERTH_PID_CONTAINER: self = .container
        case BERTH_PID_POD: self = .pod
        case BERTH_PID_HOST: self = .host
        default: return nil
        }
    }
}
