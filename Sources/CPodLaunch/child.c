#include "pod_internal.h"
#include <linux/securebits.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

static int status_socket = -1;

void child_report_to(int status) { status_socket = status; }

void child_send(const struct pod_report *report, int descriptor) {
    // A system call filter may know write(2) and no sendmsg(2).
    if (descriptor < 0) pod_write(status_socket, report, sizeof *report);
    else pod_send(status_socket, report, sizeof *report, &descriptor, 1);
}

static void send_report(uint32_t kind, const char *step, const char *subject, int error) {
    struct pod_report report = {.kind = kind, .error = error};
    snprintf(report.step, sizeof report.step, "%s", step);
    snprintf(report.subject, sizeof report.subject, "%s", subject);
    child_send(&report, -1);
}

void child_fail(const char *step, const char *subject, int error) {
    send_report(POD_FAILURE, step, subject, error);
    _exit(127);
}

void child_warn(const char *step, const char *subject, int error) { send_report(POD_WARNING, step, subject, error); }

int child_check(int result, const char *step, const char *subject) {
    if (result < 0) child_fail(step, subject, errno);
    return result;
}

// Who owns the files made from now on. What root may do stays.
static void make_files_as(uint32_t owner) {
    if (owner) child_check(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0), "file owner", "secure bits");
    setfsuid(owner);
    setfsgid(owner);
}

// The supervisor has made it meanwhile, or has failed, and says so itself.
static void await_cgroup(const int gate[2]) {
    char byte;
    if (gate[0] < 0) return;
    close(gate[1]);
    if (pod_read(gate[0], &byte, 1) != 1) _exit(127);
}

static _Noreturn void run_container(const void *plan, const struct pod_context *context, int target, struct pod_streams streams) {
    const struct berth_container *container = berth_plan_body(plan);
    const struct berth_process *process = &container->process;
    const char *directories[container->cgroup.directories.count + 1];
    for (uint32_t i = 0; i < container->cgroup.directories.count; i++) directories[i] = nth_text(plan, container->cgroup.directories, i);
    directories[container->cgroup.directories.count] = NULL;
    child_report_to(streams.status);
    umask(0);
    process_prepare(plan, process);
    int trees[container->mounts.count + 1];
    // Before propagation ends, so that a bind may stay a slave or a peer of the host's mount.
    mounts_open_sources(plan, container, context, target, trees);
    child_check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount propagation", "/");
    int root = root_mount(plan, container, context);
    await_cgroup(streams.gate);
    process_join(directories);
    // Only now, so that the new namespace is rooted at the cgroup just joined.
    if (container->flags & BERTH_CGROUP_NAMESPACE) child_check(unshare(CLONE_NEWCGROUP), "cgroup namespace", "");
    if (context->user_base) make_files_as(context->user_base);
    mounts_perform(plan, container, root, trees);
    const char *directory = text(plan, process->working_directory);
    if (*directory) close(child_check(root_make(root, directory, 0, 0), "working directory", directory));
    // A device is never the pod's own: whoever owns the node may open it.
    if (context->user_base) make_files_as(0);
    devices_make(plan, container, root);
    if (process->flags & BERTH_TTY) streams.input = streams.output = streams.error = terminal_open(root, context->user_base + process->uid, 1);
    paths_cover(plan, container, root);
    if (container->flags & BERTH_ROOT_READ_ONLY) child_check(tree_set(root, 0, MOUNT_ATTR_RDONLY, 0, 0), "read-only root", "/");

    child_check(fchdir(root), "pivot_root", "/");
    child_check((int)syscall(SYS_pivot_root, ".", "."), "pivot_root", "/");
    // Both roots are mounted at the same place now, the old one on top.
    child_check(umount2(".", MNT_DETACH), "pivot_root", "old root");
    child_check(chdir("/"), "pivot_root", "/");
    struct process_scope scope = {
        .processes = target >= 0 ? target : context->anchor.process, .user_namespace = context->anchor.user_namespace,
        .user_base = context->user_base, .copies_mounts = 1};
    process_become(plan, process, &scope, streams);
}

int pod_start(const void *plan, const struct pod_context *context, int target, int unified, struct pod_streams streams) {
    if (context->runtime) return runtime_start(plan, context, target, unified, streams);
    int handle = target > 0 ? (int)syscall(SYS_pidfd_open, target, 0) : -1;
    if (target > 0 && handle < 0) return -errno;
    int pid = clone_into(CLONE_NEWNS | (context->pid_scope == BERTH_PID_CONTAINER && target == 0 ? CLONE_NEWPID : 0), unified);
    if (pid == 0) run_container(plan, context, handle, streams);
    if (handle >= 0) close(handle);
    return pid;
}

static _Noreturn void run_exec(
    const void *plan, const struct pod_context *context, const char *const *directories, int target, struct pod_streams streams) {
    const struct berth_process *process = berth_plan_body(plan);
    child_report_to(streams.status);
    umask(0);
    process_join(directories);
    process_prepare(plan, process);
    child_check(setns(target, CLONE_NEWNS | CLONE_NEWCGROUP), "namespaces", "");
    const char *directory = text(plan, process->working_directory);
    int root = child_check(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "namespaces", "/");
    if (*directory) {
        // Made when missing, as at the start; in a read-only root a missing one fails below.
        if (context->user_base) make_files_as(context->user_base);
        int made = root_make(root, directory, 0, 0);
        if (context->user_base) make_files_as(0);
        if (made >= 0) close(made);
    }
    if (process->flags & BERTH_TTY) streams.input = streams.output = streams.error = terminal_open(root, context->user_base + process->uid, 0);
    struct process_scope scope = {
        .processes = context->pid_scope == BERTH_PID_HOST ? -1 : target, .user_namespace = context->anchor.user_namespace,
        .user_base = context->user_base};
    process_become(plan, process, &scope, streams);
}

int pod_exec(
    const void *plan, const struct pod_context *context, int target, int unified, const struct pod_place *place,
    struct pod_streams streams) {
    if (context->runtime) return runtime_exec(plan, context, unified, place, streams);
    int handle = (int)syscall(SYS_pidfd_open, target, 0);
    if (handle < 0) return -errno;
    int pid = clone_into(0, unified);
    if (pid == 0) run_exec(plan, context, place->directories, handle, streams);
    close(handle);
    return pid;
}
