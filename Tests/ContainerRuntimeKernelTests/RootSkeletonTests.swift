import ContainerRuntime
import Glibc
import LinuxSystem
import PodPlanning
import SandboxPlan
import Testing

@Suite("Mount points of a container", .enabled(if: canRunContainers, "needs root and busybox-static"), .timeLimit(.minutes(5)), .tidy)
struct RootSkeletonTests {
    static let account = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// Binds of the files that every pod has, and of its credentials.
    private func bind(_ node: TestNode, in plan: inout ContainerPlan, isMapped: Bool) throws {
        let (files, options) = (RootSkeleton.account.files, isMapped ? MountPlan.MountOptions.idMapped : [])
        try DirectoryTree.make("\(node.root)/token")
        for (index, file) in files.enumerated() {
            try ControlFile.write("file \(index)\n".utf8, to: "\(node.root)/file\(index)", flags: O_CREAT, mode: 0o644)
            plan.mounts.append(MountPlan(destination: file, source: .bind(root: "\(node.root)/file\(index)", path: "", recursive: false), options: options))
        }
        try ControlFile.write("token\n".utf8, to: "\(node.root)/token/token", flags: O_CREAT, mode: 0o644)
        plan.mounts.append(MountPlan(destination: Self.account, source: .bind(root: "\(node.root)/token", path: "", recursive: true), options: options))
        try RootSkeleton.account.make(at: "\(node.root)/skeletons/account")
        plan.root.layers.insert("\(node.root)/skeletons/account", at: 0)
    }

    @Test("what an image lacks is not made in the writable layer, and is root's to the container", arguments: [false, true])
    func emptyWritableLayer(isMapped: Bool) async throws {
        let node = try isMapped ? UserNamespaceTests.node() : TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        try DirectoryTree.make("\(node.root)/elsewhere/top/srv")
        let names = ["/dev", "/etc", "/var", "/var/run", "/var/run/secrets", Self.account]
        let script = """
            cat \(RootSkeleton.account.files.joined(separator: " ")) \(Self.account)/token; ls -d /srv; ls -A /
            stat -c '%u %g %a %n' \(names.joined(separator: " ")); echo told; until test -e /tmp/go; do sleep 0.01; done
            echo mine > /etc/new && rm /etc/new && mkdir /var/lib && rmdir /var/lib && echo writable
            """
        var plan = isMapped ? UserNamespaceTests.container(node, script) : node.container(script)
        try bind(node, in: &plan, isMapped: isMapped)
        // Made as ever, for it is nowhere.
        plan.mounts.removeAll { $0.destination == "/volume" }
        // An image of several layers, which do not lie beside each other.
        plan.root.layers.append("\(node.root)/elsewhere/top")
        _ = try await sandbox.start(plan)
        while try !node.output().contains("told\n") { try await Task.sleep(for: .milliseconds(10)) }  // nothing tells of a line; the suite has a limit
        #expect(node.entries("\(plan.root.scratch)/upper").isEmpty)
        let go = try await sandbox.exec(plan.id, node.process(["touch", "/tmp/go"]))
        #expect(await go.exitCode() == 0)
        for descriptor in [go.stdout, go.stderr] { if let descriptor { close(descriptor) } }
        #expect(try await sandbox.exit(of: plan.id).code == 0)
        let expected = ["file 0", "file 1", "file 2", "token", "/srv"] + ["bin", "dev", "etc", "proc", "srv", "sys", "tmp", "var"]
        #expect(try node.output() == (expected + names.map { "0 0 755 \($0)" } + ["told", "writable", ""]).joined(separator: "\n"))
        try await node.tearDown(sandbox)
    }

    @Test("an image's own files, links and modes are what the container sees")
    func imageWins() async throws {
        let node = try TestNode()
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let etc = "\(node.root)/layers/base/etc"
        try DirectoryTree.makeOwn(etc, mode: 0o711)
        try ControlFile.write("of the image\n".utf8, to: "\(etc)/resolv.conf", flags: O_CREAT, mode: 0o600)
        symlink("/moved/hosts", "\(etc)/hosts")
        symlink("tmp", "\(node.root)/layers/base/var")
        var plan = node.container("stat -c '%a %F %n' /etc /etc/resolv.conf /etc/hosts /var; cat /etc/resolv.conf /moved/hosts; ls /tmp/run")
        try bind(node, in: &plan, isMapped: false)
        plan.mounts.removeAll { $0.destination == "/etc/resolv.conf" }
        #expect(try await sandbox.run(plan).code == 0)
        #expect(
            try node.output() == """
                711 directory /etc
                600 regular file /etc/resolv.conf
                777 symbolic link /etc/hosts
                777 symbolic link /var
                of the image
                file 1
                secrets

                """)
        try await node.tearDown(sandbox)
    }
}
