import CLinux
import Glibc
import LinuxSystem

/// Layers as overlayfs would show them on top of each other.
struct LayerStack {
    /// Lowest first.
    let layers: [LayerDirectory]

    /// The text of a file in some directory of the root, empty when there is none. At most a megabyte is read.
    /// - Note: a link that leads from one layer into another is not followed.
    func text(of name: String, in directory: String) -> String {
        for layer in layers.reversed() {
            switch Self.find(name, in: directory, of: layer) {
            case .text(let text): return text
            case .nothing: return ""
            case .below: continue
            }
        }
        return ""
    }

    private enum Finding { case text(String), nothing, below }

    private static func find(_ name: String, in directory: String, of layer: LayerDirectory) -> Finding {
        do throws(SystemCallError) {
            let root = try RootedDirectory(at: layer.files)
            let number: CInt
            do throws(SystemCallError) {
                number = try root.open(directory, flags: O_RDONLY | O_DIRECTORY).release()
            } catch {
                return error.isNotFound ? .below : .nothing
            }
            let parent = OwnedFileDescriptor(adopting: number)
            do throws(SystemCallError) {
                let file = try root.open("\(directory)/\(name)", flags: O_RDONLY | O_NONBLOCK)
                guard try FileStatus(of: file.rawValue).kind == .file else { return .nothing }
                return .text(String(decoding: try DurableFile.readAll(file, named: name, limit: 1 << 20), as: UTF8.self))
            } catch {
                guard error.isNotFound else { return .nothing }  // a whiteout gives ENXIO
            }
            var value: CChar = 0
            let isOpaque = berth_fgetxattr(parent.rawValue, "trusted.overlay.opaque", &value, 1) == 1
            return isOpaque ? .nothing : .below
        } catch {
            return .nothing
        }
    }
}
