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
/// Whether that directory is, or would be, of a v2 hierarchy.
int pod_lies_unified(const char *directory);
/// A descriptor of the directory `name` in it, which is made.
int pod_unified_leaf(const char *directory, const char *name);

/// clone3(2) like fork(2), and into a v2 cgroup unless -1: 0 in the child, the pid in the caller, or minus an errno.
int pod_fork(int unified);
/// Kills a child of ours, and waits for its end.
void pod_end(int pid);

/// What all supervisors of a node have in common, for the process that they are forks of. 0, or minus an errno: then there is no
/// `/dev/null` that may be handed to a container.
int pod_prepare_seed(void);
/// In a fork of it.
void pod_leave_seed(void);
/// Makes the namespaces that need no other process, a session, and sets oom_score_adj. 0, or minus an errno.
int pod_make_namespaces(const struct berth_sandbox *sandbox, pod_warning *warn, void *context);
/// Joins the v1 directories, makes the namespaces that are still missing, and sets up hostname, sysctls and loopback in them.
/// 0, or minus an errno with step and subject.
int pod_enter_sandbox(
    const void *plan, const struct berth_sandbox *sandbox, struct pod_anchor *anchor, const char **step, const char **subject);
/// Mounts the tmpfs for the containers' /dev/shm in the pod's directory, mode 1777, owned by the pod's root. 0, or minus an errno.
#define POD_SHARED_MEMORY "shm"
int pod_mount_shared_memory(const char *directory, const struct berth_sandbox *sandbox);
/// Our own pid and start time as the host's /proc has them.
void pod_identity(int32_t *pid, uint64_t *start_ticks);
/// Field 22 of the process's stat, zero when it is gone.
uint64_t pod_start_ticks(int32_t pid);
int pod_chdir(const char *path);
