#define _GNU_SOURCE
#include "message_socket.h"
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

enum { SOCKET_TYPE = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC };

union control {
    char bytes[CMSG_SPACE(BERTH_DESCRIPTOR_LIMIT * sizeof(int))];
    struct cmsghdr alignment;
};

int berth_message_pair(int ends[2]) { return socketpair(AF_UNIX, SOCKET_TYPE, 0, ends); }
int berth_message_socket(void) { return socket(AF_UNIX, SOCKET_TYPE, 0); }

static int unix_address(struct sockaddr_un *address, const char *path) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    size_t length = strlen(path);
    if (length >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address->sun_path, path, length);
    return 0;
}

int berth_connect_unix(int socket, const char *path) {
    struct sockaddr_un address;
    return unix_address(&address, path) || connect(socket, (struct sockaddr *)&address, sizeof address) ? -1 : 0;
}

int berth_limit_waits(int socket, long seconds) {
    struct timeval limit = {.tv_sec = seconds};
    return setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) || setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) ? -1 : 0;
}

int berth_bind_unix(int socket, const char *path) {
    struct sockaddr_un address;
    return unix_address(&address, path) || bind(socket, (struct sockaddr *)&address, sizeof address) ? -1 : 0;
}

long berth_send_message(int socket, const void *bytes, unsigned long size, const int *descriptors, unsigned long count) {
    struct iovec part = {(void *)(uintptr_t)bytes, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union control control;
    if (count > BERTH_DESCRIPTOR_LIMIT) {
        errno = EINVAL;
        return -1;
    }
    if (count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

long berth_receive_message(int socket, void *bytes, unsigned long size, int *descriptors, unsigned long *count) {
    struct iovec part = {bytes, size};
    union control control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    *count = 0;
    ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (received < 0) return received;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        *count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(descriptors, CMSG_DATA(header), *count * sizeof(int));
    }
    return received;
}

int berth_peer_pid(int socket) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : -1;
}
