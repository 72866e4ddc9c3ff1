#include "pod_internal.h"
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

// Containers made by an OCI runtime, by its command line. A process of ours prepares what the bundle refers to in a mount
// namespace of its own, runs the runtime, and says at last which process the container is: that has become a child of the
// supervisor, its subreaper, when the runtime ended. The namespace goes with us, so that nothing of it needs to be undone.
// Source: OCI runtime spec, runtime.md; the command line that runc has, and others have taken over.

// Names in the bundle's directory, which each of our processes has for itself.
#define CONFIGURATION "config.json"
#define PROCESS "process.json"
#define LOG "log"
#define PID "pid"
#define TERMINAL "tty"

// Of cgroup v1 a runtime sees the hierarchies that the container has a cgroup in. It would leave directories in all others,
// and crun takes a host with a v2 hierarchy beside them for broken.
static void narrow_cgroups(const char *const *directories) {
    static const char top[] = "/sys/fs/cgroup", prefix[] = "/sys/fs/cgroup/";
    enum { MOST = 32 };
    char names[MOST][64];
    int trees[MOST], count = 0;
    for (; *directories; directories++) {
        char path[128];
        int unified = pod_unified_cgroup(*directories);
        if (unified >= 0) close(unified);
        if (unified >= 0 && count == 0 && directories[1] == NULL) return;
        if (unified >= 0 || count == MOST || strncmp(*directories, prefix, sizeof prefix - 1)) continue;
        const char *hierarchy = *directories + sizeof prefix - 1;
        snprintf(names[count], sizeof names[count], "%.*s", (int)strcspn(hierarchy, "/"), hierarchy);
        snprintf(path, sizeof path, "%s%s", prefix, names[count]);
        int source = child_check(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), "cgroup mount", path);
        trees[count++] = child_check(tree_clone(source, 0), "cgroup mount", path);
        close(source);
    }
    child_check(umount2(top, MNT_DETACH), "cgroup mount", top);
    int tree = filesystem_new("tmpfs", "mode=755,size=64k", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, top);
    int place = child_check(open(top, O_PATH | O_DIRECTORY | O_CLOEXEC), "cgroup mount", top);
    child_check(tree_move(tree, place), "cgroup mount", top);
    for (int i = 0; i < count; i++) {
        child_check(mkdirat(tree, names[i], 0755), "cgroup mount", names[i]);
        int target = child_check(openat(tree, names[i], O_PATH | O_DIRECTORY | O_CLOEXEC), "cgroup mount", names[i]);
        child_check(tree_move(trees[i], target), "cgroup mount", names[i]);
        close(trees[i]);
        close(target);
    }
    child_check(tree_set(tree, 0, MOUNT_ATTR_RDONLY, 0, 0), "cgroup mount", top);
    close(tree);
    close(place);
}

// A process group of our own, so that who ends us ends the runtime's command as well.
static void prepare(int status) {
    sigset_t none;
    child_report_to(status);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setsid();
    set_slice(0);
    umask(022);
}

// The bundle is in memory, and seen by nobody else: the environment may hold secrets. It is the working directory from now on.
static int enter_bundle(const char *scratch, const char *const *directories) {
    char path[4096];
    child_check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount propagation", "/");
    narrow_cgroups(directories);
    snprintf(path, sizeof path, "%s/bundle", scratch);
    if (mkdir(path, 0700) && errno != EEXIST) child_fail("bundle", path, errno);
    int place = child_check(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), "bundle", path);
    int tree = filesystem_new("tmpfs", "mode=700,size=64m", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, path);
    child_check(tree_move(tree, place), "bundle", path);
    child_check(fchdir(tree), "bundle", path);
    close(place);
    return tree;
}

static void save(const void *plan, struct berth_span document, const char *name) {
    int result = pod_save(name, text(plan, document), document.count);
    if (result < 0) child_fail("bundle", name, -result);
}

