#include "pod_internal.h"
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

static int has_own_dev(const void *plan, const struct berth_container *container) {
    const struct berth_mount *mounts = berth_at(plan, container->mounts.offset);
    for (uint32_t i = 0; i < container->mounts.count; i++)
        if (mounts[i].kind == BERTH_MOUNT_FILESYSTEM && strcmp(text(plan, mounts[i].destination), "/dev") == 0) return 1;
    return 0;
}

void devices_make(const void *plan, const struct berth_container *container, int root) {
    static const char *const links[][2] = {
        {"/proc/self/fd", "fd"}, {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"}};
    const struct berth_device *devices = berth_at(plan, container->devices.offset);
    int own = has_own_dev(plan, container) ? child_check(root_open(root, "/dev", O_PATH | O_DIRECTORY, 0), "device", "/dev") : -1;
    for (uint32_t i = 0; i < container->devices.count; i++) {
        const char *name, *path = text(plan, devices[i].path);
        // The pods' devpts is an instance of its own, and so its ptmx, not the host's, must answer.
        int is_ptmx = strcmp(path, "/dev/ptmx") == 0;
        int is_beside = own >= 0 && strncmp(path, "/dev/", 5) == 0 && strchr(path + 5, '/') == NULL;
        int parent = is_beside ? own : child_check(root_make_parent(root, path, &name), "device", path);
        if (is_beside) name = path + 5;
        int made = is_ptmx ? symlinkat("pts/ptmx", parent, name)
                           : mknodat(parent, name, devices[i].mode | (devices[i].is_block ? S_IFBLK : S_IFCHR), makedev(devices[i].major, devices[i].minor));
        if (made < 0 && errno != EEXIST) child_fail("device", path, errno);
        if (parent != own) close(parent);
    }
    if (own < 0) return;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        if (symlinkat(links[i][0], own, links[i][1]) && errno != EEXIST) child_fail("device", links[i][1], errno);
    close(own);
}

int terminal_open(int root, uint32_t owner, int as_console) {
    int unlock = 0;
    int master = child_check(root_open(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, 0), "terminal", "/dev/pts/ptmx");
    child_check(ioctl(master, TIOCSPTLCK, &unlock), "terminal", "unlock");
    int terminal = child_check(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC), "terminal", "peer");
    if (owner != 0) child_check(fchown(terminal, owner, (gid_t)-1), "terminal", "owner");
    if (as_console) {
        int place = child_check(root_make(root, "/dev/console", 1, 0), "terminal", "/dev/console");
        int tree = child_check(tree_clone(terminal, 0), "terminal", "/dev/console");
        child_check(tree_move(tree, place), "terminal", "/dev/console");
        close(tree);
        close(place);
    }
    struct pod_report report = {.kind = POD_TERMINAL};
    child_send(&report, master);
    close(master);
    return terminal;
}
