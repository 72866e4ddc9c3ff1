#include "pod_internal.h"
#include <linux/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <sys/wait.h>

enum { CGROUP2 = 0x63677270 };

int write_file(const char *path, const char *value, size_t size) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -errno;
    int result = write(file, value, size) < 0 ? -errno : 0;
    close(file);
    return result;
}

int cgroup_write(const void *plan, const struct berth_cgroup *cgroup, const char **subject, pod_warning *warn, void *context) {
    const struct berth_cgroup_write *writes = berth_at(plan, cgroup->writes.offset);
    int file = -1, result = 0;
    for (uint32_t i = 0; i < cgroup->writes.count; i++) {
        // Lists are written entry by entry, to one file.
        if (file < 0 || strcmp(*subject, text(plan, writes[i].file))) {
            if (file >= 0) close(file);
            *subject = text(plan, writes[i].file);
            file = open(*subject, O_WRONLY | O_CLOEXEC);
        }
        result = file < 0 || write(file, text(plan, writes[i].value), writes[i].value.count) < 0 ? -errno : 0;
        if (result == 0) continue;
        if (!writes[i].is_optional) break;
        warn(context, "cgroup", *subject, -result);
        result = 0;
    }
    if (file >= 0) close(file);
    return result;
}

int pod_make_cgroup(const void *plan, const struct berth_cgroup *cgroup, const char **subject, pod_warning *warn, void *context) {
    for (uint32_t i = 0; i < cgroup->directories.count; i++) {
        const char *path = nth_text(plan, cgroup->directories, i);
        *subject = path;
        if (mkdir(path, 0755) == 0 || errno == EEXIST) continue;
        if (errno != ENOENT) return -errno;
        int result = pod_make_parents(path, 0755);
        if (result < 0) return result;
        if (mkdir(path, 0755) && errno != EEXIST) return -errno;
    }
    int result = cgroup_write(plan, cgroup, subject, warn, context);
    if (result < 0) return result;
    if (cgroup->device_filter.count == 0) return 0;
    for (uint32_t i = 0; i < cgroup->directories.count; i++) {
        *subject = nth_text(plan, cgroup->directories, i);
        result = device_filter_attach(plan, cgroup->device_filter, *subject);
        if (result < 0) return result;
    }
    return 0;
}

int pod_remove_cgroup(const char *directory) {
    for (int attempt = 0; rmdir(directory); attempt++) {
        if (errno == ENOENT) return 0;
        if (errno != EBUSY || attempt == 200) return -errno;
        usleep(500);
    }
    return 0;
}

int pod_unified_cgroup(const char *directory) {
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct statfs status;
    if (descriptor < 0) return -1;
    if (fstatfs(descriptor, &status) == 0 && status.f_type == CGROUP2) return descriptor;
    close(descriptor);
    return -1;
}

int pod_lies_unified(const char *path) {
    char ancestor[4096];
    struct statfs status = {0};
    snprintf(ancestor, sizeof ancestor, "%s", path);
    do {
        char *slash = strrchr(ancestor, '/');
        if (slash == NULL || slash == ancestor) return 0;
        *slash = 0;
    } while (statfs(ancestor, &status) && errno == ENOENT);
    return status.f_type == CGROUP2;
}

int pod_unified_leaf(const char *directory, const char *name) {
    int parent = pod_unified_cgroup(directory);
    if (parent < 0) return -1;
    int made = mkdirat(parent, name, 0755);
    int leaf = made == 0 || errno == EEXIST ? openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    close(parent);
    return leaf;
}

int clone_into(uint64_t flags, int unified) {
    struct clone_args arguments = {.flags = flags, .exit_signal = 17 /* SIGCHLD */};
    if (unified >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)unified;
    }
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    return pid < 0 ? -errno : (int)pid;
}

// Of sched_setattr(2); the header that declares it fights with glibc's.
struct scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

void set_slice(uint64_t nanoseconds) {
    struct scheduling scheduling = {0};
    if (syscall(SYS_sched_getattr, 0, &scheduling, sizeof scheduling, 0)) return;
    scheduling.runtime = nanoseconds;
    syscall(SYS_sched_setattr, 0, &scheduling, 0);
}

uint64_t shared_namespaces(uint32_t flags) {
    return (flags & BERTH_NET ? CLONE_NEWNET : 0) | (flags & BERTH_IPC ? CLONE_NEWIPC : 0) | (flags & BERTH_UTS ? CLONE_NEWUTS : 0);
}

int pod_fork(int unified) { return clone_into(0, unified); }

void pod_end(int pid) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static int write_sysctl(const char *name, const char *value) {
    char path[512] = "/proc/sys/";
    size_t length = strlen(path);
    if (strlen(name) + length >= sizeof path || strstr(name, "..") || strchr(name, '/')) return -EINVAL;
    for (const char *c = name; *c; c++) path[length++] = *c == '.' ? '/' : *c;
    path[length] = 0;
    return write_file(path, value, strlen(value));
}

