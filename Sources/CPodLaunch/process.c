#include "pod_internal.h"
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

// Read while there is the host's /proc; told when the program is about to run, so that the supervisor wakes once.
static struct pod_report identity = {.kind = POD_IDENTITY};

static void set_label(const char *attribute, const char *context) {
    int file = child_check(open(attribute, O_WRONLY | O_CLOEXEC), "selinux label", attribute);
    child_check((int)write(file, context, strlen(context)), "selinux label", context);
    close(file);
}

void process_join(const char *const *directories) {
    for (; *directories; directories++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/tasks", *directories);
        int tasks = open(path, O_WRONLY | O_CLOEXEC);
        if (tasks < 0 && errno == ENOENT) continue;  // v2: we were born there
        child_check(tasks, "cgroup", *directories);
        // "0" in `tasks` is the writing thread itself: the one move that need not wait for an RCU grace period.
        child_check((int)write(tasks, "0", 1), "cgroup", *directories);
        close(tasks);
    }
}

void process_prepare(const void *plan, const struct berth_process *process) {
    char value[4096];
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    // Else the container would possess the keys of whoever started the node. Without keys in the kernel, or with none left
    // in the quota of root, there is nothing to share or it cannot be had.
    if (process->flags & BERTH_SELINUX) set_label("/proc/self/attr/keycreate", text(plan, process->label));
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    pod_identity(&identity.pid, &identity.start_ticks);

    snprintf(value, sizeof value, "%d", process->oom_score_adjustment);
    int file = child_check(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC), "oom_score_adj", value);
    if (write(file, value, strlen(value)) < 0) child_warn("oom_score_adj", value, errno);
    close(file);
    if (process->flags & BERTH_APPARMOR) {
        const char *profile = text(plan, process->label);
        file = open("/proc/self/attr/apparmor/exec", O_WRONLY | O_CLOEXEC);
        if (file < 0) file = child_check(open("/proc/self/attr/exec", O_WRONLY | O_CLOEXEC), "apparmor profile", profile);
        int length = snprintf(value, sizeof value, "exec %s", profile);
        child_check((int)write(file, value, (size_t)length), "apparmor profile", profile);
        close(file);
    }
    if (process->flags & BERTH_SELINUX) set_label("/proc/self/attr/exec", text(plan, process->label));
}

static uint64_t held_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    child_check((int)syscall(SYS_capget, &header, data), "capabilities", "get");
    return (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

static void set_capabilities(uint64_t effective, uint64_t permitted, uint64_t inheritable, uint64_t ambient) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
        {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
    };
    child_check((int)syscall(SYS_capset, &header, data), "capabilities", "set");
    for (int i = 0; i < 64; i++)
        if (ambient >> i & 1) child_check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0), "capabilities", "ambient");
}

static void install_seccomp(const void *plan, const struct berth_process *process) {
    if (process->seccomp.count == 0) return;
    struct sock_fprog filter = {
        (unsigned short)(process->seccomp.count / sizeof(struct sock_filter)), (struct sock_filter *)(uintptr_t)berth_at(plan, process->seccomp.offset)};
    child_check((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter), "seccomp", "filter");
}

static void set_limits(const void *plan, const struct berth_process *process) {
    const struct berth_resource_limit *limits = berth_at(plan, process->resource_limits.offset);
    for (uint32_t i = 0; i < process->resource_limits.count; i++) {
        struct rlimit64 limit = {limits[i].soft, limits[i].hard};
        char number[16];
        snprintf(number, sizeof number, "%u", limits[i].resource);
        if (syscall(SYS_prlimit64, 0, limits[i].resource, &limit, NULL) == 0) continue;
        if (errno != EPERM) child_fail("resource limit", number, errno);
        child_warn("resource limit", number, errno);
    }
}

static void set_streams(const struct berth_process *process, const struct process_scope *scope, struct pod_streams *streams) {
    const int sources[] = {streams->input, streams->output, streams->error};
    const uint32_t owner = scope->user_base + process->uid, group = scope->user_base + process->gid;
    for (int i = 0; i < 3; i++) {
        if (sources[i] >= 0) child_check(dup2(sources[i], i), "streams", "dup2");
        struct stat status;
        // So that a user other than root may open /dev/stdout again.
        if (owner != 0 && fstat(i, &status) == 0 && S_ISFIFO(status.st_mode)) fchown(i, owner, group);
    }
}

static void close_others(const struct pod_streams *streams) {
    // From here on there is no descriptor by which the working directory or the program could be one of the host.
    child_check(dup3(streams->status, 3, O_CLOEXEC) < 0 && errno != EINVAL ? -1 : 0, "streams", "status");
    child_report_to(3);
    child_check((int)syscall(SYS_close_range, 4, ~0U, 0), "streams", "close");
}

static char **strings(const void *plan, struct berth_span list) {
    char **pointers = malloc((list.count + 1) * sizeof(char *));
    if (pointers == NULL) child_fail("exec", "arguments", ENOMEM);
    for (uint32_t i = 0; i < list.count; i++) pointers[i] = (char *)(uintptr_t)nth_text(plan, list, i);
    pointers[list.count] = NULL;
    return pointers;
}