// The last "msg" of the runtime's log, whose lines are JSON. Returns 0 when there is none.
static int last_message(const char *log, char *message, size_t size) {
    static char text[65536];
    static const char key[] = "\"msg\":\"";
    int file = open(log, O_RDONLY | O_CLOEXEC);
    long count = file < 0 ? -1 : pod_read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    if (count <= 0) return 0;
    text[count] = 0;
    const char *last = NULL;
    for (const char *found = text; (found = strstr(found, key)) != NULL; found += sizeof key - 1) last = found + sizeof key - 1;
    if (last == NULL) return 0;
    size_t used = 0;
    for (; *last && *last != '"' && used + 1 < size; last++) {
        char character = *last;
        unsigned code;
        if (character == '\\' && last[1]) {
            character = *++last;
            if (character == 'u' && sscanf(last + 1, "%4x", &code) == 1) {
                character = code < 0x80 ? (char)code : '?';
                last += 4;
            } else if (character == 'n' || character == 't') {
                character = ' ';
            }
        }
        message[used++] = character;
    }
    message[used] = 0;
    return used > 0;
}

enum { ARGUMENTS = 16, MOST_SECONDS = 10 };

// As a step, with what is known of it in place of an errno.
static void say(const struct pod_context *context, const char *verb, const char *message) {
    const char *name = strrchr(context->runtime, '/');
    struct pod_report report = {.kind = POD_FAILURE};
    snprintf(report.step, sizeof report.step, "%s %s", name ? name + 1 : context->runtime, verb);
    snprintf(report.subject, sizeof report.subject, "%s", message);
    child_send(&report, -1);
}

// The command goes, and with it all that it has started and we: nobody knows how far they have come.
static _Noreturn void give_up(const struct pod_context *context, const char *verb, uint32_t seconds) {
    char message[64];
    snprintf(message, sizeof message, "no end within %u s", seconds);
    say(context, verb, message);
    kill(0, SIGKILL);
    _exit(127);
}

// What the command says goes to its log; what it starts has the streams. Its exit code, or 128 and a signal.
static int run(const struct pod_context *context, const char *const *arguments, uint32_t seconds) {
    const char *all[ARGUMENTS + 8] = {context->runtime, "--root", context->runtime_state, "--log", LOG, "--log-format", "json"};
    char *environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    for (int i = 0; i < ARGUMENTS && arguments[i]; i++) all[7 + i] = arguments[i];
    unlink(LOG);
    int status, pid = child_check(fork(), "OCI runtime", "fork");
    if (pid == 0) {
        execve(context->runtime, (char **)(uintptr_t)all, environment);
        _exit(127);
    }
    struct pollfd end = {.fd = child_check((int)syscall(SYS_pidfd_open, pid, 0), "OCI runtime", "pidfd"), .events = POLLIN};
    if (child_check(poll(&end, 1, (int)seconds * 1000), "OCI runtime", "poll") == 0) give_up(context, arguments[0], seconds);
    close(end.fd);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) child_fail("OCI runtime", "wait", errno);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static _Noreturn void fail(const struct pod_context *context, const char *verb, int code) {
    char message[256];
    if (access(context->runtime, X_OK)) snprintf(message, sizeof message, "%s: %s", context->runtime, strerror(errno));
    else if (!last_message(LOG, message, sizeof message)) snprintf(message, sizeof message, "exit code %d", code);
    say(context, verb, message);
    _exit(127);
}

static int listen_for_terminal(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = TERMINAL};
    int listener = child_check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "terminal", "socket");
    child_check(bind(listener, (struct sockaddr *)&address, sizeof address), "terminal", "bind");
    child_check(listen(listener, 1), "terminal", "listen");
    return listener;
}

// The runtime has ended well, so that its message is there.
static void pass_terminal_on(int listener) {
    char name[4096];
    int count = 0, descriptors[8];
    struct pod_report report = {.kind = POD_TERMINAL};
    int connection = pod_accept(listener);
    if (connection < 0) child_fail("terminal", "connection", -connection);
    long received = pod_receive(connection, name, sizeof name, descriptors, &count);
    if (received < 0 || count == 0) child_fail("terminal", "master", received < 0 ? (int)-received : ENOTTY);
    child_send(&report, descriptors[0]);
    close(connection);
    close(listener);
}

