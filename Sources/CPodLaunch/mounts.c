#include "pod_internal.h"
#include <sched.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

int tree_clone(int descriptor, int is_recursive) {
    return (int)syscall(SYS_open_tree, descriptor, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0));
}

int tree_move(int tree, int destination) {
    return (int)syscall(SYS_move_mount, tree, "", destination, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int tree_set(int tree, int is_recursive, uint64_t set, uint64_t clear, uint64_t propagation) {
    struct mount_attr attributes = {.attr_set = set, .attr_clr = clear, .propagation = propagation};
    return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0), &attributes, sizeof attributes);
}

int tree_map(int tree, int is_recursive, int user_namespace) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)user_namespace};
    return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0), &attributes, sizeof attributes);
}

static uint64_t attributes_of(uint32_t options) {
    return (options & (BERTH_READ_ONLY | BERTH_RECURSIVE_READ_ONLY) ? MOUNT_ATTR_RDONLY : 0)
        | (options & BERTH_NO_SUID ? MOUNT_ATTR_NOSUID : 0) | (options & BERTH_NO_DEV ? MOUNT_ATTR_NODEV : 0)
        | (options & BERTH_NO_EXEC ? MOUNT_ATTR_NOEXEC : 0) | (options & BERTH_STRICT_ATIME ? MOUNT_ATTR_STRICTATIME : 0);
}

static int clone_path(const char *path, const char *step, const char *subject) {
    int source = child_check(open(path, O_PATH | O_CLOEXEC), step, subject);
    int tree = child_check(tree_clone(source, 0), step, subject);
    close(source);
    return tree;
}

// By the host's /proc: extended attributes are not to be set by an O_PATH descriptor.
static void label_directory(int descriptor, const char *label, const char *subject) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    if (setxattr(path, "security.selinux", label, strlen(label) + 1, 0)) child_warn("selinux label", subject, errno);
}

const char *mount_label(const void *plan, const struct berth_container *container) {
    return container->mount_label ? berth_at(plan, container->mount_label) : NULL;
}

static int open_source(const void *plan, const struct berth_mount *mount, const struct pod_context *context, const char *label) {
    if (mount->kind == BERTH_MOUNT_SHARED_MEMORY) {
        const char *path = context->shared_memory ? context->shared_memory : "";
        int memory = child_check(open(path, O_PATH | O_CLOEXEC), "shared memory", path);
        if (label) label_directory(memory, label, "shared memory");
        return memory;
    }
    const char *root = text(plan, mount->source), *path = text(plan, mount->detail);
    int source = child_check(open(root, O_PATH | O_CLOEXEC), "mount source", root);
    if (*path == 0) return source;
    int beneath = child_check(root_open(source, path, O_PATH, 0), "mount source", path);
    close(source);
    return beneath;
}

static int is_processes(const void *plan, const struct berth_mount *mount) {
    return mount->kind == BERTH_MOUNT_FILESYSTEM && strcmp(text(plan, mount->source), "proc") == 0;
}

// The /proc that a running container has. We are in a mount namespace of our own, and come back to it.
static int processes_of(int target, const char *subject) {
    struct statfs status;
    int own = child_check(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), "process target", subject);
    child_check(setns(target, CLONE_NEWNS), "process target", subject);
    int root = child_check(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "process target", subject);
    int source = child_check(root_open(root, "/proc", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS), "process target", subject);
    // The container may have put anything else there.
    if (fstatfs(source, &status) || status.f_type != 0x9fa0) child_fail("process target", subject, ENOTDIR);
    // With what covers parts of it, which in a user namespace cannot be left off.
    int tree = child_check(tree_clone(source, 1), "process target", subject);
    child_check(setns(own, CLONE_NEWNS), "process target", subject);
    close(source);
    close(root);
    close(own);
    return tree;
}

