package import Glibc

/// Files whose whole new content is one write(2), as those of cgroups and /proc want it.
package enum ControlFile {
    /// With `O_CREAT` in `flags`, `mode` is that of a new file.
    package static func write(_ value: some Collection<UInt8>, to path: String, flags: CInt = 0, mode: mode_t = 0o600)
        throws(SystemCallError)
    {
        let file = try OwnedFileDescriptor(opening: path, flags: O_WRONLY | flags, mode: mode)
        let bytes = Array(value)
        let raw = file.rawValue
        try systemCall("write '\(String(decoding: bytes.prefix(64), as: UTF8.self))' to", on: path) {
            Glibc.write(raw, bytes, bytes.count)
        }
    }
}