static void set_streams(struct pod_streams streams) {
    const int sources[] = {streams.input, streams.output, streams.error};
    for (int i = 0; i < 3; i++)
        if (sources[i] >= 0) child_check(dup2(sources[i], i), "streams", "dup2");
}

// Last of all: from now on the supervisor takes the end of that process for the end of what was started.
static _Noreturn void identify(void) {
    char digits[16] = "";
    int file = child_check(open(PID, O_RDONLY | O_CLOEXEC), "process id", PID);
    pod_read(file, digits, sizeof digits - 1);
    struct pod_report report = {.kind = POD_IDENTITY, .pid = atoi(digits)};
    if (report.pid <= 0) child_fail("process id", "of the runtime", EPROTO);
    child_send(&report, -1);
    _exit(0);
}

static void bind_namespace(const char *source, const char *target) {
    int file = child_check(open(target, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), "namespaces", target);
    close(file);
    child_check(mount(source, target, NULL, MS_BIND, NULL), "namespaces", source);
}

static void warn(void *context, const char *step, const char *subject, int error) {
    (void)context;
    child_warn(step, subject, error);
}

// The plan's settings, once more: where config.json names no limit, some runtimes lift the one that is there.
static void settle_cgroup(const void *plan, const struct berth_container *container) {
    const char *subject = "";
    int result = cgroup_write(plan, &container->cgroup, &subject, warn, NULL);
    if (result < 0) child_fail("cgroup", subject, -result);
}

// Where config.json says that they are.
static void lay_out_namespaces(const struct pod_context *context, int target) {
    char path[48];
    child_check(mkdir("namespaces", 0700), "namespaces", "namespaces");
    bind_namespace("/proc/self/ns/net", "namespaces/network");
    bind_namespace("/proc/self/ns/ipc", "namespaces/ipc");
    bind_namespace("/proc/self/ns/uts", "namespaces/uts");
    int member = target > 0 ? target : context->anchor.pid;
    if (member <= 0) return;
    snprintf(path, sizeof path, "/proc/%d/ns/pid", member);
    bind_namespace(path, "namespaces/pid");
}

// The sources of binds, found beneath their roots by descriptor and given their options, so that no runtime walks a path that a
// pod has a hand in.
static void lay_out_mounts(const void *plan, const struct berth_container *container, const int *trees) {
    const struct berth_mount *mounts = berth_at(plan, container->mounts.offset);
    child_check(mkdir("mounts", 0700), "bind", "mounts");
    for (uint32_t i = 0; i < container->mounts.count; i++) {
        char name[32];
        struct stat status;
        if (trees[i] < 0 || mounts[i].kind == BERTH_MOUNT_FILESYSTEM) continue;
        const char *subject = text(plan, mounts[i].destination);
        snprintf(name, sizeof name, "mounts/%u", i);
        child_check(fstat(trees[i], &status), "bind", subject);
        int made = S_ISDIR(status.st_mode) ? mkdir(name, 0700) : open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        child_check(made, "bind", subject);
        if (made > 0) close(made);
        int place = child_check(open(name, O_PATH | O_CLOEXEC), "bind", subject);
        child_check(tree_move(trees[i], place), "bind", subject);
        close(place);
    }
}

