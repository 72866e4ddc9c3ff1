#pragma once
#include <stdint.h>

struct berth_sandbox;

/// What keeps namespaces that the supervisor itself is not in. All -1 or zero when there are none.
struct pod_anchor {
    /// The first process of the pod's PID namespace, with nothing in it that leads to the host; and a pidfd of it.
    int pid, process;
    /// The pod's user namespace.
    int user_namespace;
};

/// Makes the namespaces of the plan that take a process of their own, and joins those that the supervisor works in.
/// 0, or minus an errno with step and subject.
int pod_make_anchor(const struct berth_sandbox *sandbox, struct pod_anchor *anchor, const char **step, const char **subject);
/// Where the pod's directory has the /proc of its PID namespace, once there is one.
#define POD_PROCESSES "proc"
