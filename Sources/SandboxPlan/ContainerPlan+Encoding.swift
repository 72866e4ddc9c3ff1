import CSandboxPlan

extension ContainerPlan {
    /// The form that `berth-pod` reads. Source: `CSandboxPlan.h`.
    package func encoded() -> [UInt8] {
        var writer = PlanWriter()
        var body = berth_container()
        body.id = writer.text(id)
        body.name = writer.text(name)
        body.process_target = writer.text(processTarget ?? "")
        body.scratch = writer.text(root.scratch)
        body.log_path = writer.text(logPath)
        body.layers = writer.texts(root.layers)
        body.mounts = writer.array(mounts.map { $0.written(to: &writer) })
        body.devices = writer.array(
            devices.map {
                berth_device(
                    path: writer.text($0.path), is_block: $0.type == .block ? 1 : 0, major: $0.major, minor: $0.minor, mode: $0.mode)
            })
        body.masked_paths = writer.texts(maskedPaths)
        body.read_only_paths = writer.texts(readOnlyPaths)
        body.cgroup = cgroup.written(to: &writer)
        body.process = process.written(to: &writer)
        if let mountLabel { body.mount_label = writer.text(mountLabel).offset }
        body.log_max_bytes = UInt64(logMaxBytes)
        body.log_max_files = UInt32(logMaxFiles)
        body.attempt = UInt32(attempt)
        body.flags = UInt32(
            (root.isReadOnly ? BERTH_ROOT_READ_ONLY : 0) | (hasCgroupNamespace ? BERTH_CGROUP_NAMESPACE : 0)
                | (stdin ? BERTH_STDIN : 0) | (stdinOnce ? BERTH_STDIN_ONCE : 0))
        return writer.finished(body, kind: BERTH_PLAN_CONTAINER)
    }

    package init(decoding bytes: [UInt8]) throws(PlanFormatError) {
        let reader = try PlanReader(bytes, kind: BERTH_PLAN_CONTAINER)
        let body = reader.body(as: berth_container.self)
        func has(_ flag: Int) -> Bool { Int(body.flags) & flag != 0 }
        var mounts: [MountPlan] = []
        for mount in reader.array(body.mounts, of: berth_mount.self) {
            mounts.append(try MountPlan(mount, in: reader))
        }
        self.init(
            id: reader.text(body.id), name: reader.text(body.name), attempt: Int(body.attempt),
            processTarget: body.process_target.count > 0 ? reader.text(body.process_target) : nil,
            root: RootFilesystem(
                layers: reader.texts(body.layers), scratch: reader.text(body.scratch), isReadOnly: has(BERTH_ROOT_READ_ONLY)),
            mounts: mounts,
            devices: reader.array(body.devices, of: berth_device.self).map {
                DevicePlan(
                    path: reader.text($0.path), type: $0.is_block != 0 ? .block : .character, major: $0.major, minor: $0.minor,
                    mode: $0.mode)
            },
            maskedPaths: reader.texts(body.masked_paths), readOnlyPaths: reader.texts(body.read_only_paths),
            process: ProcessPlan(body.process, in: reader), mountLabel: body.mount_label > 0 ? reader.text(at: body.mount_label) : nil, cgroup: CgroupPlan(body.cgroup, in: reader),
            hasCgroupNamespace: has(BERTH_CGROUP_NAMESPACE), logPath: reader.text(body.log_path),
            logMaxBytes: Int(clamping: body.log_max_bytes), logMaxFiles: Int(body.log_max_files), stdin: has(BERTH_STDIN),
            stdinOnce: has(BERTH_STDIN_ONCE))
    }
}

extension MountPlan {
    func written(to writer: inout PlanWriter) -> berth_mount {
        var mount = berth_mount()
        mount.destination = writer.text(destination)
        mount.options = options.rawValue
        mount.propagation =
            switch propagation {
            case .private: UInt32(BERTH_PRIVATE)
            case .slave: UInt32(BERTH_SLAVE)
            case .shared: UInt32(BERTH_SHARED)
            }
        let (kind, source, detail, isRecursive) =
            switch self.source {
            case .filesystem(let type, let data): (BERTH_MOUNT_FILESYSTEM, type, data, false)
            case .bind(let root, let path, let recursive): (BERTH_MOUNT_BIND, root, path, recursive)
            case .cgroup: (BERTH_MOUNT_CGROUP, "", "", false)
            case .podSharedMemory: (BERTH_MOUNT_SHARED_MEMORY, "", "", false)
            }
        mount.kind = UInt32(kind)
        mount.source = writer.text(source)
        mount.detail = writer.text(detail)
        mount.is_recursive = isRecursive ? 1 : 0
        return mount
    }

    init(_ mount: berth_mount, in reader: PlanReader) throws(PlanFormatError) {
        let (text, detail) = (reader.text(mount.source), reader.text(mount.detail))
        let source: Source
        switch Int(mount.kind) {
        case BERTH_MOUNT_FILESYSTEM: source = .filesystem(type: text, data: detail)
        case BERTH_MOUNT_BIND: source = .bind(root: text, path: detail, recursive: mount.is_recursive != 0)
        case BERTH_MOUNT_CGROUP: source = .cgroup
        case BERTH_MOUNT_SHARED_MEMORY: source = .podSharedMemory
        default: throw PlanFormatError()
        }
        let propagation: Propagation
        switch Int(mount.propagation) {
        case BERTH_PRIVATE: propagation = .private
        case BERTH_SLAVE: propagation = .slave
        case BERTH_SHARED: propagation = .shared
        default: throw PlanFormatError()
        }
        self.init(
            destination: reader.text(mount.destination), source: source, options: MountOptions(rawValue: mount.options),
            propagation: propagation)
    }
}