static _Noreturn void run_container(const void *plan, const struct pod_context *context, int target, struct pod_streams streams) {
    const struct berth_container *container = berth_plan_body(plan);
    const char *scratch = text(plan, container->scratch), *id = text(plan, container->id);
    const char *working = text(plan, container->process.working_directory);
    const char *directories[container->cgroup.directories.count + 1];
    for (uint32_t i = 0; i < container->cgroup.directories.count; i++) directories[i] = nth_text(plan, container->cgroup.directories, i);
    directories[container->cgroup.directories.count] = NULL;
    int trees[container->mounts.count + 1];
    prepare(streams.status);
    mounts_open_sources(plan, container, context, -1, trees);
    int place = enter_bundle(scratch, directories);
    int root = root_mount(plan, container, context);
    if (*working) close(child_check(root_make(root, working, 0, 0), "working directory", working));
    close(root);
    child_check(fchdir(place), "bundle", scratch);
    close(place);
    lay_out_namespaces(context, target);
    lay_out_mounts(plan, container, trees);
    save(plan, container->process.document, CONFIGURATION);
    set_streams(streams);

    int has_terminal = container->process.flags & BERTH_TTY ? 1 : 0;
    int listener = has_terminal ? listen_for_terminal() : -1;
    const char *create[ARGUMENTS] = {"create", "--bundle", ".", "--pid-file", PID, has_terminal ? "--console-socket" : id,
                                     has_terminal ? TERMINAL : NULL, has_terminal ? id : NULL};
    const char *start[ARGUMENTS] = {"start", id};
    int code = run(context, create, context->runtime_seconds);
    if (code != 0) fail(context, "create", code);
    if (has_terminal) pass_terminal_on(listener);
    settle_cgroup(plan, container);
    code = run(context, start, context->runtime_seconds);
    if (code != 0) fail(context, "start", code);
    identify();
}

static _Noreturn void run_exec(
    const void *plan, const struct pod_context *context, const struct pod_place *place, struct pod_streams streams) {
    const struct berth_process *process = berth_plan_body(plan);
    prepare(streams.status);
    close(enter_bundle(place->scratch, place->directories));
    save(plan, process->document, PROCESS);
    set_streams(streams);
    int has_terminal = process->flags & BERTH_TTY ? 1 : 0;
    int listener = has_terminal ? listen_for_terminal() : -1;
    const char *exec[ARGUMENTS] = {"exec", "--detach", "--pid-file", PID, "--process", PROCESS,
                                   has_terminal ? "--console-socket" : place->id, has_terminal ? TERMINAL : NULL,
                                   has_terminal ? place->id : NULL};
    int code = run(context, exec, context->runtime_seconds);
    if (code != 0) fail(context, "exec", code);
    if (has_terminal) pass_terminal_on(listener);
    identify();
}

static _Noreturn void ask(const struct pod_context *context, const struct pod_place *place, int number, int status) {
    struct pod_report report = {.kind = POD_IDENTITY, .pid = getpid()};
    char digits[16];
    prepare(status);
    child_send(&report, -1);
    close(enter_bundle(place->scratch, place->directories));
    snprintf(digits, sizeof digits, "%d", number);
    const char *kill[ARGUMENTS] = {"kill", place->id, digits}, *delete[ARGUMENTS] = {"delete", "--force", place->id};
    // The container is a process of the supervisor's, which needs no runtime to end it, and does not wait for one for long.
    int code = run(context, number ? kill : delete, context->runtime_seconds < MOST_SECONDS ? context->runtime_seconds : MOST_SECONDS);
    if (code != 0) fail(context, number ? "kill" : "delete", code);
    _exit(0);
}

// On a hybrid host the runtime leaves us the v2 hierarchy, which it does not see: we are born in the container's cgroup of it.
// With v2 alone the runtime does that, and its commands are not to count as the container's.
static int hybrid(int unified, uint32_t directories) { return directories > 1 ? unified : -1; }

int runtime_start(const void *plan, const struct pod_context *context, int target, int unified, struct pod_streams streams) {
    const struct berth_container *container = berth_plan_body(plan);
    int pid = clone_into(CLONE_NEWNS, hybrid(unified, container->cgroup.directories.count));
    if (pid == 0) run_container(plan, context, target, streams);
    return pid;
}

int runtime_exec(
    const void *plan, const struct pod_context *context, int unified, const struct pod_place *place, struct pod_streams streams) {
    uint32_t count = 0;
    while (place->directories[count]) count++;
    int pid = clone_into(CLONE_NEWNS, hybrid(unified, count));
    if (pid == 0) run_exec(plan, context, place, streams);
    return pid;
}

int pod_ask_runtime(const struct pod_context *context, const struct pod_place *place, int signal, int status) {
    int pid = clone_into(CLONE_NEWNS, -1);
    if (pid == 0) ask(context, place, signal, status);
    return pid;
}
