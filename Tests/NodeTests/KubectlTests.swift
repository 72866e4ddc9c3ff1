import Foundation
import Testing

extension NodeTests {
    /// What depends on kubectl's own age: its protocols, and how it reads ours.
    @Suite("kubectl")
    struct KubectlTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        @Test("apply, tables, describe, exec with and without a terminal, logs and port-forward", arguments: Kubectl.programs)
        func streams(program: String) async throws {
            let namespace = "streams-\(Kubectl.programs.firstIndex(of: program) ?? 0)"
            try await node.inNamespace(namespace) { newest in
                var kubectl = node.kubectl(by: program)
                kubectl.namespace = namespace
                let manifest = """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: talker}
                    spec:
                      terminationGracePeriodSeconds: 1
                      restartPolicy: Never
                      containers:
                      - name: main
                        image: \(StandaloneNode.busybox)
                        command: [sh, -c, "echo first; until test -e /tmp/end; do sleep 0.2; done; echo last; echo loud >&2"]
                      - {name: web, image: "\(StandaloneNode.webImage)", ports: [{containerPort: 80}]}
                    """
                #expect(try await kubectl.apply(manifest).contains("pod/talker created"))
                #expect(try await kubectl.apply(manifest).contains("pod/talker unchanged"))
                try await newest.waitUntilReady("talker")
                #expect(try await kubectl("get", "pods").contains(#/talker +2/2 +Running +0 /#))
                #expect(try await kubectl("get", "pods", "-o", "wide").contains(node.name))
                #expect(try await kubectl("get", "nodes").contains(" Ready "))
                let description = try await kubectl("describe", "pod", "talker")
                for fact in ["Node:", node.name, "Started container main", "Container ID:", "berth://"] { #expect(description.contains(fact)) }

                let echoed = try await kubectl("exec", "-i", "talker", "-c", "main", "--", "sh", "-c", "cat; echo done", input: "one\ntwo\n")
                #expect(echoed == "one\ntwo\ndone\n")
                #expect(try await kubectl("exec", "talker", "-c", "main", "--", "sh", "-c", "exit 3", expecting: nil).contains("exit code 3"))
                #expect(
                    try await kubectl("exec", "talker", "-c", "main", "--", "absent", expecting: nil).contains("exec absent: No such file or directory"))
                let large = String(repeating: "0123456789abcdef", count: 64 << 10)
                #expect(try await kubectl("exec", "-i", "talker", "-c", "main", "--", "sh", "-c", "wc -c", input: large) == "1048576\n")
                let typed = ([kubectl.program] + kubectl.options + ["exec", "-it", "talker", "-c", "main", "--", "sh", "-c", "'tty; until stty size | grep 33; do sleep 0.1; done'"])
                let terminal = try await Program.run(
                    "/usr/bin/script", ["-qec", "stty rows 33 cols 101; \(typed.joined(separator: " "))", "/dev/null"],
                    environment: ["HOME": node.root, "TERM": "xterm"])
                #expect(terminal.contains("/dev/pts/0") && terminal.contains("33 101"))

                async let followed = kubectl("logs", "-f", "talker", "-c", "main")
                try await kubectl("exec", "talker", "-c", "main", "--", "touch", "/tmp/end")
                #expect(try await followed == "first\nlast\nloud\n")
                #expect(try await kubectl("logs", "talker", "-c", "main", "--tail=1", "--timestamps").contains(#/^20.*Z loud\n$/#))
                #expect(try await kubectl("get", "pod", "talker", "-o", "jsonpath={.status.containerStatuses[?(@.name==\"main\")].state.terminated.exitCode}") == "0")
                try await forward(kubectl)
                #expect(try await kubectl("delete", "pod", "talker").contains("deleted"))
            }
        }

