import LinuxSystem

/// Sets `lo` of a network namespace up: two system calls on a thread of our own, where the loopback plugin would be a process.
/// - Parameter namespace: such as `/proc/<pid>/ns/net`.
func bringUpLoopback(in namespace: String) async throws(SystemCallError) {
    try await onDedicatedThread { () throws(SystemCallError) in
        try enterNetworkNamespace(namespace)
        try NetworkInterface(name: "lo").setUp()
    }
}
