#if DEBUG
import Glibc
import Synchronization
#endif

/// A place between two effects, where a test may end the process as a power cut would: at once, without a word.
///
/// Only debug builds look; in a release build a point is nothing. A test writes a number into the file that the daemon was
/// told of: so many points are passed, and at the next one the process kills itself, its name left in the file. Without the
/// file, or with anything but a number in it, every point is passed.
package enum FaultPoint {
    @inline(__always)
    package static func pass(_ name: @autoclosure () -> String) {
        #if DEBUG
        countDown(name())
        #endif
    }

    #if DEBUG
    private static let file = Mutex<String?>(nil)

    /// - Parameter path: the file to look into at each point.
    package static func arm(_ path: String) { file.withLock { $0 = path } }

    private static func countDown(_ name: String) {
        file.withLock { path in
            guard let path, let line = SmallFile.firstLine(path), let left = Int(line) else { return }
            do throws(SystemCallError) {
                try ControlFile.write((left == 0 ? name : "\(left - 1)").utf8, to: path, flags: O_TRUNC)
            } catch {
                return  // the test has taken it away
            }
            if left == 0 { kill(getpid(), SIGKILL) }
        }
    }
    #endif
}
