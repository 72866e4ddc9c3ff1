#pragma once
#include <stdint.h>

#include "pod_anchor.h"

struct berth_container;
struct berth_process;
struct berth_cgroup;

/// What a child says on its status socket until execve(2) closes it.
struct pod_report {
    /// POD_IDENTITY, POD_TERMINAL (the TTY master comes along), POD_WARNING or POD_FAILURE.
    uint32_t kind;
    int32_t error;
    /// Of the process that becomes the program, as the host numbers it; the one that was cloned may be only its starter.
    int32_t pid;
    uint32_t reserved;
    /// Zero: to be looked up in the host's /proc.
    uint64_t start_ticks;
    char step[32];
    char subject[256];
};
enum { POD_IDENTITY = 1, POD_TERMINAL, POD_WARNING, POD_FAILURE };

/// Namespaces of the pod that its containers must know of.
struct pod_context {
    uint32_t pid_scope;
    /// Path of the pod's tmpfs for /dev/shm on the host; NULL when there is none.
    const char *shared_memory;
    struct pod_anchor anchor;
    /// The host id of root in the pod; zero without a user namespace.
    uint32_t user_base;
    /// The OCI runtime that makes the containers, and the directory it keeps its state in; NULL: we make them ourselves.
    const char *runtime, *runtime_state;
    /// What one command of it may take.
    uint32_t runtime_seconds;
};

struct pod_streams {
    int status, input, output, error;
    /// A pipe that says a byte when the container's cgroup has been made; -1 and -1: it is there.
    int gate[2];
};

/// Starts a container: the child's pid in our numbering, or minus an errno.
/// @param target the first process of the container whose PID namespace is joined, or zero.
/// @param unified a descriptor of the container's v2 cgroup, or -1; the v1 directories are joined from within.
int pod_start(const void *plan, const struct pod_context *context, int target, int unified, struct pod_streams streams);

/// A container that runs, or has run.
struct pod_place {
    const char *id;
    /// Its writable layer's directory; of an OCI runtime also the bundle.
    const char *scratch;
    /// Of its cgroup, NULL-terminated.
    const char *const *directories;
};

/// Starts a process in the namespaces and the cgroup of the container whose first process is `target`.
int pod_exec(
    const void *plan, const struct pod_context *context, int target, int unified, const struct pod_place *place,
    struct pod_streams streams);

/// Starts a process that has the OCI runtime `kill` the container with this signal, or `delete` it for zero.
int pod_ask_runtime(const struct pod_context *context, const struct pod_place *place, int signal, int status);
