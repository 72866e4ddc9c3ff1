#include "CLinux.h"
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

_Static_assert(BERTH_RESOLVE_NO_XDEV == RESOLVE_NO_XDEV && BERTH_RESOLVE_NO_MAGICLINKS == RESOLVE_NO_MAGICLINKS, "openat2(2)");
_Static_assert(BERTH_RESOLVE_NO_SYMLINKS == RESOLVE_NO_SYMLINKS && BERTH_RESOLVE_BENEATH == RESOLVE_BENEATH, "openat2(2)");
_Static_assert(BERTH_RESOLVE_IN_ROOT == RESOLVE_IN_ROOT, "openat2(2)");

int berth_openat2(int directory, const char *path, int flags, unsigned mode, unsigned long long resolve) {
    struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int berth_fsetxattr(int descriptor, const char *name, const void *value, unsigned long size) {
    return fsetxattr(descriptor, name, value, size, 0);
}

long berth_fgetxattr(int descriptor, const char *name, void *value, unsigned long size) {
    return fgetxattr(descriptor, name, value, size);
}

long berth_flistxattr(int descriptor, char *names, unsigned long size) { return flistxattr(descriptor, names, size); }

int berth_syncfs(int descriptor) { return syncfs(descriptor); }
