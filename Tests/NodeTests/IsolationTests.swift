import LinuxSystem
import Testing

extension NodeTests {
    @Suite("Isolation")
    struct IsolationTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        /// What an intruder with a shell tries. Each line ends with status 0 when it got through. Those that would change the host
        /// write what is there already.
        static let attacks: [(name: String, script: String)] = [
            ("sysrq", "echo h > /proc/sysrq-trigger"),
            ("core pattern", "v=$(cat /proc/sys/kernel/core_pattern); echo \"$v\" > /proc/sys/kernel/core_pattern"),
            ("kernel parameter", "v=$(cat /proc/sys/vm/swappiness); echo $v > /proc/sys/vm/swappiness"),
            ("sysfs", "v=$(cat /sys/kernel/mm/transparent_hugepage/use_zero_page); echo $v > /sys/kernel/mm/transparent_hugepage/use_zero_page"),
            ("uevent", "echo add > /sys/class/mem/null/uevent"),
            ("remount of sysfs", "mount -o remount,rw /sys"),
            ("remount of sysctl", "mount -o remount,rw,bind /proc/sys"),
            ("kernel memory", "head -c1 /proc/kcore | grep -q ."),
            ("keys", "grep -q . /proc/keys"),
            ("timers", "grep -q . /proc/timer_list"),
            ("firmware", "ls /sys/firmware | grep -q ."),
            ("unmasking", "umount /proc/kcore || umount -l /sys/firmware"),
            ("another proc", "mkdir -p /tmp/proc; mount -t proc proc /tmp/proc"),
            ("block device", "mknod /tmp/block b 7 0; : < /tmp/block"),
            ("memory device", "mknod /tmp/mem c 1 1; head -c1 /tmp/mem"),
            ("port device", "mknod /tmp/port c 1 4; head -c1 /tmp/port"),
            ("kernel log device", "mknod /tmp/kmsg c 1 11; : < /tmp/kmsg"),
            ("kernel log", "dmesg | grep -q ."),
            ("new mount", "mkdir -p /tmp/m; mount -t tmpfs none /tmp/m"),
            ("cgroup mount", "mkdir -p /tmp/c; mount -t cgroup -o memory cgroup /tmp/c || mount -t cgroup2 none /tmp/c"),
            ("release agent", "for f in $(find /sys/fs/cgroup -name release_agent); do echo /tmp/x > $f && exit 0; done; false"),
            ("notify on release", "for f in $(find /sys/fs/cgroup -name notify_on_release); do echo 1 > $f && exit 0; done; false"),
            ("own limits", "for f in $(find /sys/fs/cgroup -name memory.limit_in_bytes -o -name memory.max); do echo -1 > $f && exit 0; done; false"),
            ("cgroup membership", "for f in $(find /sys/fs/cgroup -name cgroup.procs); do echo $$ > $f && exit 0; done; false"),
            ("new cgroup", "for d in $(find /sys/fs/cgroup -type d); do mkdir $d/escape && exit 0; done; false"),
            ("parent cgroup", "grep -q pod /proc/self/cgroup"),
            ("user namespace", "unshare -U true"),
            ("mount namespace", "unshare -m true"),
            ("other namespaces", "nsenter -t 1 -m -u -i -n -p true"),
            ("root change", "mkdir -p /tmp/r/o; cd /tmp/r && pivot_root . o"),
            ("clock", "! date -s @$(date +%s) 2>&1 | grep -q \"can't\""),
            // Whoever may load modules is told that this is none.
            ("module", "echo x > /tmp/x.ko; insmod /tmp/x.ko 2>&1 | grep -q 'invalid module format'"),
            ("network device", "ip link add dummy9 type dummy"),
            ("priority", "renice -n -5 $$"),
            ("host files by processes", "for p in /proc/[0-9]*; do test -e $p/root/var/lib/dpkg/status && exit 0; done; false"),
            ("program of the supervisor", "for p in /proc/[0-9]*; do readlink $p/exe | grep -q berth-pod && exit 0; done; false"),
            // Streams are pipes, terminals, or the null device by a mount of its own; the rest is the shell's.
            ("descriptors", "for f in /proc/[0-9]*/fd/*; do case $(readlink $f) in pipe:*|/dev/*|socket:*|/proc/*|/tmp/*|'') ;; *) test $(stat -L -c %t:%T $f) = 1:3 || exit 0 ;; esac; done; false"),
            ("descriptors above 2", "ls /proc/1/fd | grep -qvE '^[0-2]$'"),
            ("/dev/null", "chmod 600 /proc/kcore || chown 1 /proc/keys"),
            ("layers", "find / -xdev -path '*/containers/*/upper' | grep -q ."),
        ]

