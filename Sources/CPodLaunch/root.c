#include "pod_internal.h"

int root_open(int root, const char *path, uint64_t flags, uint64_t resolve) {
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve};
    int descriptor = -1;
    // A mount or rename anywhere on the machine makes a walk through `..` end with EAGAIN, to be tried again; bounded,
    // because whoever keeps renaming shall not hold a launch for ever. Source: openat2(2), ERRORS.
    for (int attempt = 0; attempt < 1000; attempt++) {
        descriptor = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
        if (descriptor >= 0 || errno != EAGAIN) break;
    }
    return descriptor;
}

int root_make_parent(int root, const char *path, const char **name) {
    char prefix[4096];
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (slash == NULL || slash == path) return root_open(root, "/", O_PATH | O_DIRECTORY, 0);
    if ((size_t)(slash - path) >= sizeof prefix) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(prefix, path, (size_t)(slash - path));
    prefix[slash - path] = 0;
    return root_make(root, prefix, 0, 0);
}

// An image may hold a symbolic link to something it lacks, such as /var/run -> /run: what it points at is made, inside the root.
static int make_link_target(int root, int parent, const char *path, const char *name, int is_file) {
    static int depth;
    char link[4096], target[8192];
    ssize_t length = readlinkat(parent, name, link, sizeof link - 1);
    if (length < 0) return -1;
    link[length] = 0;
    if (++depth > 40) {
        errno = ELOOP;
        return -1;
    }
    if (link[0] == '/') snprintf(target, sizeof target, "%s", link);
    else snprintf(target, sizeof target, "%.*s%s", (int)(name - path), path, link);
    int made = root_make(root, target, is_file, 0);
    depth--;
    return made;
}

int root_make(int root, const char *path, int is_file, uint64_t resolve) {
    const char *name;
    int found = root_open(root, path, O_PATH, resolve);
    if (found >= 0 || errno != ENOENT) return found;
    int parent = root_make_parent(root, path, &name);
    if (parent < 0) return -1;
    if (*name == 0) return parent;  // a trailing slash: the parent is the directory itself
    int made = is_file ? openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644) : mkdirat(parent, name, 0755);
    if (made < 0 && errno == EEXIST && !(resolve & RESOLVE_NO_SYMLINKS)) made = make_link_target(root, parent, path, name, is_file);
    int code = errno;
    if (made > 0) close(made);
    close(parent);
    errno = code;
    return made < 0 ? -1 : root_open(root, path, O_PATH, resolve);
}

// Length of the innermost directory that all layers lie in, with its slash; 0 when that is the root of everything.
static size_t common_parent(const void *plan, struct berth_span layers) {
    const char *first = nth_text(plan, layers, 0);
    size_t length = strlen(first);
    for (uint32_t i = 0; i < layers.count; i++) {
        const char *layer = nth_text(plan, layers, i);
        size_t same = 0;
        while (same < length && layer[same] == first[same]) same++;
        for (length = same; length > 0 && (first[length - 1] != '/' || layer[length] == 0);) length--;
    }
    return length > 1 ? length : 0;
}

// For more layers than one page of options has room for; needs a kernel with `lowerdir+` (6.8).
static int mount_many_layers(const void *plan, const struct berth_container *container, size_t prefix) {
    char path[4096];
    const char *scratch = text(plan, container->scratch), *label = mount_label(plan, container);
    int context = child_check((int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC), "overlay", scratch);
    for (uint32_t i = container->layers.count; i-- > 0;) {
        const char *layer = nth_text(plan, container->layers, i) + prefix;
        child_check((int)syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "lowerdir+", layer, 0), "overlay layer", layer);
    }
    snprintf(path, sizeof path, "%s/upper", scratch);
    child_check((int)syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "upperdir", path, 0), "overlay upper", path);
    snprintf(path, sizeof path, "%s/work", scratch);
    child_check((int)syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "workdir", path, 0), "overlay work", path);
    if (label) child_check((int)syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "context", label, 0), "selinux label", label);
    child_check((int)syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, "volatile", NULL, 0), "overlay", "volatile");
    child_check((int)syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "overlay", scratch);
    return child_check((int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0), "overlay", scratch);
}

// The layers as the pod's user namespace sees them, on top of `merged`, where the overlay itself covers them.
static void map_layers(const char *parent, const char *scratch, const char *merged, const struct pod_context *context) {
    char upper[4096];
    int source = child_check(open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC), "overlay layers", parent);
    int tree = child_check(tree_clone(source, 0), "overlay layers", parent);
    child_check(tree_map(tree, 0, context->anchor.user_namespace), "id-mapped layers", parent);
    int place = child_check(open(merged, O_PATH | O_DIRECTORY | O_CLOEXEC), "overlay", merged);
    child_check(tree_move(tree, place), "overlay layers", parent);
    child_check(fchdir(tree), "overlay layers", parent);
    snprintf(upper, sizeof upper, "%s/upper", scratch);
    child_check(chown(upper, context->user_base, context->user_base), "overlay upper", upper);
    close(place);
    close(tree);
    close(source);
}

int root_mount(const void *plan, const struct berth_container *container, const struct pod_context *context) {
    // The kernel takes one page of options, terminator included.
    char options[4096], merged[4096];
    const char *scratch = text(plan, container->scratch), *label = mount_label(plan, container);
    size_t prefix = common_parent(plan, container->layers);
    // `volatile`: nobody reads this layer after its container, so unmounting it need not flush the disk.
    int used = snprintf(
        options, sizeof options, "volatile,%s%s%supperdir=%s/upper,workdir=%s/work,lowerdir=", label ? "context=\"" : "", label ? label : "",
        label ? "\"," : "", scratch, scratch);
    for (uint32_t i = container->layers.count; i-- > 0 && used < (int)sizeof options;)
        used += snprintf(options + used, sizeof options - (size_t)used, "%s%s", nth_text(plan, container->layers, i) + prefix, i ? ":" : "");
    // Over the upper directory itself, which nobody looks at any more, unless something else is to lie or to be found there.
    snprintf(merged, sizeof merged, "%s/%s", scratch, context->anchor.user_namespace >= 0 || context->runtime ? "merged" : "upper");
    if (prefix > 0) {
        char parent[4096];
        snprintf(parent, sizeof parent, "%.*s", (int)prefix, nth_text(plan, container->layers, 0));
        if (context->anchor.user_namespace >= 0) map_layers(parent, scratch, merged, context);
        else child_check(chdir(parent), "overlay layers", parent);
    } else if (context->anchor.user_namespace >= 0) {
        child_fail("id-mapped layers", "no common directory", EINVAL);
    }
    if (used >= (int)sizeof options) {
        int tree = mount_many_layers(plan, container, prefix);
        int place = child_check(open(merged, O_PATH | O_DIRECTORY | O_CLOEXEC), "overlay", merged);
        child_check(tree_move(tree, place), "overlay", merged);
    } else {
        child_check(mount("overlay", merged, "overlay", 0, options), "overlay", scratch);
    }
    return child_check(open(merged, O_PATH | O_DIRECTORY | O_CLOEXEC), "overlay", merged);
}
