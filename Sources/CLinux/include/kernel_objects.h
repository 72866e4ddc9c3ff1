#pragma once
// Only built-in C types here, as in spawn_process.h.

/// epoll_create1(2) with EPOLL_CLOEXEC; watch for input, level-triggered; wait for at most `limit` tokens.
int berth_poller(void);
int berth_poller_add(int poller, int watched, unsigned long long token);
int berth_poller_remove(int poller, int watched);
int berth_poller_wait(int poller, unsigned long long *tokens, int limit);

/// pidfd_send_signal(2).
int berth_pidfd_signal(int pidfd, int signal);

/// Whether `path` lies on a cgroup v2 file system.
int berth_is_cgroup2(const char *path);

/// TIOCSWINSZ.
int berth_set_window_size(int terminal, unsigned short rows, unsigned short columns);

/// Starts `path` in a new session with `/dev/null` as 0, 1 and 2 and `descriptors` as 3, 4 and so on, and no others;
/// no blocked and no ignored signals. Returns 0 or an errno. Source: posix_spawn(3).
int berth_spawn_detached(int *pid, const char *path, char *const arguments[], const int *descriptors, unsigned long count);

/// sched_setattr(2) of one thread: slices of so many nanoseconds, everything else as it is.
int berth_set_slice(int thread, unsigned long long nanoseconds);

/// mallopt(3) with M_ARENA_MAX. 0 when it took the limit.
int berth_limit_heap_arenas(int count);

/// Bytes of the heap that nothing uses. Source: mallinfo(3), fordblks.
unsigned long berth_heap_free(void);

/// Gives whole pages among them back. Source: malloc_trim(3).
void berth_heap_trim(void);

/// umount2(2) with MNT_DETACH and UMOUNT_NOFOLLOW.
int berth_unmount(const char *path);

/// The whole file as a descriptor on a detached, read-only mount, so that nobody who executes it can open it for writing.
int berth_open_read_only_copy(const char *path);
