/* SPDX-License-Identifier: MIT */
/*
 * net/proxy_read.c: looks at what has come without taking it, then takes what belongs to the
 * header. That is two system calls, once for a connection that a proxy opened; a byte taken too
 * much would have to be carried to whoever reads next.
 */
#include "net/proxy_read.h"

#include <errno.h>
#include <sys/socket.h>

enum { LOOK_BYTES = 512 }; /* a header is rarely longer */

static enum err receive(int fd, char *at, size_t cap, int flags, size_t *ret_len) {
    ssize_t got;
    do
        got = recv(fd, at, cap, flags);
    while (got < 0 && errno == EINTR);
    if (got < 0) return errno == EAGAIN ? ERR_AGAIN : ERR_CLOSED;
    if (got == 0) return ERR_CLOSED;
    *ret_len = (size_t)got;
    return ERR_OK;
}

enum err proxy_read(int fd, struct proxy_header *header) {
    for (;;) {
        char bytes[LOOK_BYTES];
        size_t len, taken;
        enum err e = receive(fd, bytes, sizeof bytes, MSG_PEEK, &len);
        if (e) return e;
        struct span rest = span_of(bytes, len);
        enum proxy_header_step step = proxy_header_feed(header, &rest);
        if (step == PROXY_HEADER_FAIL) return ERR_INVALID;
        /* There are so many, so it takes them all. */
        e = receive(fd, bytes, len - rest.len, 0, &taken);
        if (e || taken < len - rest.len) return ERR_CLOSED;
        if (step == PROXY_HEADER_DONE) return ERR_OK;
    }
}