        @Test("stdin waits for the next client, or with stdinOnce ends with the first", arguments: Kubectl.programs)
        func input(program: String) async throws {
            let namespace = "input-\(Kubectl.programs.firstIndex(of: program) ?? 0)"
            try await node.inNamespace(namespace) { _ in
                var kubectl = node.kubectl(by: program)
                kubectl.namespace = namespace
                // What kubectl makes for -i has stdinOnce: a cat that ends tells that its input did.
                let once = try await kubectl(
                    "run", "once", "--image=\(StandaloneNode.busybox)", "--restart=Never", "--rm", "-i", "--", "sh", "-c", "cat; echo over", input: "typed\n")
                #expect(once.hasPrefix("typed\nover\n"))
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: twice}
                    spec:
                      restartPolicy: Never
                      containers:
                      - name: main
                        image: \(StandaloneNode.busybox)
                        stdin: true
                        command: [sh, -c, "read line; echo got $line; read line; echo then $line"]
                    """)
                try await kubectl.waitUntilReady("twice")
                // Both stay until the container ends.
                let client = kubectl
                async let first = client("attach", "-i", "twice", input: "one\n")
                try await eventually("the first client's line is read") { try await client("logs", "twice") == "got one\n" }
                try await client("attach", "-i", "twice", input: "two\n")
                #expect(try await first.contains("then two"))
                #expect(try await client("logs", "twice") == "got one\nthen two\n")
            }
        }

        /// Fetches a page of `talker` through a port of this machine, as often as it takes for kubectl to listen.
        private func forward(_ kubectl: Kubectl) async throws {
            let script = """
                "$@" > "$OUT" 2>&1 & forwarder=$!
                trap 'kill $forwarder' EXIT
                for try in $(seq 100); do
                    port=$(sed -n 's/^Forwarding from 127.0.0.1:\\([0-9]*\\).*/\\1/p' "$OUT")
                    if [ -n "$port" ]; then busybox wget -qO- "http://127.0.0.1:$port/" && exit 0; fi
                    sleep 0.1
                done
                cat "$OUT"; exit 1
                """
            let page = try await Program.run(
                "/bin/sh", ["-c", script, "forward", kubectl.program] + kubectl.options + ["port-forward", "pod/talker", ":80"],
                environment: ["HOME": node.root, "OUT": "\(node.root)/forward.out"])
            #expect(page.contains("Moored."))
        }

        @Test("labels, annotations, patches, scale, edit, rollout, events, selectors and wait")
        func everyday() async throws {
            try await node.inNamespace("everyday") { kubectl in
                try await kubectl.apply(
                    """
                    apiVersion: apps/v1
                    kind: StatefulSet
                    metadata: {name: set}
                    spec:
                      serviceName: set
                      podManagementPolicy: Parallel
                      selector: {matchLabels: {app: set}}
                      template:
                        metadata: {labels: {app: set}}
                        spec:
                          terminationGracePeriodSeconds: 0
                          containers: [{name: main, image: "\(StandaloneNode.busybox)", command: [sleep, "1000"], env: [{name: AGE, value: old}]}]
                    """)
                try await kubectl("rollout", "status", "statefulset/set", "--timeout=30s")
                try await kubectl("scale", "statefulset/set", "--replicas=2")
                try await kubectl("rollout", "status", "statefulset/set", "--timeout=30s")
                try await kubectl("label", "pod", "set-1", "kind=second")
                try await kubectl("annotate", "pod", "set-1", "note=here")
                #expect(try await kubectl("get", "pods", "-l", "kind=second", "-o", "name") == "pod/set-1\n")
                #expect(try await kubectl("get", "pods", "--field-selector", "spec.nodeName=\(node.name)", "-o", "name") == "pod/set-0\npod/set-1\n")

                try await kubectl("set", "env", "statefulset/set", "AGE=new")
                try await kubectl("rollout", "status", "statefulset/set", "--timeout=60s")
                for pod in ["set-0", "set-1"] { #expect(try await kubectl.shell(pod, "echo $AGE") == "new\n") }
                #expect(try await kubectl("rollout", "history", "statefulset/set").contains("2"))
                try await kubectl("rollout", "undo", "statefulset/set")
                try await kubectl("rollout", "status", "statefulset/set", "--timeout=60s")
                #expect(try await kubectl.shell("set-0", "echo $AGE") == "old\n")

                let editor = "\(node.root)/editor"
                try "#!/bin/sh\nsed -i 's/replicas: 2/replicas: 1/' \"$1\"\n".write(toFile: editor, atomically: true, encoding: .utf8)
                try await Program.run("/bin/chmod", ["755", editor])
                try await kubectl("edit", "statefulset", "set", environment: ["KUBE_EDITOR": editor, "TMPDIR": node.root])
                try await kubectl("wait", "pod/set-1", "--for=delete", "--timeout=30s")
                try await eventually("starts are told of") { try await kubectl("get", "events", "--field-selector", "involvedObject.name=set-0").contains("Started") }
                #expect(try await kubectl("get", "statefulset", "set", "-o", "jsonpath={.status.readyReplicas}") == "1")
            }
        }

        @Test("a deleted namespace takes everything in it along")
        func namespaces() async throws {
            let kubectl = node.kubectl
            try await kubectl("create", "namespace", "doomed")
            var inside = kubectl
            inside.namespace = "doomed"
            try await inside("create", "configmap", "thing", "--from-literal=a=b")
            try await inside("run", "idler", "--image=\(StandaloneNode.busybox)", "--", "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.2; done")
            try await inside.waitUntilReady("idler")
            let uid = try await inside.value("pod/idler", "{.metadata.uid}")
            try await kubectl("delete", "namespace", "doomed", "--timeout=40s")
            #expect(try await inside("get", "pods,configmaps", "-o", "name").isEmpty)
            #expect(node.supervisors()[uid] == nil)
        }
    }
}
