#pragma once
#include <stdint.h>

struct berth_sandbox;
struct berth_cgroup;

/// Called for what is less than the plan asked for.
typedef void pod_warning(void *context, const char *step, const char *subject, int error);

/// Makes the cgroup's directories and performs its writes. 0, or minus an errno with `*subject` the path that failed.
int pod_make_cgroup(const void *plan, const struct berth_cgroup *cgroup, const char **subject, pod_warning *warn, void *context);
/// Removes one directory; waits a little while the kernel forgets its last process. 0, or minus an errno.
int pod_remove_cgroup(const char *directory);
/// A descriptor of the directory if it is of a v2 hierarchy; else -1.
int pod_unified_cgroup(const char *directory);
/// The same of a directory `name` in it, which is made.
int pod_unified_leaf(const char *directory, const char *name);

/// clone3(2) of the long-lived supervisor: 0 in the child, the pid in the caller, or minus an errno.
/// @param flags BERTH_NET and so on.
int pod_fork_supervisor(uint32_t flags, int unified);
/// Joins the v1 directories, makes the namespaces that are missing, and sets up hostname, sysctls, loopback and
/// oom_score_adj in them. 0, or minus an errno with step and subject.
int pod_enter_sandbox(
    const void *plan, const struct berth_sandbox *sandbox, struct pod_anchor *anchor, const char **step, const char **subject,
    pod_warning *warn, void *context);
/// Mounts a tmpfs of `bytes` bytes at `path`, mode 1777, owned by the id `owner`. 0, or minus an errno.
int pod_mount_shared_memory(const char *path, uint64_t bytes, uint32_t owner);
void pod_unmount(const char *path);
/// The pod's /proc, if it has one.
void pod_unmount_processes(void);
/// Our own pid and start time as the host's /proc has them.
void pod_identity(int32_t *pid, uint64_t *start_ticks);
/// Field 22 of the process's stat, zero when it is gone.
uint64_t pod_start_ticks(int32_t pid);
int pod_chdir(const char *path);
