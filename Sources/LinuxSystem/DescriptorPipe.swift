import CLinux

/// Both ends of a pipe(2), close-on-exec.
package struct DescriptorPipe: ~Copyable, Sendable {
    package let readEnd: OwnedFileDescriptor
    package let writeEnd: OwnedFileDescriptor

    package init() throws(SystemCallError) {
        var ends: [CInt] = [-1, -1]
        try systemCall("pipe2", on: "pipe") { berth_pipe(&ends) }
        readEnd = OwnedFileDescriptor(adopting: ends[0])
        writeEnd = OwnedFileDescriptor(adopting: ends[1])
    }

    /// Gives both numbers away; the caller closes them.
    package consuming func release() -> (readEnd: CInt, writeEnd: CInt) {
        (readEnd.release(), writeEnd.release())
    }
}