void mounts_open_sources(const void *plan, const struct berth_container *container, const struct pod_context *context, int target, int *trees) {
    static const uint64_t propagations[] = {[BERTH_PRIVATE] = MS_PRIVATE, [BERTH_SLAVE] = MS_SLAVE, [BERTH_SHARED] = MS_SHARED};
    const struct berth_mount *mounts = berth_at(plan, container->mounts.offset);
    for (uint32_t i = 0; i < container->mounts.count; i++) {
        const struct berth_mount *mount = &mounts[i];
        trees[i] = -1;
        const char *subject = text(plan, mount->destination);
        if (is_processes(plan, mount)) {
            // Of a PID namespace that we are not in.
            if (target >= 0) trees[i] = processes_of(target, subject);
            else if (context->pid_scope == BERTH_PID_POD) trees[i] = clone_path(POD_PROCESSES, "mount", subject);
            continue;
        }
        if (mount->kind != BERTH_MOUNT_BIND && mount->kind != BERTH_MOUNT_SHARED_MEMORY) continue;
        int source = open_source(plan, mount, context, mount_label(plan, container));
        trees[i] = child_check(tree_clone(source, (int)mount->is_recursive), "bind", subject);
        close(source);
        if (mount->options & BERTH_ID_MAPPED)
            child_check(tree_map(trees[i], (int)mount->is_recursive, context->anchor.user_namespace), "id-mapped mount", subject);
        uint64_t propagation = propagations[mount->propagation <= BERTH_SHARED ? mount->propagation : BERTH_PRIVATE];
        uint64_t attributes = attributes_of(mount->options);
        uint64_t clear = mount->options & BERTH_STRICT_ATIME ? MOUNT_ATTR__ATIME : 0;
        int is_deep = mount->options & BERTH_RECURSIVE_READ_ONLY ? 1 : 0;
        if (mount->is_recursive && !is_deep) {
            child_check(tree_set(trees[i], 1, 0, 0, propagation), "mount propagation", subject);
            propagation = 0;
        }
        if (attributes || propagation) child_check(tree_set(trees[i], is_deep, attributes, clear, propagation), "mount options", subject);
    }
}

// Files that the container has to itself, and that no disk keeps a label for. Message queues are shared with whoever is in their
// namespace, so that they are labelled, and not mounted with a label.
static int filesystem_labelled(const char *type, const char *data, const char *label, uint64_t attributes, const char *subject) {
    int is_private = strcmp(type, "tmpfs") == 0 || strcmp(type, "devpts") == 0;
    int tree = filesystem_new(type, data, is_private ? label : NULL, attributes, subject);
    if (label && strcmp(type, "mqueue") == 0) label_directory(tree, label, subject);
    return tree;
}

int filesystem_new(const char *type, const char *data, const char *label, uint64_t attributes, const char *subject) {
    char copy[4096], *rest = copy, *option;
    int context = child_check((int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), "mount", subject);
    if (label) child_check((int)syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "context", label, 0), "selinux label", label);
    snprintf(copy, sizeof copy, "%s", data);
    while ((option = strsep(&rest, ",")) != NULL) {
        if (*option == 0) continue;
        char *value = strchr(option, '=');
        if (value) *value++ = 0;
        child_check(
            (int)syscall(SYS_fsconfig, context, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, option, value, 0), "mount option", option);
    }
    child_check((int)syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "mount", subject);
    int tree = child_check((int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes), "mount", subject);
    close(context);
    return tree;
}

// v1: a small tmpfs with a directory per hierarchy, and the container's own cgroup bound on each.
static void mount_v1_cgroups(const void *plan, const struct berth_container *container, int place, const char *subject, uint64_t attributes) {
    static const char prefix[] = "/sys/fs/cgroup/";
    int tree = filesystem_new("tmpfs", "mode=755,size=64k", mount_label(plan, container), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, subject);
    child_check(tree_move(tree, place), "mount", subject);
    for (uint32_t i = 0; i < container->cgroup.directories.count; i++) {
        char name[256];
        const char *directory = nth_text(plan, container->cgroup.directories, i);
        if (strncmp(directory, prefix, sizeof prefix - 1)) continue;
        const char *hierarchy = directory + sizeof prefix - 1;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(hierarchy, "/"), hierarchy);
        child_check(mkdirat(tree, name, 0755), "cgroup mount", name);
        // By their names: nobody but us has been here yet.
        int bound = child_check(
            (int)syscall(SYS_open_tree, AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), "cgroup mount", directory);
        child_check((int)syscall(SYS_move_mount, bound, "", tree, name, MOVE_MOUNT_F_EMPTY_PATH), "cgroup mount", directory);
        close(bound);
    }
    child_check(tree_set(tree, 1, attributes, 0, 0), "cgroup mount", subject);
    close(tree);
}

