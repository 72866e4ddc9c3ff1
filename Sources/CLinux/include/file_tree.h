#pragma once
// Only built-in C types here, as in spawn_process.h.

/// openat2(2) with a `struct open_how`, again while the kernel asks for it.
int berth_openat2_settled(int directory, const char *path, const void *how, unsigned long size);

/// openat2(2), O_CLOEXEC added. `resolve` is RESOLVE_* of linux/openat2.h: see the constants below.
int berth_openat2(int directory, const char *path, int flags, unsigned mode, unsigned long long resolve);

enum {
    BERTH_RESOLVE_NO_XDEV = 0x01,
    BERTH_RESOLVE_NO_MAGICLINKS = 0x02,
    BERTH_RESOLVE_NO_SYMLINKS = 0x04,
    BERTH_RESOLVE_BENEATH = 0x08,
    BERTH_RESOLVE_IN_ROOT = 0x10,
};

/// fsetxattr(2), fgetxattr(2) and flistxattr(2).
int berth_fsetxattr(int descriptor, const char *name, const void *value, unsigned long size);
long berth_fgetxattr(int descriptor, const char *name, void *value, unsigned long size);
long berth_flistxattr(int descriptor, char *names, unsigned long size);

/// The same of what an O_PATH descriptor stands for.
int berth_set_attribute(int descriptor, const char *name, const void *value, unsigned long size);
long berth_get_attribute(int descriptor, const char *name, void *value, unsigned long size);

/// syncfs(2).
int berth_syncfs(int descriptor);
