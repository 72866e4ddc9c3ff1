#define _GNU_SOURCE
#include "file_tree.h"
#include "volume_calls.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

int berth_volume_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
    return mount(source, target, type, flags, data);
}

int berth_volume_unmount(const char *target, int lazily) { return umount2(target, UMOUNT_NOFOLLOW | (lazily ? MNT_DETACH : 0)); }

int berth_volume_mounted(const char *path, unsigned long *type) {
    struct statx information;
    struct statfs system;
    if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, 0, &information)) return -1;
    if (!(information.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)) {
        errno = ENOSYS;
        return -1;
    }
    if (!(information.stx_attributes & STATX_ATTR_MOUNT_ROOT)) return 0;
    if (statfs(path, &system)) return -1;
    *type = (unsigned long)system.f_type;
    return 1;
}

int berth_loop_free_number(int control) { return ioctl(control, LOOP_CTL_GET_FREE); }

int berth_loop_configure(int loop, int backing, const char *name, unsigned block_size, int direct, int read_only) {
    struct loop_config config;
    memset(&config, 0, sizeof config);
    config.fd = (unsigned)backing;
    config.block_size = block_size;
    config.info.lo_flags =
        LO_FLAGS_AUTOCLEAR | (direct ? LO_FLAGS_DIRECT_IO : 0) | (read_only ? LO_FLAGS_READ_ONLY : 0);
    strncpy((char *)config.info.lo_file_name, name, LO_NAME_SIZE - 1);
    return ioctl(loop, LOOP_CONFIGURE, &config);
}

int berth_loop_set_capacity(int loop) { return ioctl(loop, LOOP_SET_CAPACITY, 0); }

int berth_loop_clear(int loop) { return ioctl(loop, LOOP_CLR_FD, 0); }

int berth_loop_backing(int loop, unsigned long long *device, unsigned long long *inode) {
    struct loop_info64 info;
    if (ioctl(loop, LOOP_GET_STATUS64, &info) < 0) return -1;
    *device = info.lo_device;
    *inode = info.lo_inode;
    return 0;
}

int berth_loop_make_node(const char *path, int number) {
    return mknod(path, S_IFBLK | 0600, makedev(7, (unsigned)number));
}

// Not in Debian 12's headers. Source: include/uapi/linux/ext4.h and fs.h of Linux 6.9.
struct fsuuid_header {
    unsigned length;
    unsigned flags;
    unsigned char uuid[16];
};
struct fsuuid2 {
    unsigned char length;
    unsigned char uuid[16];
};
#define BERTH_EXT4_RESIZE _IOW('f', 16, unsigned long long)
#define BERTH_EXT4_UUID _IOR('f', 44, unsigned long long)
#define BERTH_FS_UUID _IOR(0x15, 0, struct fsuuid2)

int berth_ext4_resize(int inside, unsigned long long blocks) { return ioctl(inside, BERTH_EXT4_RESIZE, &blocks); }

int berth_filesystem_uuid(int inside, unsigned char uuid[16]) {
    struct fsuuid2 any;
    memset(&any, 0, sizeof any);
    if (ioctl(inside, BERTH_FS_UUID, &any) == 0 && any.length <= 16) {
        memcpy(uuid, any.uuid, any.length);
        return any.length;
    }
    struct fsuuid_header ext4 = {.length = 16};
    if (ioctl(inside, BERTH_EXT4_UUID, &ext4) < 0) return -1;
    memcpy(uuid, ext4.uuid, 16);
    return 16;
}

int berth_preallocate(int file, long long size) { return fallocate(file, 0, 0, size); }

int berth_open_beneath(int directory, const char *path, int flags, int cross) {
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = (unsigned)flags | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | (cross ? 0 : RESOLVE_NO_XDEV);
    return berth_openat2_settled(directory, path, &how, sizeof how);
}

int berth_chown_descriptor(int descriptor, unsigned user, unsigned group) {
    return fchownat(descriptor, "", user, group, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
}
