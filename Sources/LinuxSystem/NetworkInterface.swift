import CLinux
import Glibc

/// Moves the calling thread into a network namespace. Only for `onDedicatedThread`: there is no way back. Source: setns(2).
package func enterNetworkNamespace(_ path: String) throws(SystemCallError) {
    let namespace = try OwnedFileDescriptor(opening: path, flags: O_RDONLY)
    try systemCall("setns", on: path) { berth_setns_network(namespace.rawValue) }
}

/// A network interface of the thread's network namespace. Source: netdevice(7).
package struct NetworkInterface: Sendable {
    /// At most 15 bytes. `lo:dns` names a further address of `lo`.
    package let name: String
    package init(name: String) { self.name = name }

    package func setUp() throws(SystemCallError) {
        try systemCall("ioctl SIOCSIFFLAGS", on: name) { berth_link_set_up(name) }
    }

    /// Makes a bridge of this name; one that exists already is good. Its hardware address is then fixed: otherwise a
    /// bridge takes the lowest of its ports', and everyone who has resolved it loses it when a port joins or leaves.
    package func createBridge() throws(SystemCallError) {
        do throws(SystemCallError) {
            try systemCall("ioctl SIOCBRADDBR", on: name) { berth_bridge_add(name) }
        } catch where error.code == EEXIST {
        }
        try systemCall("ioctl SIOCSIFHWADDR", on: name) { berth_link_pin_hardware_address(name) }
    }

    /// Takes a bridge away; one that is gone already is good.
    package func deleteBridge() throws(SystemCallError) {
        do throws(SystemCallError) {
            try systemCall("ioctl SIOCBRDELBR", on: name) { berth_bridge_delete(name) }
        } catch where error.code == ENXIO || error.code == ENODEV {
        }
    }

    /// - Parameters: dotted IPv4 address and network mask.
    package func setAddress(_ address: String, netmask: String) throws(SystemCallError) {
        try systemCall("ioctl SIOCSIFADDR", on: "\(name) \(address)") { berth_link_set_address(name, address, netmask) }
    }
}

/// Whether the path is a regular file that may be executed.
package func isExecutable(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
}
