#define _GNU_SOURCE
#include "spawn_process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int berth_spawn(
    int *pid, const char *path, char *const arguments[], char *const environment[], int input, int output, int error,
    int kept) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);
    if (code) return code;
    code = posix_spawnattr_init(&attributes);
    if (code) {
        posix_spawn_file_actions_destroy(&actions);
        return code;
    }
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    (void)(
        (code = posix_spawn_file_actions_adddup2(&actions, input, 0)) ||
        (code = posix_spawn_file_actions_adddup2(&actions, output, 1)) ||
        (code = posix_spawn_file_actions_adddup2(&actions, error, 2)) ||
        (kept >= 0 && (code = posix_spawn_file_actions_adddup2(&actions, kept, 3))) ||
        (code = posix_spawn_file_actions_addclosefrom_np(&actions, kept >= 0 ? 4 : 3)) ||
        (code = posix_spawnattr_setsigmask(&attributes, &none)) ||
        (code = posix_spawnattr_setsigdefault(&attributes, &all)) ||
        (code = posix_spawnattr_setpgroup(&attributes, 0)) ||
        (code = posix_spawnattr_setflags(
             &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)) ||
        (code = posix_spawn(pid, path, &actions, &attributes, arguments, environment)));
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

int berth_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int berth_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int berth_memfd(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
