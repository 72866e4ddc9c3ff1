#include "pod_internal.h"
#include <grp.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { NOBODY = 65534 };

// On top of the working directory, which need not be one that our user may search. 0, or minus an errno.
static int enter_empty_root(void) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) return -errno;
    int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    if (context < 0) return -errno;
    if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "555", 0) || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
        return -errno;
    int tree = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (tree < 0 || syscall(SYS_move_mount, tree, "", AT_FDCWD, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)) return -errno;
    if (fchdir(tree) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/")) return -errno;
    return 0;
}

static int give_up_privileges(void) {
    for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
        if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0)) return -errno;
    if (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) || syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY))
        return -errno;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

// The first process of a PID namespace takes in its orphans. A container that may trace processes can become this one, so it
// has an empty root, no capability, no user of anybody's, and may do nothing but read what never comes.
// @param gate says a byte when the ids are mapped, and ends with the supervisor.
static _Noreturn void run_anchor(int gate, int report, int has_users) {
    char byte;
    if (read(gate, &byte, 1) != 1) _exit(0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // An ignored SIGCHLD reaps by itself.
    signal(SIGCHLD, SIG_IGN);
    int code = has_users && (syscall(SYS_setresgid, 0, 0, 0) || syscall(SYS_setresuid, 0, 0, 0)) ? -errno : 0;
    if (code == 0) code = enter_empty_root();
    if (code == 0) code = give_up_privileges();
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (write(report, &code, sizeof code) != sizeof code || code < 0) _exit(1);
    if (dup2(gate, 0) < 0 || syscall(SYS_close_range, 1, ~0U, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)) _exit(1);
    while (read(0, &byte, 1) != 0) {}
    syscall(SYS_exit, 0);
    __builtin_unreachable();
}

static int write_map(int pid, const char *name, const struct berth_sandbox *sandbox) {
    char path[48], line[48];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int length = snprintf(line, sizeof line, "0 %u %u", sandbox->user_base, sandbox->user_length);
    return write_file(path, line, (size_t)length);
}

static int join_users(const struct berth_sandbox *sandbox, struct pod_anchor *anchor, const char **subject) {
    char path[48];
    *subject = "uid_map";
    int result = write_map(anchor->pid, *subject, sandbox);
    if (result < 0) return result;
    *subject = "gid_map";
    result = write_map(anchor->pid, *subject, sandbox);
    if (result < 0) return result;
    *subject = "ns/user";
    snprintf(path, sizeof path, "/proc/%d/ns/user", anchor->pid);
    anchor->user_namespace = open(path, O_RDONLY | O_CLOEXEC);
    if (anchor->user_namespace < 0) return -errno;
    uint64_t shared = shared_namespaces(sandbox->flags);
    *subject = "setns";
    return shared && setns(anchor->process, (int)shared) ? -errno : 0;
}

// By a process that is in the namespace for as long as the mount takes, before any container is.
static int mount_processes(int process) {
    int self = (int)syscall(SYS_pidfd_open, getpid(), 0), status = 0;
    if (self < 0) return -errno;
    int code = mkdir(POD_PROCESSES, 0700) && errno != EEXIST ? -errno : 0;
    if (code == 0 && setns(process, CLONE_NEWPID)) code = -errno;
    if (code == 0) {
        int pid = clone_into(0, -1);
        if (pid == 0) _exit(mount("proc", POD_PROCESSES, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) ? errno : 0);
        if (setns(self, CLONE_NEWPID)) code = -errno;
        if (pid < 0) code = pid;
        else if (waitpid(pid, &status, 0) < 0) code = -errno;
        else if (status != 0) code = WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
    }
    close(self);
    return code;
}

int pod_make_anchor(const struct berth_sandbox *sandbox, struct pod_anchor *anchor, const char **step, const char **subject) {
    int has_users = sandbox->flags & BERTH_USER ? 1 : 0, has_processes = sandbox->pid_scope == BERTH_PID_POD, code = 0;
    int gate[2], report[2];
    *anchor = (struct pod_anchor){.pid = 0, .process = -1, .user_namespace = -1};
    if (!has_users && !has_processes) return 0;
    *step = "namespaces";
    *subject = "";
    if (pipe2(gate, O_CLOEXEC) || pipe2(report, O_CLOEXEC)) return -errno;
    uint64_t flags = (has_users ? CLONE_NEWUSER | shared_namespaces(sandbox->flags) : 0) | (has_processes ? CLONE_NEWPID | CLONE_NEWNS : 0);
    int pid = clone_into(flags, -1);
    if (pid < 0) return pid;
    if (pid == 0) {
        close(gate[1]);
        close(report[0]);
        run_anchor(gate[0], report[1], has_users);
    }
    close(gate[0]);
    close(report[1]);
    anchor->pid = pid;
    anchor->process = (int)syscall(SYS_pidfd_open, pid, 0);
    if (anchor->process < 0) return -errno;
    if (has_users) code = join_users(sandbox, anchor, subject);
    if (code == 0 && has_processes) {
        *subject = "first process";
        int result = -EIO;
        if (write(gate[1], "", 1) != 1 || read(report[0], &result, sizeof result) < 0) result = -errno;
        code = result;
    }
    if (code == 0 && has_processes) {
        *subject = POD_PROCESSES;
        code = mount_processes(anchor->process);
    }
    close(report[0]);
    // With processes the gate stays open as long as we live.
    if (code == 0 && has_processes) return 0;
    close(gate[1]);
    waitpid(pid, NULL, 0);
    close(anchor->process);
    anchor->pid = 0;
    anchor->process = -1;
    return code;
}
