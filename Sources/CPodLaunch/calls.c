#include "pod_internal.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#define RETRIED(call) ({ long result_; do result_ = (call); while (result_ == -1 && errno == EINTR); result_ == -1 ? -errno : result_; })

long pod_read(int descriptor, void *bytes, unsigned long size) { return RETRIED(read(descriptor, bytes, size)); }
long pod_write(int descriptor, const void *bytes, unsigned long size) { return RETRIED(write(descriptor, bytes, size)); }
void pod_close(int descriptor) { if (descriptor >= 0) close(descriptor); }
int pod_open(const char *path, int flags, unsigned mode) { return (int)RETRIED(open(path, flags | O_CLOEXEC, mode)); }
int pod_open_directory(const char *path) { return pod_open(path, O_RDONLY | O_DIRECTORY, 0); }
int pod_unlink(const char *path) { return (int)RETRIED(unlink(path)); }
int pod_save(const char *path, const void *bytes, unsigned long size) {
    int file = pod_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (file < 0) return file;
    long written = pod_write(file, bytes, size);
    close(file);
    return written < 0 ? (int)written : 0;
}
void pod_numbered(const char *path, unsigned number, char *result, unsigned long size) {
    if (number == 0) snprintf(result, size, "%s", path);
    else snprintf(result, size, "%s.%u", path, number);
}
void pod_join(const char *directory, const void *name, char *result, unsigned long size) {
    snprintf(result, size, "%s/%s", directory, (const char *)name);
}
int pod_rename(const char *from, const char *to) { return (int)RETRIED(rename(from, to)); }
int pod_mkdir(const char *path, unsigned mode) { return (int)RETRIED(mkdir(path, mode)); }
int pod_rmdir(const char *path) { return (int)RETRIED(rmdir(path)); }

int pod_open_log(const char *path, uint64_t *size) {
    int descriptor = pod_open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0640);
    struct stat status;
    *size = descriptor >= 0 && fstat(descriptor, &status) == 0 ? (uint64_t)status.st_size : 0;
    return descriptor;
}

int pod_make_parents(const char *path, unsigned mode) {
    char prefix[4096];
    size_t length = strlen(path);
    if (length >= sizeof prefix) return -ENAMETOOLONG;
    memcpy(prefix, path, length + 1);
    char *slash = strrchr(prefix, '/');
    if (slash == NULL || slash == prefix) return 0;
    *slash = 0;
    if (mkdir(prefix, mode) == 0 || errno == EEXIST) return 0;
    if (errno != ENOENT) return -errno;
    int result = pod_make_parents(prefix, mode);
    return result < 0 ? result : mkdir(prefix, mode) == 0 || errno == EEXIST ? 0 : -errno;
}

const void *pod_map(int descriptor, uint64_t *size) {
    struct stat status;
    if (fstat(descriptor, &status) || status.st_size <= 0 || status.st_size > BERTH_PLAN_LIMIT) return NULL;
    *size = (uint64_t)status.st_size;
    void *bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0);
    return bytes == MAP_FAILED ? NULL : bytes;
}

void *pod_allocate(unsigned long size) { return malloc(size); }
char *pod_copy(const char *text) { return strdup(text); }
void pod_free(const void *pointer) { free((void *)(uintptr_t)pointer); }
unsigned long pod_find(const void *bytes, unsigned long count, int byte) {
    const char *found = memchr(bytes, byte, count);
    return found ? (unsigned long)(found - (const char *)bytes) : count;
}
void pod_exit(int code) { _exit(code); }

void pod_unmap(const void *bytes, uint64_t size) { munmap((void *)(uintptr_t)bytes, size); }

int pod_output_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC)) return -errno;
    return fcntl(ends[0], F_SETFL, O_NONBLOCK) ? -errno : 0;
}

int pod_input_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) ? -errno : 0; }

int pod_set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) ? -errno : 0;
}

int pod_dup(int descriptor) { return (int)RETRIED(fcntl(descriptor, F_DUPFD_CLOEXEC, 3)); }

int pod_poller(void) { return (int)RETRIED(epoll_create1(EPOLL_CLOEXEC)); }
int pod_watch(int poller, int descriptor, uint32_t events, void *token) {
    struct epoll_event event = {.events = events, .data.ptr = token};
    return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) ? -errno : 0;
}
int pod_change_watch(int poller, int descriptor, uint32_t events, void *token) {
    struct epoll_event event = {.events = events, .data.ptr = token};
    return epoll_ctl(poller, EPOLL_CTL_MOD, descriptor, &event) ? -errno : 0;
}
void pod_unwatch(int poller, int descriptor) { epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, NULL); }
int pod_wait(int poller, void **tokens, uint32_t *events, int limit) {
    struct epoll_event found[16];
    int count = (int)RETRIED(epoll_wait(poller, found, limit < 16 ? limit : 16, -1));
    for (int i = 0; i < count; i++) {
        tokens[i] = found[i].data.ptr;
        events[i] = found[i].events;
    }
    return count;
}

int pod_child_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return (int)RETRIED(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}
void pod_consume_signals(int descriptor) {
    struct signalfd_siginfo information;
    while (read(descriptor, &information, sizeof information) > 0) {}
}
int pod_reap(int *status) {
    int pid = waitpid(-1, status, WNOHANG | __WALL);
    return pid > 0 ? pid : 0;
}
int pod_exit_code(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }
int pod_exit_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
int pod_kill(int pid, int signal) { return kill(pid, signal) ? -errno : 0; }

int pod_kill_group(int pid, int signal) {
    int group = getpgid(pid);
    return pod_kill(group > 0 && group != getpgrp() ? -group : pid, signal);
}

