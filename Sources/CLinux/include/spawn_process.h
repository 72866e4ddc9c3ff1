#pragma once
// Only built-in C types here: a system header pulled in under _GNU_SOURCE differs from what Swift's Glibc module has seen.

/// Starts `path` in a process group of its own, with exactly the descriptors `input`, `output` and `error` as 0, 1 and 2,
/// `kept`, unless it is -1, as 3, and no blocked and no ignored signals. Returns 0 or an errno, also when the kernel refuses the program itself.
/// Source: posix_spawn(3); glibc starts the child with CLONE_VM | CLONE_VFORK, so nothing of the caller is copied.
int berth_spawn(
    int *pid, const char *path, char *const arguments[], char *const environment[], int input, int output, int error,
    int kept);

/// pidfd_open(2), which glibc 2.36 does not export to Swift.
int berth_pidfd_open(int pid);

/// pipe2(2) with O_CLOEXEC: reading end first.
int berth_pipe(int ends[2]);

/// memfd_create(2) with MFD_CLOEXEC.
int berth_memfd(const char *name);
