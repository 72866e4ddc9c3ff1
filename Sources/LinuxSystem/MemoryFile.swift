import CLinux
import Glibc

/// Bytes in an anonymous file, to be passed to another process as a descriptor. Source: memfd_create(2).
package struct MemoryFile: ~Copyable, Sendable {
    package let descriptor: OwnedFileDescriptor

    package init(_ bytes: [UInt8], name: String) throws(SystemCallError) {
        let file = OwnedFileDescriptor(adopting: try systemCall("memfd_create", on: name) { berth_memfd(name) })
        let number = file.rawValue
        var written = 0
        while written < bytes.count {
            written += try systemCall("write", on: name) {
                bytes.withUnsafeBytes { write(number, $0.baseAddress?.advanced(by: written), $0.count - written) }
            }
        }
        descriptor = file
    }
}
