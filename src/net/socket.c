/* SPDX-License-Identifier: MIT */
/*
 * net/socket.c: from our addresses to the kernel's.
 */
#include "net/socket_priv.h"

#include <netinet/in.h>

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