        /// Prints the names of the attacks that got through, and then how many were tried.
        static let script: String =
            attacks.map { "(\($0.script)) > /dev/null 2>&1 && echo 'got through: \($0.name)'" }.joined(separator: "\n") + "\necho tried \(attacks.count)"

        static let victims: [(name: String, spec: String, context: String)] = [
            ("plain", "", "{}"),
            ("nonroot", "", "{runAsUser: 1000, runAsNonRoot: true}"),
            ("bare", "", "{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}"),
            ("users", "hostUsers: false", "{}"),
            ("tracer", "shareProcessNamespace: true", "{capabilities: {add: [SYS_PTRACE]}}"),
            ("unconfined", "", "{seccompProfile: {type: Unconfined}}"),
        ]

        @Test("from inside a container no attack gets through, in its main process and in commands")
        func attacks() async throws {
            try await node.inNamespace("attacks") { kubectl in
                for victim in Self.victims {
                    try await kubectl.apply(
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: \(victim.name)}
                        spec:
                          \(victim.spec)
                          terminationGracePeriodSeconds: 0
                          volumes: [{name: tmp, emptyDir: {}}]
                          containers:
                          - name: main
                            image: "\(StandaloneNode.busybox)"
                            command: [sh, -c, "while ! test -e /tmp/go; do sleep 0.1; done; sh /tmp/go; sleep 1000"]
                            securityContext: \(victim.context)
                            volumeMounts: [{name: tmp, mountPath: /tmp}]
                        """)
                }
                for victim in Self.victims {
                    try await kubectl.waitUntilReady(victim.name)
                    // Alone it could do nothing of this: what a user namespace of one's own allows is for the unconfined one to show.
                    let expected = victim.name == "unconfined" ? "got through: user namespace\ntried \(Self.attacks.count)\n" : "tried \(Self.attacks.count)\n"
                    let answer = try await Program.run(
                        kubectl.program, kubectl.options + ["exec", "-i", victim.name, "--", "sh", "-c", "cat > /tmp/script; sh /tmp/script; rm -rf /tmp/[a-r]*; mv /tmp/script /tmp/go"],
                        input: Self.script, environment: ["HOME": kubectl.directory])
                    #expect(answer == expected, "a command in \(victim.name)")
                    try await eventually("the attacks of \(victim.name) are over") { try await kubectl("logs", victim.name) == expected }
                }
            }
        }

        @Test("hostUsers: false: root inside is nobody outside, with every kind of volume, over a restart of the daemon and for good")
        func ownUsers() async throws {
            try await node.inNamespace("users") { kubectl in
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: ConfigMap
                    metadata: {name: text}
                    data: {key: configured}
                    ---
                    apiVersion: v1
                    kind: Secret
                    metadata: {name: secret}
                    stringData: {key: hidden}
                    ---
                    apiVersion: v1
                    kind: PersistentVolumeClaim
                    metadata: {name: data}
                    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 16Mi}}}
                    ---
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: inner}
                    spec:
                      hostUsers: false
                      terminationGracePeriodSeconds: 0
                      securityContext: {fsGroup: 2000}
                      volumes:
                      - {name: empty, emptyDir: {}}
                      - {name: memory, emptyDir: {medium: Memory}}
                      - {name: text, configMap: {name: text}}
                      - {name: secret, secret: {secretName: secret, defaultMode: 0400}}
                      - {name: down, downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}}
                      - {name: data, persistentVolumeClaim: {claimName: data}}
                      - {name: host, hostPath: {path: "\(node.root)/shared", type: DirectoryOrCreate}}
                      containers:
                      - name: main
                        image: "\(StandaloneNode.busybox)"
                        command: [sh, -c, "echo started; trap 'echo bye > /dev/termination-log; exit 3' USR1; while true; do sleep 0.1; done"]
                        volumeMounts:
                        - {name: empty, mountPath: /empty}
                        - {name: memory, mountPath: /memory}
                        - {name: text, mountPath: /text}
                        - {name: secret, mountPath: /secret}
                        - {name: down, mountPath: /down}
                        - {name: data, mountPath: /data}
                        - {name: host, mountPath: /host}
                      - {name: second, image: "\(StandaloneNode.busybox)", command: [sleep, "1000"], securityContext: {runAsUser: 33}}
                    """)
                try await kubectl.waitUntilReady("inner")
                let map = try await kubectl.shell("inner", "cat /proc/self/uid_map").split(separator: " ").map(String.init)
                let base = try #require(map.count == 3 ? UInt32(map[1]) : nil)
                #expect(map[0] == "0" && base >= 65536 && map[2].hasPrefix("65536"))
                let seen = try await kubectl.shell(
                    "inner",
                    """
                    id -u; cat /text/key /secret/key /down/name; echo
                    for d in /empty /memory /data /host; do echo x > $d/file && stat -c '%u %g %n' $d/file; done
                    stat -c '%u %n' / /etc/hosts /etc/resolv.conf /bin/busybox /secret/..data/key
                    """, container: "main")
                #expect(
                    seen
                        == "0\nconfiguredhiddeninner\n0 2000 /empty/file\n0 2000 /memory/file\n0 2000 /data/file\n0 0 /host/file\n0 /\n0 /etc/hosts\n0 /etc/resolv.conf\n0 /bin/busybox\n0 /secret/..data/key\n")
                #expect(try await kubectl.shell("inner", "id -u; cat /proc/self/uid_map", container: "second").split { " \n".contains($0) } == ["33", "0", "\(base)", "65536"])
                #expect(try await kubectl("logs", "inner", "-c", "main") == "started\n")
                // On the host: the process is nobody's, the files are as the volume's users number them.
                #expect(try await Program.run("/usr/bin/stat", ["-c", "%u", "\(node.root)/shared/file"]) == "0\n")

                // A second pod has other ids, also after the daemon has forgotten everything it did not write down.
                try await node.kill()
                try await node.start()
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: other}
                    spec: {hostUsers: false, terminationGracePeriodSeconds: 0, containers: [{name: main, image: "\(StandaloneNode.busybox)", command: [sleep, "1000"]}]}
                    """)
                try await kubectl.waitUntilReady("other", "inner")
                let second = try await kubectl.shell("other", "cat /proc/self/uid_map").split(separator: " ").map(String.init)
                #expect(second.count == 3 && second[1] != map[1])
                #expect(try await kubectl.shell("inner", "cat /proc/self/uid_map", container: "main").split(separator: " ").map(String.init) == map)

                try await kubectl.shell("inner", "kill -USR1 1", container: "main")
                try await kubectl.wait("pod/inner", until: "{.status.containerStatuses[0].restartCount}", is: "1")
                #expect(try await kubectl.value("pod/inner", "{.status.containerStatuses[0].lastState.terminated.message}") == "bye\n")
                #expect(try await kubectl.shell("inner", "cat /data/file /empty/file", container: "main") == "x\nx\n")
            }
        }

        @Test("kubectl debug --target sees the processes of its target")
        func debugTarget() async throws {
            try await node.inNamespace("debugging") { kubectl in
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: web}
                    spec:
                      terminationGracePeriodSeconds: 0
                      containers:
                      - {name: main, image: "\(StandaloneNode.busybox)", command: [sleep, "4242"]}
                      - {name: other, image: "\(StandaloneNode.busybox)", command: [sleep, "2424"]}
                    """)
                try await kubectl.waitUntilReady("web")
                try await kubectl("debug", "web", "--image=\(StandaloneNode.busybox)", "--target=main", "-c", "tools", "--", "ps", "-o", "args")
                try await kubectl.wait("pod/web", until: "{.status.ephemeralContainerStatuses[0].state.terminated.reason}", is: "Completed")
                let processes = try await kubectl("logs", "web", "-c", "tools")
                #expect(processes.contains("sleep 4242") && !processes.contains("sleep 2424"))
            }
        }

        @Test("a privileged container sees the host's devices, and no other container does")
        func privileged() async throws {
            try await node.inNamespace("devices") { kubectl in
                for (name, context) in [("trusted", "{privileged: true}"), ("plain", "{}")] {
                    try await kubectl.apply(
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: \(name)}
                        spec: {terminationGracePeriodSeconds: 0, containers: [{name: main, image: "\(StandaloneNode.busybox)", command: [sleep, "1000"], securityContext: \(context)}]}
                        """)
                }
                try await kubectl.waitUntilReady("trusted", "plain")
                #expect(try await kubectl.shell("trusted", "test -c /dev/loop-control && : < /dev/loop-control && test -c /dev/kmsg && echo all") == "all\n")
                #expect(try await kubectl.shell("plain", "ls /dev | grep -c -e loop -e kmsg -e mem || true") == "0\n")
            }
        }
    }
}
