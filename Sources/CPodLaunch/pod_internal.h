#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CPodLaunch.h"
#include <CSandboxPlan.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// The text of a span, and the n-th of a list of texts. The plan has been checked, so both exist.
static inline const char *text(const void *plan, struct berth_span span) { return berth_at(plan, span.offset); }
static inline const char *nth_text(const void *plan, struct berth_span list, uint32_t n) {
    return text(plan, ((const struct berth_span *)berth_at(plan, list.offset))[n]);
}

// clone3(2) like fork(2), and into a v2 cgroup unless -1. The pid, 0 in the child, or minus an errno.
int clone_into(uint64_t flags, int unified);
// CLONE_NEW... of the namespaces that all containers of the pod share with the supervisor.
uint64_t shared_namespaces(uint32_t flags);
int write_file(const char *path, const char *value, size_t size);
// The settings alone, of a cgroup that is there.
int cgroup_write(const void *plan, const struct berth_cgroup *cgroup, const char **subject, pod_warning *warn, void *context);
// Attaches the program to a v2 directory, beside those that are there. 0, or minus an errno.
int device_filter_attach(const void *plan, struct berth_span program, const char *directory);
// Asks the scheduler for slices of this many nanoseconds (0: its default), which decides how soon a woken thread gets to run on a
// busy machine. A kernel before 6.12 ignores it.
void set_slice(uint64_t nanoseconds);

// Where this child reports from now on.
void child_report_to(int status);
// In a child: report and end, or report and go on.
_Noreturn void child_fail(const char *step, const char *subject, int error);
void child_warn(const char *step, const char *subject, int error);
// The descriptor or value, unless it is negative: then fails with errno.
int child_check(int result, const char *step, const char *subject);
void child_send(const struct pod_report *report, int descriptor);

// Mounts of the container's root; the working directory is of no importance afterwards.
int root_mount(const void *plan, const struct berth_container *container, const struct pod_context *context);
int root_open(int root, const char *path, uint64_t flags, uint64_t resolve);
// Opens `path` beneath `root` with O_PATH, making what is missing: directories, and last a file when `is_file`.
int root_make(int root, const char *path, int is_file, uint64_t resolve);
// Opens the directory that contains `path`, making it when missing, and points `name` at the last component.
int root_make_parent(int root, const char *path, const char **name);

int tree_clone(int descriptor, int is_recursive);
int tree_move(int tree, int destination);
int tree_set(int tree, int is_recursive, uint64_t set, uint64_t clear, uint64_t propagation);
// Ids on disk are the ids of that namespace. EINVAL where a file system of the tree does not know how.
int tree_map(int tree, int is_recursive, int user_namespace);

// @param target a pidfd: its container's /proc shows the PID namespace to be joined; or -1.
void mounts_open_sources(const void *plan, const struct berth_container *container, const struct pod_context *context, int target, int *trees);
// A file system of its own, not mounted anywhere yet; its files have the SELinux label, unless that is NULL.
int filesystem_new(const char *type, const char *data, const char *label, uint64_t attributes, const char *subject);
// Of file systems made for the container; NULL for none.
const char *mount_label(const void *plan, const struct berth_container *container);
void mounts_perform(const void *plan, const struct berth_container *container, int root, const int *trees);
void devices_make(const void *plan, const struct berth_container *container, int root);
void paths_cover(const void *plan, const struct berth_container *container, int root);
int terminal_open(int root, uint32_t owner, int as_console);

// The same two by an OCI runtime.
int runtime_start(const void *plan, const struct pod_context *context, int target, int unified, struct pod_streams streams);
int runtime_exec(
    const void *plan, const struct pod_context *context, int unified, const struct pod_place *place, struct pod_streams streams);

// Namespaces a process enters last, when it has nothing left to do for which the host's privileges are needed.
struct process_scope {
    // A pidfd of a process in the PID namespace to join, or -1. Joined by a second process that never had a privilege of the
    // host: others in there may trace it from its first moment.
    int processes;
    // Or -1.
    int user_namespace;
    uint32_t user_base;
    // A copy of the mounts that the user namespace owns, so that none of them can be undone in it.
    int copies_mounts;
};

// Everything that needs the host's /proc and /sys, before the root changes: the v1 cgroups, and the rest.
void process_join(const char *const *directories);
void process_prepare(const void *plan, const struct berth_process *process);
_Noreturn void process_become(
    const void *plan, const struct berth_process *process, const struct process_scope *scope, struct pod_streams streams);
