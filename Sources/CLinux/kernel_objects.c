#define _GNU_SOURCE
#include "kernel_objects.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

int berth_poller(void) { return epoll_create1(EPOLL_CLOEXEC); }

int berth_poller_add(int poller, int watched, unsigned long long token) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
    return epoll_ctl(poller, EPOLL_CTL_ADD, watched, &event);
}

int berth_poller_remove(int poller, int watched) { return epoll_ctl(poller, EPOLL_CTL_DEL, watched, NULL); }

int berth_poller_wait(int poller, unsigned long long *tokens, int limit) {
    struct epoll_event events[32];
    int count = epoll_wait(poller, events, limit < 32 ? limit : 32, -1);
    for (int i = 0; i < count; i++) tokens[i] = events[i].data.u64;
    return count;
}

int berth_pidfd_signal(int pidfd, int signal) { return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, 0, 0); }

int berth_is_cgroup2(const char *path) {
    struct statfs status;
    return statfs(path, &status) == 0 && status.f_type == 0x63677270;
}

int berth_set_window_size(int terminal, unsigned short rows, unsigned short columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(terminal, TIOCSWINSZ, &size);
}

int berth_spawn_detached(int *pid, const char *path, char *const arguments[], const int *descriptors, unsigned long count) {
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t signals;
    if (posix_spawn_file_actions_init(&actions)) return ENOMEM;
    if (posix_spawnattr_init(&attributes)) {
        posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    // By way of numbers above all of them: a source may stand where a target goes.
    int high = 3 + (int)count;
    for (unsigned long i = 0; i < count; i++)
        if (descriptors[i] >= high) high = descriptors[i] + 1;
    for (unsigned long i = 0; i < count; i++) posix_spawn_file_actions_adddup2(&actions, descriptors[i], high + (int)i);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&actions, 0, 1);
    posix_spawn_file_actions_adddup2(&actions, 0, 2);
    for (unsigned long i = 0; i < count; i++) posix_spawn_file_actions_adddup2(&actions, high + (int)i, 3 + (int)i);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3 + (int)count);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int code = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

int berth_set_slice(int thread, unsigned long long nanoseconds) {
    // The header that declares it fights with glibc's.
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } scheduling = {0};
    if (syscall(SYS_sched_getattr, thread, &scheduling, sizeof scheduling, 0)) return -1;
    scheduling.runtime = nanoseconds;
    return (int)syscall(SYS_sched_setattr, thread, &scheduling, 0);
}

int berth_limit_heap_arenas(int count) { return mallopt(M_ARENA_MAX, count) == 1 ? 0 : -1; }

unsigned long berth_heap_free(void) { return mallinfo2().fordblks; }

void berth_heap_trim(void) { malloc_trim(0); }

int berth_unmount(const char *path) { return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW); }

int berth_open_read_only_copy(const char *path) {
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0) return -1;
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes)) {
        int code = errno;
        close(tree);
        errno = code;
        return -1;
    }
    return tree;
}