// A control file of a cgroup, whole. Bytes read, or minus an errno.
static long read_control(const char *directory, const char *name, char *bytes, size_t size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -errno;
    long count = pod_read(file, bytes, size - 1);
    close(file);
    bytes[count > 0 ? count : 0] = 0;
    return count;
}

void pod_kill_cgroup(const char *directory, int signal) {
    char path[4096];
    if (signal == SIGKILL) {
        snprintf(path, sizeof path, "%s/cgroup.kill", directory);
        int file = open(path, O_WRONLY | O_CLOEXEC);
        if (file >= 0) {
            long written = pod_write(file, "1", 1);
            close(file);
            if (written == 1) return;
        }
    }
    snprintf(path, sizeof path, "%s/cgroup.procs", directory);
    // Read line by line and again for SIGKILL, since members may fork meanwhile; a member that is dying is listed for a while.
    for (int round = 0; round < (signal == SIGKILL ? 8 : 1); round++) {
        FILE *members = fopen(path, "re");
        if (members == NULL) return;
        int pid, found = 0;
        while (fscanf(members, "%d", &pid) == 1) {
            // Zero is a process outside our PID namespace: none of ours.
            if (pid > 0 && pid != getpid() && kill(pid, signal) == 0) found++;
        }
        fclose(members);
        if (found == 0) return;
    }
}

int64_t pod_oom_kills(const char *directory) {
    char bytes[1024];
    if (read_control(directory, "memory.events", bytes, sizeof bytes) < 0
        && read_control(directory, "memory.oom_control", bytes, sizeof bytes) < 0)
        return -1;
    const char *line = strstr(bytes, "oom_kill ");
    return line ? strtoll(line + strlen("oom_kill "), NULL, 10) : 0;
}

int64_t pod_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void pod_format_time(int64_t nanoseconds, char *text) {
    time_t seconds = nanoseconds / 1000000000;
    struct tm parts;
    char line[48];
    gmtime_r(&seconds, &parts);
    snprintf(line, sizeof line, "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ", (parts.tm_year + 1900) % 10000, parts.tm_mon + 1, parts.tm_mday,
        parts.tm_hour, parts.tm_min, parts.tm_sec, (int)(nanoseconds % 1000000000));
    memcpy(text, line, 30);
}

int pod_set_window_size(int terminal, unsigned rows, unsigned columns) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    return ioctl(terminal, TIOCSWINSZ, &size) ? -errno : 0;
}

int pod_connect_loopback(unsigned port) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = in6addr_loopback};
    const struct sockaddr *addresses[] = {(struct sockaddr *)&four, (struct sockaddr *)&six};
    const socklen_t sizes[] = {sizeof four, sizeof six};
    int code = 0;
    for (int i = 0; i < 2; i++) {
        int descriptor = socket(addresses[i]->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (descriptor < 0) continue;
        int refusal = connect(descriptor, addresses[i], sizes[i]) == 0 ? 0 : errno;
        if (refusal == EINPROGRESS) {
            // Loopback answers at once, unless the listener's queue is full: then the client does the waiting.
            struct pollfd answer = {.fd = descriptor, .events = POLLOUT};
            socklen_t size = sizeof refusal;
            refusal = 0;
            if (poll(&answer, 1, 50) > 0) getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &refusal, &size);
        }
        if (refusal == 0) return descriptor;
        // What IPv4 said is the answer, when both refuse.
        if (code == 0) code = refusal;
        close(descriptor);
    }
    return code ? -code : -EAFNOSUPPORT;
}

enum { SOCKET_TYPE = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC };
int pod_message_pair(int ends[2]) { return socketpair(AF_UNIX, SOCKET_TYPE, 0, ends) ? -errno : 0; }

int pod_listen(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(name) >= sizeof address.sun_path) return -ENAMETOOLONG;
    strcpy(address.sun_path, name);
    int descriptor = socket(AF_UNIX, SOCKET_TYPE, 0);
    if (descriptor < 0) return -errno;
    unlink(name);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) || chmod(name, 0600) || listen(descriptor, 16)) {
        int code = errno;
        close(descriptor);
        return -code;
    }
    return descriptor;
}

int pod_accept(int listener) { return (int)RETRIED(accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)); }

enum { LIMIT = 8 };
union control {
    char bytes[CMSG_SPACE(LIMIT * sizeof(int))];
    struct cmsghdr alignment;
};

int pod_send(int socket, const void *bytes, unsigned long size, const int *descriptors, int count) {
    struct iovec part = {(void *)(uintptr_t)bytes, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union control control;
    if (count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, (size_t)count * sizeof(int));
    }
    long sent = RETRIED(sendmsg(socket, &message, MSG_NOSIGNAL));
    if (sent == -EAGAIN) {
        struct pollfd room = {.fd = socket, .events = POLLOUT};
        poll(&room, 1, 1000);
        sent = RETRIED(sendmsg(socket, &message, MSG_NOSIGNAL));
    }
    return sent < 0 ? (int)sent : 0;
}

long pod_receive(int socket, void *bytes, unsigned long size, int *descriptors, int *count) {
    struct iovec part = {bytes, size};
    union control control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    *count = 0;
    long received = RETRIED(recvmsg(socket, &message, MSG_CMSG_CLOEXEC));
    if (received < 0) return received;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        *count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(descriptors, CMSG_DATA(header), (size_t)*count * sizeof(int));
    }
    return received;
}

long pod_await(int socket, void *bytes, unsigned long size, int *descriptors, int *count) {
    for (;;) {
        long received = pod_receive(socket, bytes, size, descriptors, count);
        if (received != -EAGAIN) return received;
        struct pollfd message = {.fd = socket, .events = POLLIN};
        poll(&message, 1, -1);
    }
}