static _Noreturn void execute(const void *plan, const struct berth_process *process) {
    char **arguments = strings(plan, process->arguments), **environment = strings(plan, process->environment);
    const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    for (char **entry = environment; *entry; entry++)
        if (strncmp(*entry, "PATH=", 5) == 0) path = *entry + 5;
    if (strchr(arguments[0], '/')) {
        execve(arguments[0], arguments, environment);
        child_fail("exec", arguments[0], errno);
    }
    int code = ENOENT;
    for (const char *start = path;; start++) {
        char program[4096];
        int length = (int)strcspn(start, ":");
        // An empty entry of PATH is the working directory.
        snprintf(program, sizeof program, "%.*s%s%s", length, start, length ? "/" : "./", arguments[0]);
        errno = ENOENT;
        if (arguments[0][0]) execve(program, arguments, environment);
        // A file that exists and cannot be executed is the better answer, as execvp(3) has it.
        if (errno != ENOENT && errno != ENOTDIR) code = errno;
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
        start += length;
        if (*start == 0) break;
    }
    child_fail("exec", arguments[0], code);
}

// With the node's privileges still, so never through a magic link: by /proc/<pid>/root or cwd of the supervisor, or of
// another process on its way in, a container could have its next command start in the host's files.
static void enter_working_directory(const char *directory) {
    int root = child_check(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "working directory", "/");
    int place = child_check(root_open(root, *directory ? directory : "/", O_PATH | O_DIRECTORY, 0), "working directory", directory);
    child_check(fchdir(place), "working directory", directory);
    close(place);
    close(root);
}

static void enter_namespaces(const struct process_scope *scope) {
    // That of future children: of the one that `hand_over` makes.
    if (scope->processes >= 0) child_check(setns(scope->processes, CLONE_NEWPID), "namespaces", "pid");
    if (scope->user_namespace < 0) return;
    child_check(setns(scope->user_namespace, CLONE_NEWUSER), "namespaces", "user");
    if (scope->copies_mounts) child_check(unshare(CLONE_NEWNS), "namespaces", "mount");
}

// Returns in a second process, a sibling of this one, which is in the PID namespace entered and has never been anything but what
// the program will be. This one says who it is, and ends.
static void hand_over(void) {
    int gate[2];
    char byte = 0;
    child_check(pipe2(gate, O_CLOEXEC), "process", "pipe");
    // The older call: filters let it through, because they can read its flags.
    long pid = syscall(SYS_clone, CLONE_PARENT, 0, 0, 0, 0);
    child_check((int)pid, "process", "clone");
    if (pid == 0) {
        close(gate[1]);
        // Nobody waits for a program that nobody knows of.
        if (read(gate[0], &byte, 1) != 1) _exit(127);
        close(gate[0]);
        return;
    }
    identity.pid = (int)pid;
    identity.start_ticks = 0;
    child_send(&identity, -1);
    write(gate[1], &byte, 1);
    _exit(0);
}

_Noreturn void process_become(
    const void *plan, const struct berth_process *process, const struct process_scope *scope, struct pod_streams streams) {
    int is_second = scope->processes >= 0;
    set_limits(plan, process);
    set_streams(process, scope, &streams);
    enter_working_directory(text(plan, process->working_directory));
    enter_namespaces(scope);
    close_others(&streams);

    uint64_t held = held_capabilities();
    if (process->permitted & ~held) child_warn("capabilities", "not held by the node", EPERM);
    for (int i = 0; i < 64; i++) {
        if (process->bounding >> i & 1 || prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0) continue;
        // Behind the last one that the kernel knows.
        if (errno != EINVAL) child_fail("capabilities", "bounding set", errno);
        break;
    }
    child_check(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "capabilities", "keep");
    set_slice(0);
    if (!is_second) child_send(&identity, -1);
    // Raw system calls: the libc versions synchronise threads, and there are none.
    child_check((int)syscall(SYS_setgroups, process->groups.count, berth_at(plan, process->groups.offset)), "user", "groups");
    child_check((int)syscall(SYS_setresgid, process->gid, process->gid, process->gid), "user", "gid");
    // Without no_new_privs a filter takes CAP_SYS_ADMIN, which is about to go.
    if (!(process->flags & BERTH_NO_NEW_PRIVILEGES)) install_seccomp(plan, process);
    child_check((int)syscall(SYS_setresuid, process->uid, process->uid, process->uid), "user", "uid");
    set_capabilities(
        process->effective & process->permitted & held, process->permitted & held, process->inheritable & held,
        process->ambient & process->permitted & process->inheritable & held);
    umask(process->umask);
    if (process->flags & BERTH_NO_NEW_PRIVILEGES) child_check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs", "");
    if (is_second) hand_over();
    setsid();
    if (process->flags & BERTH_TTY) child_check(ioctl(0, TIOCSCTTY, 0), "terminal", "controlling");
    if (process->flags & BERTH_NO_NEW_PRIVILEGES) install_seccomp(plan, process);
    execute(plan, process);
}
