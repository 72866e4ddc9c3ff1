import CSandboxPlan

extension ProcessPlan {
    /// The form that `berth-pod` reads. Source: `CSandboxPlan.h`.
    package func encoded() -> [UInt8] {
        var writer = PlanWriter()
        let body = written(to: &writer)
        return writer.finished(body, kind: BERTH_PLAN_PROCESS)
    }

    package init(decoding bytes: [UInt8]) throws(PlanFormatError) {
        let reader = try PlanReader(bytes, kind: BERTH_PLAN_PROCESS)
        self.init(reader.body(as: berth_process.self), in: reader)
    }

    func written(to writer: inout PlanWriter) -> berth_process {
        var process = berth_process()
        process.bounding = capabilities.bounding
        process.effective = capabilities.effective
        process.permitted = capabilities.permitted
        process.inheritable = capabilities.inheritable
        process.ambient = capabilities.ambient
        process.arguments = writer.texts(arguments)
        process.environment = writer.texts(environment)
        process.working_directory = writer.text(workingDirectory)
        process.label = writer.text(seLinuxLabel ?? appArmorProfile ?? "")
        process.document = writer.text(document ?? "")
        process.groups = writer.array(groups)
        process.seccomp = writer.array(seccomp)
        process.resource_limits = writer.array(
            resourceLimits.map { berth_resource_limit(soft: $0.soft, hard: $0.hard, resource: UInt32($0.resource), reserved: 0) })
        process.uid = uid
        process.gid = gid
        process.umask = umask
        process.flags = UInt32(
            (noNewPrivileges ? BERTH_NO_NEW_PRIVILEGES : 0) | (tty ? BERTH_TTY : 0)
                | (seLinuxLabel != nil ? BERTH_SELINUX : appArmorProfile != nil ? BERTH_APPARMOR : 0))
        process.oom_score_adjustment = Int32(oomScoreAdjustment)
        return process
    }

    init(_ process: berth_process, in reader: PlanReader) {
        func has(_ flag: Int) -> Bool { Int(process.flags) & flag != 0 }
        self.init(
            arguments: reader.texts(process.arguments), environment: reader.texts(process.environment),
            workingDirectory: reader.text(process.working_directory), uid: process.uid, gid: process.gid,
            groups: reader.array(process.groups, of: UInt32.self), umask: process.umask,
            capabilities: CapabilitySets(
                bounding: process.bounding, effective: process.effective, permitted: process.permitted,
                inheritable: process.inheritable, ambient: process.ambient),
            noNewPrivileges: has(BERTH_NO_NEW_PRIVILEGES), seccomp: reader.array(process.seccomp, of: UInt8.self),
            resourceLimits: reader.array(process.resource_limits, of: berth_resource_limit.self).map {
                ResourceLimit(resource: Int($0.resource), soft: $0.soft, hard: $0.hard)
            },
            oomScoreAdjustment: Int(process.oom_score_adjustment), tty: has(BERTH_TTY),
            appArmorProfile: has(BERTH_APPARMOR) ? reader.text(process.label) : nil,
            seLinuxLabel: has(BERTH_SELINUX) ? reader.text(process.label) : nil,
            document: process.document.count > 0 ? reader.text(process.document) : nil)
    }
}