static void mount_cgroups(const void *plan, const struct berth_container *container, int place, const char *subject, uint64_t attributes) {
    const char *first = container->cgroup.directories.count == 1 ? nth_text(plan, container->cgroup.directories, 0) : NULL;
    int unified = first ? pod_unified_cgroup(first) : -1;
    if (unified < 0) return mount_v1_cgroups(plan, container, place, subject, attributes);
    int tree;
    if (container->flags & BERTH_CGROUP_NAMESPACE) {
        tree = filesystem_new("cgroup2", "", NULL, attributes, subject);
    } else {
        tree = child_check(tree_clone(unified, 0), "cgroup mount", first);
        child_check(tree_set(tree, 0, attributes, 0, 0), "cgroup mount", first);
    }
    child_check(tree_move(tree, place), "mount", subject);
    close(tree);
    close(unified);
}

void mounts_perform(const void *plan, const struct berth_container *container, int root, const int *trees) {
    const struct berth_mount *mounts = berth_at(plan, container->mounts.offset);
    for (uint32_t i = 0; i < container->mounts.count; i++) {
        const struct berth_mount *mount = &mounts[i];
        const char *destination = text(plan, mount->destination), *type = text(plan, mount->source);
        struct stat status;
        int is_file = trees[i] >= 0 && fstat(trees[i], &status) == 0 && !S_ISDIR(status.st_mode);
        // Programs trust these two blindly, so an image may not put them elsewhere, not even within itself.
        int is_kernel = mount->kind == BERTH_MOUNT_FILESYSTEM && (strcmp(type, "proc") == 0 || strcmp(type, "sysfs") == 0);
        int place = child_check(root_make(root, destination, is_file, is_kernel ? RESOLVE_NO_SYMLINKS : 0), "mount point", destination);
        switch (mount->kind) {
        case BERTH_MOUNT_FILESYSTEM: {
            int tree = trees[i] >= 0
                ? trees[i]
                : filesystem_labelled(type, text(plan, mount->detail), mount_label(plan, container), attributes_of(mount->options), destination);
            child_check(tree_move(tree, place), "mount", destination);
            close(tree);
            break;
        }
        case BERTH_MOUNT_CGROUP:
            mount_cgroups(plan, container, place, destination, attributes_of(mount->options));
            break;
        case BERTH_MOUNT_BIND:
        case BERTH_MOUNT_SHARED_MEMORY:
            child_check(tree_move(trees[i], place), "bind", destination);
            close(trees[i]);
            break;
        default:
            child_fail("mount", destination, EPROTO);
        }
        close(place);
    }
}

static int new_empty(const char *label, const char *subject) {
    return filesystem_new("tmpfs", "size=0,mode=555", label, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, subject);
}

// It is the host's node: read-only it discards what is written all the same, and keeps its mode and owner.
static int new_null(const char *subject) {
    int tree = child_check((int)syscall(SYS_open_tree, AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), "mask", subject);
    child_check(tree_set(tree, 0, MOUNT_ATTR_RDONLY, 0, 0), "mask", subject);
    return tree;
}

void paths_cover(const void *plan, const struct berth_container *container, int root) {
    int null = -1, empty = -1;
    for (uint32_t i = 0; i < container->masked_paths.count; i++) {
        const char *path = nth_text(plan, container->masked_paths, i);
        int place = root_open(root, path, O_PATH, 0);
        if (place < 0 && (errno == ENOENT || errno == ENOTDIR)) continue;
        child_check(place, "mask", path);
        struct stat status;
        child_check(fstat(place, &status), "mask", path);
        int *first = S_ISDIR(status.st_mode) ? &empty : &null;
        // The others are copies of the first, and so read-only like that.
        int cover = *first >= 0 ? child_check(tree_clone(*first, 0), "mask", path) : S_ISDIR(status.st_mode) ? new_empty(mount_label(plan, container), path) : new_null(path);
        child_check(tree_move(cover, place), "mask", path);
        if (*first < 0) *first = cover;
        else close(cover);
        close(place);
    }
    if (null >= 0) close(null);
    if (empty >= 0) close(empty);
    for (uint32_t i = 0; i < container->read_only_paths.count; i++) {
        const char *path = nth_text(plan, container->read_only_paths, i);
        int place = root_open(root, path, O_PATH, 0);
        if (place < 0 && (errno == ENOENT || errno == ENOTDIR)) continue;
        child_check(place, "read-only path", path);
        int tree = child_check(tree_clone(place, 1), "read-only path", path);
        child_check(tree_set(tree, 1, MOUNT_ATTR_RDONLY, 0, 0), "read-only path", path);
        child_check(tree_move(tree, place), "read-only path", path);
        close(tree);
        close(place);
    }
}
