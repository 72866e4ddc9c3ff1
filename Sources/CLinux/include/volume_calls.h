#pragma once
// What mounting volumes needs. Only built-in C types here, as in spawn_process.h. All return -1 with errno on failure.

/// mount(2). `data` may be null.
int berth_volume_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);
/// umount2(2) with UMOUNT_NOFOLLOW; `lazily` adds MNT_DETACH.
int berth_volume_unmount(const char *target, int lazily);
/// 1 or 0: whether a mount begins at `path`, and then the magic number of its file system; ENOSYS from a kernel that does not tell, before
/// Linux 5.8. Source: statx(2), STATX_ATTR_MOUNT_ROOT; statfs(2).
int berth_volume_mounted(const char *path, unsigned long *type);

/// A free loop device's number, from /dev/loop-control. Source: loop(4).
int berth_loop_free_number(int control);
/// LOOP_CONFIGURE with autoclear, so that the device frees itself with its last user. Source: loop(4), Linux 5.8.
int berth_loop_configure(int loop, int backing, const char *name, unsigned block_size, int direct, int read_only);
/// LOOP_SET_CAPACITY: the device takes on its file's new size.
int berth_loop_set_capacity(int loop);
/// LOOP_CLR_FD.
int berth_loop_clear(int loop);
/// Device and inode of the backing file.
int berth_loop_backing(int loop, unsigned long long *device, unsigned long long *inode);
/// Makes the block device node of loop device `number`, where /dev is not devtmpfs.
int berth_loop_make_node(const char *path, int number);

/// EXT4_IOC_RESIZE_FS on a descriptor inside the mounted file system. Source: kernel ext4 guide, "ioctls".
int berth_ext4_resize(int inside, unsigned long long blocks);
/// Length of the file system's UUID put into `uuid`; FS_IOC_GETFSUUID (Linux 6.9), else EXT4_IOC_GETFSUUID (5.19).
int berth_filesystem_uuid(int inside, unsigned char uuid[16]);

/// fallocate(2) from 0 to `size`.
int berth_preallocate(int file, long long size);

/// openat2(2) below `directory`: no `..` out of it, no symbolic link, no magic link, and no other mount unless `cross`.
int berth_open_beneath(int directory, const char *path, int flags, int cross);
/// The same file may be opened through its O_PATH descriptor; symbolic links themselves are changed, not followed.
int berth_chown_descriptor(int descriptor, unsigned user, unsigned group);
