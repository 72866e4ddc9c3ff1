import CSandboxPlan
import SandboxPlan
import Testing

@Suite("The binary form of plans")
struct PlanEncodingTests {
    static let sandbox = SandboxPlan(
        pod: PodIdentity(uid: "3f2a", namespace: "default", name: "web-0"), hostname: "web-0",
        namespaces: PodNamespaces(network: true, ipc: false, uts: true, pid: .pod, user: IDMapping(hostBase: 65536, length: 65536)),
        sysctls: [SysctlWrite(name: "net.ipv4.ping_group_range", value: "0 2147483647")],
        cgroup: CgroupPlan(
            directories: ["/sys/fs/cgroup/kubepods/pod3f2a"],
            writes: [CgroupWrite(file: "/sys/fs/cgroup/kubepods/pod3f2a/memory.max", value: "1048576", isOptional: true)],
            deviceFilter: [0x95, .max]),
        sharedMemoryBytes: 1 << 33, oomScoreAdjustment: -998, runtime: OCIRuntime(handler: "crun", path: "/usr/bin/crun", commandSeconds: 7))

    static let process = ProcessPlan(
        arguments: ["/bin/sh", "-c", "echo ä €"], environment: ["A=", "PATH=/bin"], workingDirectory: "/srv", uid: 65534, gid: 100,
        groups: [1, 2, 3], umask: 0o027, capabilities: CapabilitySets(bounding: 1 << 40, effective: 2, permitted: 3, inheritable: 4, ambient: 5),
        noNewPrivileges: false, seccomp: [6, 0, 0, 0, 0, 0, 0xff, 0x7f], resourceLimits: [ResourceLimit(resource: 7, soft: 1, hard: .max)],
        oomScoreAdjustment: -997, tty: true, appArmorProfile: "unconfined", document: #"{"ociVersion":"1.0.2"}"#)

    static let container = ContainerPlan(
        id: String(repeating: "a1", count: 32), name: "web", attempt: 3, processTarget: String(repeating: "b2", count: 32),
        root: RootFilesystem(layers: ["/layers/1", "/layers/2"], scratch: "/scratch/x", isReadOnly: true),
        mounts: [
            MountPlan(destination: "/proc", source: .filesystem(type: "proc", data: ""), options: [.noSuid, .noExec]),
            MountPlan(destination: "/data", source: .bind(root: "/vol", path: "a/b", recursive: true), options: .recursiveReadOnly, propagation: .slave),
            MountPlan(destination: "/sys/fs/cgroup", source: .cgroup, propagation: .shared),
            MountPlan(destination: "/dev/shm", source: .podSharedMemory),
        ],
        devices: [DevicePlan(path: "/dev/sda", type: .block, major: 8, minor: 0, mode: 0o600)],
        maskedPaths: ["/proc/kcore"], readOnlyPaths: ["/proc/sys"], process: process, mountLabel: "system_u:object_r:container_file_t:s0:c1,c2",
        cgroup: CgroupPlan(directories: [], writes: []), hasCgroupNamespace: false, logPath: "/var/log/pods/x/web/3.log",
        logMaxBytes: 5, logMaxFiles: 2, stdin: true, stdinOnce: true)

    @Test("what is written reads back the same")
    func roundTrip() throws {
        #expect(try SandboxPlan(decoding: Self.sandbox.encoded()) == Self.sandbox)
        #expect(try ProcessPlan(decoding: Self.process.encoded()) == Self.process)
        #expect(try ContainerPlan(decoding: Self.container.encoded()) == Self.container)
        var labelled = Self.process
        labelled.appArmorProfile = nil
        labelled.seLinuxLabel = "system_u:system_r:container_t:s0:c1,c2"
        #expect(try ProcessPlan(decoding: labelled.encoded()) == labelled)
    }

    @Test("every shortened plan is refused")
    func truncation() {
        let bytes = Self.container.encoded()
        for count in 0..<bytes.count {
            #expect(throws: PlanFormatError.self) { try ContainerPlan(decoding: Array(bytes.prefix(count))) }
        }
    }

    @Test("a damaged word never leads outside the plan")
    func damage() {
        let bytes = Self.container.encoded()
        for offset in stride(from: 0, to: bytes.count - 3, by: 4) {
            for value in [UInt8(0xff), 0x7f, 0x01] {
                var damaged = bytes
                for i in 0..<4 { damaged[offset + i] = value }
                // Either it is refused, or every span still lies inside: the reader would trap otherwise.
                _ = try? ContainerPlan(decoding: damaged)
            }
        }
    }

    @Test("another kind or version of plan is refused", arguments: [4, 6])
    func otherKind(offset: Int) {
        var bytes = Self.sandbox.encoded()
        bytes[offset] &+= 1
        #expect(throws: PlanFormatError.self) { try SandboxPlan(decoding: bytes) }
        #expect(throws: PlanFormatError.self) { try ContainerPlan(decoding: Self.sandbox.encoded()) }
    }

    @Test("a text with a zero inside is refused: it would be cut short by the kernel")
    func embeddedZero() {
        var process = Self.process
        process.arguments = ["a\0b"]
        #expect(throws: PlanFormatError.self) { try ProcessPlan(decoding: process.encoded()) }
    }
}
