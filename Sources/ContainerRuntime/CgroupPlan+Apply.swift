import Glibc
package import LinuxSystem
package import SandboxPlan

extension CgroupPlan {
    /// Makes the cgroup, or gives one that is there the plan's values.
    ///
    /// On v1 the limit of memory cannot pass that of memory and swap, nor this fall below that. Which of them goes first depends on what
    /// stands there, so what is refused as invalid is written again after the rest.
    package func apply() throws(SystemCallError) {
        for directory in directories { try CgroupDirectory(directory).create() }
        var refused: [CgroupWrite] = []
        for write in writes {
            do throws(SystemCallError) {
                try ControlFile.write(write.value.utf8, to: write.file)
            } catch {
                if error.code == EINVAL { refused.append(write) } else if !write.isOptional { throw error }
            }
        }
        for write in refused {
            do throws(SystemCallError) { try ControlFile.write(write.value.utf8, to: write.file) } catch where write.isOptional {}
        }
    }
}
