#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

_Static_assert(BERTH_RESOLVE_NO_XDEV == RESOLVE_NO_XDEV && BERTH_RESOLVE_NO_MAGICLINKS == RESOLVE_NO_MAGICLINKS, "openat2(2)");
_Static_assert(BERTH_RESOLVE_NO_SYMLINKS == RESOLVE_NO_SYMLINKS && BERTH_RESOLVE_BENEATH == RESOLVE_BENEATH, "openat2(2)");
_Static_assert(BERTH_RESOLVE_IN_ROOT == RESOLVE_IN_ROOT, "openat2(2)");

// A mount or rename anywhere on the machine makes a walk through `..` end with EAGAIN, to be tried again. Bounded, because
// whoever keeps renaming shall not hold us for ever. Source: openat2(2), ERRORS.
int berth_openat2_settled(int directory, const char *path, const void *how, unsigned long size) {
    int descriptor = -1;
    for (int attempt = 0; attempt < 1000; attempt++) {
        descriptor = (int)syscall(SYS_openat2, directory, path, how, size);
        if (descriptor >= 0 || errno != EAGAIN) break;
    }
    return descriptor;
}

int berth_openat2(int directory, const char *path, int flags, unsigned mode, unsigned long long resolve) {
    struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
    return berth_openat2_settled(directory, path, &how, sizeof how);
}

int berth_fsetxattr(int descriptor, const char *name, const void *value, unsigned long size) {
    return fsetxattr(descriptor, name, value, size, 0);
}

long berth_fgetxattr(int descriptor, const char *name, void *value, unsigned long size) {
    return fgetxattr(descriptor, name, value, size);
}

long berth_flistxattr(int descriptor, char *names, unsigned long size) { return flistxattr(descriptor, names, size); }

// By way of /proc: an O_PATH descriptor, the only kind that does not follow a symbolic link, is not enough for extended attributes.
int berth_set_attribute(int descriptor, const char *name, const void *value, unsigned long size) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return setxattr(path, name, value, size, 0);
}

long berth_get_attribute(int descriptor, const char *name, void *value, unsigned long size) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return getxattr(path, name, value, size);
}

int berth_syncfs(int descriptor) { return syncfs(descriptor); }
