/* SPDX-License-Identifier: MIT */
/*
 * net/socket.c: our addresses as the kernel's, and what TCP says of a socket.
 */
#include "net/socket_priv.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>

enum { ASK_TRIES = 8 };

socklen_t socket_address(const struct address *address, struct sockaddr_storage *ret) {
    memset(ret, 0, sizeof *ret);
    if (address_is_v4(address)) {
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(address->port) };
        memcpy(&v4.sin_addr, address->bytes + 12, sizeof v4.sin_addr);
        memcpy(ret, &v4, sizeof v4);
        return sizeof v4;
    }
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(address->port) };
    memcpy(&v6.sin6_addr, address->bytes, sizeof v6.sin6_addr);
    memcpy(ret, &v6, sizeof v6);
    return sizeof v6;
}

static bool acknowledged(int fd, uint64_t *ret) {
    struct tcp_info info;
    socklen_t len = sizeof info;
    bool is_told =
        getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
        len >= offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked;
    if (is_told) *ret = info.tcpi_bytes_acked;
    return is_told;
}

/* Acknowledged, or not yet: both must be of the same moment. */
bool socket_written(int fd, uint32_t *ret) {
    for (int i = 0; i < ASK_TRIES; i++) {
        uint64_t before, after;
        int waiting;
        if (!acknowledged(fd, &before) || ioctl(fd, SIOCOUTQ, &waiting) != 0) return false;
        if (!acknowledged(fd, &after)) return false;
        if (before != after) continue;
        *ret = (uint32_t)before + (uint32_t)waiting;
        return true;
    }
    return false;
}
