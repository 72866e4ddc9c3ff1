import Glibc

extension SeccompRules {
    /// The profile of containers that name none. Source: the default of Docker and containerd, whose behaviour users expect:
    /// everything an ordinary program needs, nothing that administers the host unless a capability says so.
    ///
    /// - Parameter capabilities: bounding set; bit n is capability n of capabilities(7).
    static func runtimeDefault(capabilities: UInt64) -> SeccompRules {
        func has(_ number: Int) -> Bool { capabilities & (1 << UInt64(number)) != 0 }
        var rules = [Rule(calls: RuntimeDefaultCalls.always + RuntimeDefaultCalls.native, action: .allow)]
        for (capability, calls) in RuntimeDefaultCalls.byCapability where has(capability) { rules.append(Rule(calls: calls, action: .allow)) }

        if !has(RuntimeDefaultCalls.sysAdmin) {
            // A new thread or process, but no new namespace; clone3 hides its flags behind a pointer, so that the C library is sent to clone.
            // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. Source: linux/sched.h.
            let namespaces: UInt64 = 0x7e02_0000
            rules.append(Rule(calls: ["clone"], action: .allow, arguments: [Argument(index: 0, comparison: .maskedEqual, value: namespaces, second: 0)]))
            rules.append(Rule(calls: ["clone3"], action: .errno(ENOSYS)))
        }
        // AF_VSOCK leads to the hypervisor.
        rules.append(Rule(calls: ["socket"], action: .allow, arguments: [Argument(index: 0, comparison: .notEqual, value: UInt64(AF_VSOCK))]))
        // PER_LINUX, PER_LINUX32, both with UNAME26, and the query.
        for persona: UInt64 in [0, 8, 0x20000, 0x20008, 0xffff_ffff] {
            rules.append(Rule(calls: ["personality"], action: .allow, arguments: [Argument(index: 0, comparison: .equal, value: persona)]))
        }
        return SeccompRules(defaultAction: .errno(EPERM), rules: rules, architectures: RuntimeDefaultCalls.compatible)
    }
}
