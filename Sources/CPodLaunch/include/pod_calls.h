#pragma once
// System calls for Embedded Swift, which has no errno: each returns its result, or minus an errno. EINTR is retried.
#include <stdint.h>

long pod_read(int descriptor, void *bytes, unsigned long size);
long pod_write(int descriptor, const void *bytes, unsigned long size);
void pod_close(int descriptor);
int pod_open(const char *path, int flags, unsigned mode);
/// O_WRONLY | O_CREAT | O_APPEND, mode 0640, and its size so far.
int pod_open_log(const char *path, uint64_t *size);
int pod_open_directory(const char *path);
/// `path` itself for zero, else with a dot and the number behind it.
void pod_numbered(const char *path, unsigned number, char *result, unsigned long size);
void pod_join(const char *directory, const void *name, char *result, unsigned long size);
int pod_rename(const char *from, const char *to);
int pod_unlink(const char *path);
/// A new file of mode 0600 with these bytes; an older one is replaced.
int pod_save(const char *path, const void *bytes, unsigned long size);
int pod_mkdir(const char *path, unsigned mode);
int pod_rmdir(const char *path);
/// mkdir(2) of every missing directory of `path`, up to its last slash.
int pod_make_parents(const char *path, unsigned mode);
/// malloc(3) and strdup(3); NULL when there is no memory.
void *pod_allocate(unsigned long size);
char *pod_copy(const char *text);
void pod_free(const void *pointer);
/// Index of the first `byte`, or `count`.
unsigned long pod_find(const void *bytes, unsigned long count, int byte);
void pod_exit(int code) __attribute__((noreturn));
/// A whole file, read-only and private; NULL when it cannot be mapped.
const void *pod_map(int descriptor, uint64_t *size);
void pod_unmap(const void *bytes, uint64_t size);

/// pipe2(2), close-on-exec. Of a program's output the reading end, ours, does not block; of its input neither end does
/// anything but block, for a program takes EAGAIN from its stdin as an error.
int pod_output_pipe(int ends[2]);
int pod_input_pipe(int ends[2]);
int pod_set_nonblocking(int descriptor);
int pod_dup(int descriptor);

enum { POD_READABLE = 1, POD_WRITABLE = 4, POD_ENDED = 0x10 | 8 };
int pod_poller(void);
/// `events` of zero keeps the descriptor in the set, and only reports its end.
int pod_watch(int poller, int descriptor, uint32_t events, void *token);
int pod_change_watch(int poller, int descriptor, uint32_t events, void *token);
void pod_unwatch(int poller, int descriptor);
int pod_wait(int poller, void **tokens, uint32_t *events, int limit);

/// A descriptor that is readable when a child has ended. SIGCHLD is blocked, SIGPIPE ignored.
int pod_child_signals(void);
void pod_consume_signals(int descriptor);
/// wait4(2), any child, without blocking: its pid, or 0 when there is none to report.
int pod_reap(int *status);
int pod_exit_code(int status);
int pod_exit_signal(int status);
int pod_kill(int pid, int signal);
/// All of the process group that the process is in; only itself, should that be ours.
int pod_kill_group(int pid, int signal);
/// Every process of the cgroup directory, by cgroup.kill where there is one and the signal is SIGKILL.
void pod_kill_cgroup(const char *directory, int signal);
/// The count after `oom_kill` in memory.events or memory.oom_control of the directory; -1 when it has neither.
int64_t pod_oom_kills(const char *directory);

/// CLOCK_REALTIME. Nanoseconds since 1970.
int64_t pod_now(void);
/// RFC 3339 in UTC with nine decimals, 30 bytes, no terminator.
void pod_format_time(int64_t nanoseconds, char *text);
int pod_set_window_size(int terminal, unsigned rows, unsigned columns);
/// A non-blocking TCP socket connected, or connecting, to the port on 127.0.0.1, or ::1 when that refuses.
int pod_connect_loopback(unsigned port);

int pod_message_pair(int ends[2]);
/// Binds and listens; the name is relative to the working directory.
int pod_listen(const char *name);
int pod_accept(int listener);
/// Waits for room for at most a second.
int pod_send(int socket, const void *bytes, unsigned long size, const int *descriptors, int count);
/// Without blocking.
long pod_receive(int socket, void *bytes, unsigned long size, int *descriptors, int *count);
/// The same, but waits for a message, however long.
long pod_await(int socket, void *bytes, unsigned long size, int *descriptors, int *count);
