import KubeAPI
import PodPlanning
import SandboxPlan
import Testing

@Suite("Container mounts")
struct MountPlanTests {
    static let data = MountedVolume(name: "data", hostPath: "/v/data")

    static func mounted(_ mount: String, env: String = "[]", spec: String = "", volume: MountedVolume = data, on node: NodeFacts? = nil) throws -> MountPlan? {
        let pod = try pod(#"{\#(spec)"containers":[{"name":"c","env":\#(env),"volumeMounts":[{"name":"data","mountPath":"/data",\#(mount)}]}]}"#)
        return try plan(pod, volumes: [volume], on: node).mount("/data")
    }

    @Test("every container has the kernel file systems, and a locked /sys")
    func defaults() throws {
        let plan = try plan(pod(#"{"containers":[{"name":"c"}]}"#))
        #expect(plan.mounts.prefix(7).map(\.destination) == ["/proc", "/dev", "/dev/pts", "/dev/mqueue", "/dev/shm", "/sys", "/sys/fs/cgroup"])
        #expect(plan.mount("/dev/shm")?.source == .podSharedMemory)
        #expect(plan.mount("/sys")?.options.contains(.readOnly) == true)
        #expect(plan.maskedPaths.contains("/proc/kcore"))
        #expect(plan.readOnlyPaths.contains("/proc/sys"))
        #expect(plan.devices.map(\.path) == ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx"])
        #expect(plan.root.layers == ["/var/lib/berth/images/skeletons/plain", "/l1", "/l2"])
        #expect(plan.logPath == "/var/log/pods/default_web-0_u1/c/2.log")
    }

    @Test("the node's files are bound, and the termination log")
    func nodeFiles() throws {
        let plan = try plan(pod(#"{"containers":[{"name":"c","terminationMessagePath":"/tmp/last"}]}"#))
        #expect(plan.mount("/etc/hosts")?.source == .bind(root: "/var/lib/kubelet/pods/u1/etc-hosts", path: "", recursive: false))
        #expect(plan.mount("/etc/resolv.conf") != nil)
        #expect(plan.mount("/etc/hostname") != nil)
        #expect(plan.mount("/tmp/last")?.source == .bind(root: "/var/lib/kubelet/pods/u1/termination.c.2", path: "", recursive: false))
    }

    @Test("the lowest layer has the mount points of every container, and those of credentials only for who has them")
    func skeleton() throws {
        let credentials = "/var/run/secrets/kubernetes.io/serviceaccount"
        let pod = try pod(#"{"containers":[{"name":"c","volumeMounts":[{"name":"data","mountPath":"\#(credentials)"}]}]}"#)
        for (plan, skeleton) in [(try plan(pod, volumes: [Self.data]), RootSkeleton.account), (try plan(PodPlanningTests.pod(#"{"containers":[{"name":"c"}]}"#)), .plain)] {
            #expect(plan.root.layers == ["/var/lib/berth/images/skeletons/\(skeleton)", "/l1", "/l2"])
            // What the kernel's file systems and /dev hold is made in them.
            let wanted = plan.mounts.map(\.destination).filter { !$0.hasPrefix("/dev/") && !$0.hasPrefix("/sys/") }
            #expect(Set(wanted) == Set(skeleton.files + ["/dev", "/proc", "/sys"] + (skeleton == .account ? [credentials] : [])))
            #expect(Set(skeleton.directories).isSuperset(of: wanted.filter { !skeleton.files.contains($0) }))
            var made: Set = [""]
            for path in skeleton.directories + skeleton.files {
                #expect(made.contains(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])), "\(path) comes before what it is in")
                made.insert(path)
            }
        }
    }

    @Test("a volume at the place of a standing mount replaces it")
    func replaced() throws {
        let pod = try pod(#"{"containers":[{"name":"c","volumeMounts":[{"name":"data","mountPath":"/etc/hosts"},{"name":"data","mountPath":"/dev/shm/"}]}]}"#)
        let mounts = try plan(pod, volumes: [Self.data]).mounts
        #expect(mounts.filter { $0.destination == "/etc/hosts" }.map(\.source) == [.bind(root: "/v/data", path: "", recursive: true)])
        #expect(mounts.filter { $0.destination == "/dev/shm" }.count == 1)
    }

    @Test("an inner mount comes after the outer one")
    func order() throws {
        let pod = try pod(#"{"containers":[{"name":"c","volumeMounts":[{"name":"data","mountPath":"/a/b/c"},{"name":"data","mountPath":"/z"},{"name":"data","mountPath":"/a"}]}]}"#)
        #expect(try plan(pod, volumes: [Self.data]).mounts.map(\.destination).filter { $0.hasPrefix("/a") || $0 == "/z" } == ["/z", "/a", "/a/b/c"])
    }

    static let optionTable: [(String, MountPlan.MountOptions, MountPlan.Propagation)] = [
        (#""readOnly":true"#, .readOnly, .private),
        (#""readOnly":true,"recursiveReadOnly":"Enabled""#, [.readOnly, .recursiveReadOnly], .private),
        (#""recursiveReadOnly":"IfPossible""#, [], .private),
        (#""readOnly":true,"recursiveReadOnly":"IfPossible""#, [.readOnly, .recursiveReadOnly], .private),
        (#""mountPropagation":"HostToContainer""#, [], .slave),
        (#""mountPropagation":"Bidirectional""#, [], .shared),
    ]

    @Test("a volume does not hide the node's files and the termination log within it")
    func within() throws {
        let pod = try pod(#"{"containers":[{"name":"c","terminationMessagePath":"/tmp/last","volumeMounts":[{"name":"data","mountPath":"/etc"},{"name":"data","mountPath":"/tmp"},{"name":"data","mountPath":"/dev"}]}]}"#)
        let order = try plan(pod, volumes: [Self.data]).mounts.map(\.destination)
        #expect(order == ["/proc", "/sys", "/sys/fs/cgroup", "/etc", "/tmp", "/dev", "/etc/hostname", "/etc/resolv.conf", "/etc/hosts", "/tmp/last"])
    }

    @Test("options of a volume mount", arguments: optionTable)
    func options(mount: String, options: MountPlan.MountOptions, propagation: MountPlan.Propagation) throws {
        let plan = try Self.mounted(mount)
        #expect(plan?.options == options)
        #expect(plan?.propagation == propagation)
    }

    @Test("a read-only volume is read-only in every container")
    func readOnlyVolume() throws {
        let volume = MountedVolume(name: "data", hostPath: "/v", isReadOnly: true)
        #expect(try Self.mounted(#""readOnly":false"#, volume: volume)?.options == .readOnly)
    }

    @Test("a subPath stays relative to its volume, and its variables are expanded", arguments: [
        (#""subPath":"a/b""#, "a/b"), (#""subPathExpr":"$(P)/x""#, "pod/x"), (#""subPathExpr":"$$(P)""#, "$(P)"),
    ])
    func subPath(mount: String, expected: String) throws {
        let plan = try Self.mounted(mount, env: #"[{"name":"P","value":"pod"}]"#)
        #expect(plan?.source == .bind(root: "/v/data", path: expected, recursive: true))
    }

    @Test("a subPath that leaves its volume, or depends on nothing, is refused", arguments: [
        #""subPath":"../x""#, #""subPath":"a/../../x""#, #""subPath":"/etc""#, #""subPathExpr":"$(NONE)/x""#, #""subPathExpr":"$(UP)/x""#,
    ])
    func badSubPath(mount: String) {
        #expect(throws: PlanningError.self) { try Self.mounted(mount, env: #"[{"name":"UP","value":".."}]"#) }
    }

    @Test("a volume that is not there is named")
    func missing() throws {
        let pod = try pod(#"{"containers":[{"name":"c","volumeMounts":[{"name":"data","mountPath":"/data"}]}]}"#)
        #expect(throws: PlanningError.volumeNotMounted(volume: "data", container: "c")) { try plan(pod) }
    }

    @Test("in a user namespace volumes and the node's files are id-mapped, and new file systems belong to the pod's root")
    func idMapped() throws {
        #expect(try Self.mounted(#""readOnly":true"#, spec: #""hostUsers":false,"#)?.options == [.readOnly, .idMapped])
        let plan = try plan(pod(#"{"hostUsers":false,"containers":[{"name":"c"}]}"#), userMapping: IDMapping(hostBase: 131_072, length: 65536))
        for path in ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev/termination-log"] {
            #expect(plan.mount(path)?.options == .idMapped, "\(path)")
        }
        #expect(plan.mount("/dev")?.source == .filesystem(type: "tmpfs", data: "mode=755,size=65536k,uid=131072,gid=131072"))
        #expect(plan.mount("/dev/pts")?.source == .filesystem(type: "devpts", data: "newinstance,ptmxmode=0666,mode=0620,gid=131077"))
    }

    @Test("recursive read-only is refused where the kernel lacks it")
    func noRecursiveReadOnly() throws {
        var node = try NodeFacts.test()
        node.kernel.recursiveReadOnly = false
        #expect(throws: PlanningError.recursiveReadOnlyUnavailable(volume: "data")) { try Self.mounted(#""recursiveReadOnly":"Enabled""#, on: node) }
    }

    @Test("a privileged container has the host's devices, a writable /sys, and nothing hidden")
    func privileged() throws {
        var node = try NodeFacts.test()
        node.hostDevices = [DevicePlan(path: "/dev/sda", type: .block, major: 8, minor: 0), DevicePlan(path: "/dev/null", major: 1, minor: 3), DevicePlan(path: "/dev/pts/0", major: 136, minor: 0)]
        let plan = try plan(pod(#"{"containers":[{"name":"c","tty":true,"securityContext":{"privileged":true}}]}"#), on: node)
        #expect(plan.devices.map(\.path).suffix(3) == ["/dev/ptmx", "/dev/console", "/dev/sda"])
        #expect(plan.maskedPaths.isEmpty && plan.readOnlyPaths.isEmpty && plan.process.seccomp.isEmpty)
        #expect(plan.mount("/sys")?.options.contains(.readOnly) == false)
    }

    @Test("procMount Unmasked is for pods with users of their own")
    func unmaskedHostUsers() throws {
        let plan = try plan(pod(#"{"containers":[{"name":"c","securityContext":{"procMount":"Unmasked"}}]}"#))
        #expect(plan.maskedPaths.contains("/proc/kcore") && plan.readOnlyPaths.contains("/proc/sys"))
    }

    @Test("procMount Unmasked hides nothing")
    func unmasked() throws {
        let plan = try plan(pod(#"{"hostUsers":false,"containers":[{"name":"c","securityContext":{"procMount":"Unmasked"}}]}"#))
        #expect(plan.maskedPaths.isEmpty && plan.readOnlyPaths.isEmpty)
    }

    @Test("the host's IPC brings the host's shared memory and queues")
    func hostIPC() throws {
        let plan = try plan(pod(#"{"hostIPC":true,"containers":[{"name":"c"}]}"#))
        #expect(plan.mount("/dev/shm")?.source == .bind(root: "/dev/shm", path: "", recursive: false))
        #expect(plan.mount("/dev/mqueue")?.source == .filesystem(type: "mqueue", data: ""))
    }

    @Test("a read-only root keeps volumes writable")
    func readOnlyRoot() throws {
        let pod = try pod(#"{"containers":[{"name":"c","securityContext":{"readOnlyRootFilesystem":true},"volumeMounts":[{"name":"data","mountPath":"/data"}]}]}"#)
        let plan = try plan(pod, volumes: [Self.data])
        #expect(plan.root.isReadOnly)
        #expect(plan.mount("/data")?.options == [])
        #expect(plan.mount("/etc/resolv.conf")?.options == .readOnly)
    }
}
