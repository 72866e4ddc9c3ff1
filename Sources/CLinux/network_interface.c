#define _GNU_SOURCE
#include "network_interface.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int berth_setns_network(int namespace_descriptor) { return setns(namespace_descriptor, CLONE_NEWNET); }

/// Any socket of the namespace carries these requests; closing it must not change errno.
static int request(unsigned long code, void *argument) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int result = ioctl(fd, code, argument);
    int saved = errno;
    close(fd);
    errno = saved;
    return result;
}

static int named(struct ifreq *link, const char *name) {
    memset(link, 0, sizeof *link);
    if (strlen(name) >= sizeof link->ifr_name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(link->ifr_name, name);
    return 0;
}

static int set_flag(const char *name, short flag, int on) {
    struct ifreq link;
    if (named(&link, name) || request(SIOCGIFFLAGS, &link)) return -1;
    link.ifr_flags = on ? link.ifr_flags | flag : link.ifr_flags & ~flag;
    return request(SIOCSIFFLAGS, &link);
}

int berth_link_set_up(const char *name) { return set_flag(name, IFF_UP, 1); }

static int set_inet(unsigned long code, const char *name, const char *text) {
    struct ifreq link;
    if (named(&link, name)) return -1;
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (inet_pton(AF_INET, text, &address.sin_addr) != 1) {
        errno = EINVAL;
        return -1;
    }
    memcpy(&link.ifr_addr, &address, sizeof address);
    return request(code, &link);
}

int berth_link_set_address(const char *name, const char *address, const char *netmask) {
    if (set_inet(SIOCSIFADDR, name, address)) return -1;
    return set_inet(SIOCSIFNETMASK, name, netmask);
}

int berth_link_pin_hardware_address(const char *name) {
    struct ifreq link;
    if (named(&link, name) || request(SIOCGIFHWADDR, &link)) return -1;
    return request(SIOCSIFHWADDR, &link);
}

int berth_bridge_add(const char *name) {
    struct ifreq link;
    if (named(&link, name)) return -1;
    return request(SIOCBRADDBR, link.ifr_name);
}

int berth_bridge_delete(const char *name) {
    struct ifreq link;
    if (named(&link, name)) return -1;
    if (set_flag(name, IFF_UP, 0)) return -1;
    return request(SIOCBRDELBR, link.ifr_name);
}