static int raise_loopback(void) {
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo"};
    if (descriptor < 0) return -errno;
    int result = ioctl(descriptor, SIOCGIFFLAGS, &request);
    request.ifr_flags |= IFF_UP;
    if (result == 0) result = ioctl(descriptor, SIOCSIFFLAGS, &request);
    if (result < 0) result = -errno;
    close(descriptor);
    return result;
}

// Containers without a stdin inherit ours. Through a read-only mount of its own they cannot change mode or owner of the host's node.
static int seal_standard_streams(void) {
    char path[32];
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0) return -errno;
    snprintf(path, sizeof path, "/proc/self/fd/%d", tree);
    int null = tree_set(tree, 0, MOUNT_ATTR_RDONLY, 0, 0) ? -1 : open(path, O_RDWR | O_CLOEXEC);
    int result = null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ? -errno : 0;
    if (null > 2) close(null);
    close(tree);
    return result;
}

int pod_prepare_seed(void) {
    // It and the launches it forks work in short bursts, with somebody waiting for each.
    set_slice(100000);
    signal(SIGPIPE, SIG_IGN);
    // Its children are reaped by themselves.
    signal(SIGCHLD, SIG_IGN);
    prctl(PR_SET_NAME, "berth-pod", 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return seal_standard_streams();
}

void pod_leave_seed(void) { signal(SIGCHLD, SIG_DFL); }

int pod_make_namespaces(const struct berth_sandbox *sandbox, pod_warning *warn, void *context) {
    // With a user namespace they belong to it, and are made with it.
    uint64_t flags = sandbox->flags & BERTH_USER ? 0 : shared_namespaces(sandbox->flags);
    char value[16];
    if (unshare((int)flags)) return -errno;
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    snprintf(value, sizeof value, "%d", sandbox->oom_score_adjustment);
    int result = write_file("/proc/self/oom_score_adj", value, strlen(value));
    if (result < 0) warn(context, "oom_score_adj", value, -result);
    return 0;
}

int pod_enter_sandbox(
    const void *plan, const struct berth_sandbox *sandbox, struct pod_anchor *anchor, const char **step, const char **subject) {
    *step = "cgroup";
    for (uint32_t i = 0; i < sandbox->cgroup.directories.count; i++) {
        const char *directory = nth_text(plan, sandbox->cgroup.directories, i);
        char path[4096];
        snprintf(path, sizeof path, "%s/tasks", directory);
        *subject = directory;
        // "0" in `tasks` is the writing thread itself: the one move that need not wait for an RCU grace period.
        int result = write_file(path, "0", 1);
        if (result < 0 && result != -ENOENT) return result;
    }
    int result = pod_make_anchor(sandbox, anchor, step, subject);
    if (result < 0) return result;
    *step = "hostname";
    *subject = text(plan, sandbox->hostname);
    if (sandbox->flags & BERTH_HOSTNAME && sethostname(*subject, sandbox->hostname.count)) return -errno;
    if (sandbox->flags & BERTH_NET) {
        *step = "loopback";
        *subject = "lo";
        result = raise_loopback();
        if (result < 0) return result;
    }
    *step = "sysctl";
    const struct berth_sysctl *sysctls = berth_at(plan, sandbox->sysctls.offset);
    for (uint32_t i = 0; i < sandbox->sysctls.count; i++) {
        *subject = text(plan, sysctls[i].name);
        result = write_sysctl(*subject, text(plan, sysctls[i].value));
        if (result < 0) return result;
    }
    return 0;
}

int pod_mount_shared_memory(const char *directory, const struct berth_sandbox *sandbox) {
    char path[4096], data[96];
    const uint32_t owner = sandbox->user_base;
    snprintf(path, sizeof path, "%s/" POD_SHARED_MEMORY, directory);
    if (mkdir(path, 0700) && errno != EEXIST) return -errno;
    snprintf(data, sizeof data, "mode=1777,uid=%u,gid=%u,size=%llu", owner, owner, (unsigned long long)sandbox->shared_memory_bytes);
    return mount("shm", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, data) ? -errno : 0;
}

static void read_stat(const char *path, int32_t *pid, uint64_t *start_ticks) {
    char line[1024];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    long count = file < 0 ? -1 : read(file, line, sizeof line - 1);
    if (file >= 0) close(file);
    *start_ticks = 0;
    if (count <= 0) return;
    line[count] = 0;
    *pid = atoi(line);
    // The name may contain anything; the fields begin behind its last parenthesis, and the 22nd is the 20th of those.
    char *field = strrchr(line, ')');
    for (int i = 0; field && i < 20; i++) field = strchr(field + 1, ' ');
    if (field) *start_ticks = strtoull(field, NULL, 10);
}

void pod_identity(int32_t *pid, uint64_t *start_ticks) {
    *pid = getpid();
    read_stat("/proc/self/stat", pid, start_ticks);
}

uint64_t pod_start_ticks(int32_t pid) {
    char path[32];
    uint64_t start_ticks;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    read_stat(path, &pid, &start_ticks);
    return start_ticks;
}

int pod_chdir(const char *path) { return chdir(path) ? -errno : 0; }
