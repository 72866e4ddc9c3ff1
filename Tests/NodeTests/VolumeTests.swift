import Foundation
import LinuxSystem
import Testing

extension NodeTests {
    @Suite("Volumes")
    struct VolumeTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        @Test("a later pod does not get another directory in the place of a claim's own")
        func swapped() async throws {
            let path = "\(node.root)/disk"
            try await node.inNamespace("swapped") { kubectl in
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: PersistentVolume
                    metadata: {name: disk}
                    spec:
                      capacity: {storage: 1Gi}
                      accessModes: [ReadWriteOnce]
                      storageClassName: by-hand
                      persistentVolumeReclaimPolicy: Retain
                      local: {path: \(path)}
                      nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [\(node.name)]}]}]}}
                    ---
                    apiVersion: v1
                    kind: PersistentVolumeClaim
                    metadata: {name: disk}
                    spec: {accessModes: [ReadWriteOnce], storageClassName: by-hand, volumeName: disk, resources: {requests: {storage: 1Gi}}}
                    """)
                func pod(_ name: String) -> String {
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: \(name)}
                    spec:
                      terminationGracePeriodSeconds: 0
                      volumes: [{name: data, persistentVolumeClaim: {claimName: disk}}]
                      containers: [{name: main, image: "\(StandaloneNode.busybox)", command: [sleep, "1000"], volumeMounts: [{name: data, mountPath: /data}]}]
                    """
                }
                try await kubectl.apply(pod("first"))
                try await kubectl.waitUntilReady("first")
                try await kubectl("delete", "pod", "first")
                // As when a disk is missing after a boot, and its empty mount point is there instead.
                try FileManager.default.moveItem(atPath: path, toPath: "\(path)-away")
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                try await kubectl.apply(pod("second"))
                try await eventually("the pod is held, with the reason") { try await kubectl("describe", "pod", "second").contains("is not the source it was") }
                try FileManager.default.removeItem(atPath: path)
                try FileManager.default.moveItem(atPath: "\(path)-away", toPath: path)
                try await kubectl.waitUntilReady("second")
                try await kubectl("delete", "pod", "second")
                try await kubectl("delete", "pvc", "disk", "--wait=false", expecting: nil)
                try await kubectl("delete", "pv", "disk", "--wait=false")
            }
        }

        @Test("a claim is full at its size, which the machine does not notice; it grows, and does not shrink")
        func sizes() async throws {
            try await node.inNamespace("sizes") { kubectl in
                let pod = """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: writer}
                    spec:
                      terminationGracePeriodSeconds: 0
                      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
                      containers: [{name: main, image: "\(StandaloneNode.busybox)", command: [sleep, "1000"], volumeMounts: [{name: data, mountPath: /data}]}]
                    """
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: PersistentVolumeClaim
                    metadata: {name: data}
                    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 64Mi}}}
                    ---
                    \(pod)
                    """)
                try await kubectl.waitUntilReady("writer")
                let write = "dd if=/dev/zero of=/data/big bs=1M count=65 2>&1"
                #expect(try await kubectl.shell("writer", write, expecting: 1).contains("No space left on device"))
                // The volume's file had all its blocks before: what filled it took none of the machine's.
                try await Program.run("/bin/dd", ["if=/dev/zero", "of=\(node.root)/unnoticed", "bs=1M", "count=8", "conv=fsync", "status=none"])

                try await kubectl("patch", "pvc", "data", "-p", resize(to: "96Mi"))
                if !Self.maySetResources {
                    // The kernel does not let this machine's root grow a file system in use; the node says so, and how to go on.
                    try await eventually("the claim tells why it cannot grow now") {
                        try await kubectl("describe", "pvc", "data").contains("stop the pods that use the volume")
                    }
                    try await kubectl("delete", "pod", "writer")
                }
                try await kubectl.wait("pvc/data", until: "{.status.capacity.storage}", is: "96Mi")
                if !Self.maySetResources {
                    try await kubectl.apply(pod)
                    try await kubectl.waitUntilReady("writer")
                }
                #expect(try await kubectl.value("pod/writer", "{.status.containerStatuses[0].restartCount}") == "0")
                try await kubectl.shell("writer", write)
                #expect(try await node.berthctl("volumes").contains("sizes/data"))

                #expect(try await kubectl("patch", "pvc", "data", "-p", resize(to: "32Mi"), expecting: 1).contains("spec.resources.requests.storage"))
            }
        }

        private func resize(to size: String) -> String { #"{"spec":{"resources":{"requests":{"storage":"\#(size)"}}}}"# }

        /// CAP_SYS_RESOURCE, bit 24 of the effective set, without which a mounted ext4 does not grow. Source: capabilities(7).
        private static let maySetResources: Bool = {
            let lines = (try? SmallFile.text("/proc/self/status")) ?? ""  // always there on Linux
            let mask = lines.split(separator: "\n").first { $0.hasPrefix("CapEff:") }?.split(separator: "\t").last
            return mask.flatMap { UInt64($0, radix: 16) }.map { $0 >> 24 & 1 == 1 } ?? false
        }()

        @Test("a changed ConfigMap reaches its files, all at once; a key that is mounted alone stays")
        func projections() async throws {
            try await node.inNamespace("projections") { kubectl in
                try await kubectl("create", "configmap", "settings", "--from-literal=colour=red", "--from-literal=size=1")
                try await kubectl("create", "secret", "generic", "password", "--from-literal=word=swordfish")
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: reader, labels: {tier: gold}}
                    spec:
                      terminationGracePeriodSeconds: 0
                      volumes:
                      - {name: settings, configMap: {name: settings}}
                      - {name: password, secret: {secretName: password, defaultMode: 0400}}
                      - name: about
                        downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}
                      containers:
                      - name: main
                        image: \(StandaloneNode.busybox)
                        command: [sleep, "1000"]
                        env:
                        - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
                        - {name: WORD, valueFrom: {secretKeyRef: {name: password, key: word}}}
                        - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
                        - {name: LIMIT, valueFrom: {resourceFieldRef: {resource: limits.memory}}}
                        resources: {limits: {memory: 32Mi}}
                        volumeMounts:
                        - {name: settings, mountPath: /settings}
                        - {name: settings, mountPath: /alone, subPath: colour}
                        - {name: password, mountPath: /password}
                        - {name: about, mountPath: /about}
                    """)
                try await kubectl.waitUntilReady("reader")
                let address = try await kubectl.value("pod/reader", "{.status.podIP}")
                #expect(try await kubectl.shell("reader", "echo $COLOUR $WORD $POD_IP $LIMIT") == "red swordfish \(address) 33554432\n")
                #expect(try await kubectl.shell("reader", "stat -L -c %a /password/word; cat /password/word") == "400\nswordfish")
                #expect(try await kubectl.shell("reader", "cat /about/labels").contains(#"tier="gold""#))
                for place in ["/settings/colour", "/settings/new", "/password/word", "/about/labels", "/alone"] {
                    #expect(try await kubectl.shell("reader", "echo x 2>&1 >\(place)", expecting: 1).contains("Read-only file system"))
                }
                // What root on the node is shown of a plan says where a Secret's value goes, not which it is.
                let plan = try await node.berthctl("plan", "projections/reader", "-o", "json")
                #expect(plan.contains("WORD=<from a Secret>") && plan.contains("COLOUR=red") && !plan.contains("swordfish"))

                // Its own statuses, which came back by the watch before the label does, are no reason to look at the files.
                try await kubectl("label", "pod", "reader", "seen=yes")
                try await eventually("the label is in the file") { try await kubectl.shell("reader", "cat /about/labels").contains(#"seen="yes""#) }
                let uid = try await kubectl.value("pod/reader", "{.metadata.uid}")
                let publications = "SELECT count(*) FROM intent WHERE kind = 'publishVolumes' AND subject = '\(uid)'"
                #expect(try await Program.run("/usr/bin/sqlite3", ["-readonly", "\(node.root)/var/lib/berth/ledger.sqlite", publications]) == "2\n")

                try await kubectl("patch", "configmap", "settings", "-p", #"{"data":{"colour":"blue","size":"2"}}"#)
                try await kubectl("label", "pod", "reader", "tier=silver", "--overwrite")
                try await eventually("the files change") { try await kubectl.shell("reader", "cat /settings/colour /settings/size") == "blue2" }
                try await eventually("the labels change") { try await kubectl.shell("reader", "cat /about/labels").contains(#"tier="silver""#) }
                #expect(try await kubectl.shell("reader", "cat /alone; echo $COLOUR") == "redred\n")
            }
        }

        @Test("emptyDir, also in memory, and hostPath with its type checked")
        func plain() async throws {
            try DirectoryTree.make("\(node.root)/shared")
            try await node.inNamespace("plain") { kubectl in
                func pod(_ name: String, hostPath: String, type: String) -> String {
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: \(name)}
                    spec:
                      terminationGracePeriodSeconds: 0
                      volumes:
                      - {name: disk, emptyDir: {}}
                      - {name: memory, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
                      - {name: host, hostPath: {path: "\(hostPath)", type: \(type)}}
                      containers:
                      - name: main
                        image: \(StandaloneNode.busybox)
                        command: [sleep, "1000"]
                        volumeMounts: [{name: disk, mountPath: /disk}, {name: memory, mountPath: /memory}, {name: host, mountPath: /host}, {name: disk, mountPath: /deep, subPath: made/here}]
                    """
                }
                try await kubectl.apply(pod("holder", hostPath: "\(node.root)/shared", type: "Directory"))
                try await kubectl.apply(pod("wrong", hostPath: "\(node.root)/shared", type: "File"))
                try await kubectl.waitUntilReady("holder")
                try await kubectl.shell("holder", "echo x > /deep/file; test -e /disk/made/here/file")
                try await kubectl.shell("holder", "echo seen > /host/file; echo kept > /disk/file; grep -q ' /memory tmpfs' /proc/mounts")
                #expect(SmallFile.firstLine("\(node.root)/shared/file") == "seen")
                let full = "dd if=/dev/zero of=/memory/big bs=1M count=2 2>&1"
                #expect(try await kubectl.shell("holder", full, expecting: 1).contains("No space left on device"))
                try await eventually("the reason of the pod that waits for its volume") {
                    try await kubectl("describe", "pod", "wrong").contains("hostPath type check failed: \(node.root)/shared is not a file")
                }
                #expect(try await node.berthctl("why", "plain/wrong").contains("\(node.root)/shared"))
            }
        }
    }
}
