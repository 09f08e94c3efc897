/* SPDX-License-Identifier: MIT */
/*
 * app/supervisor.c: a datagram each time.
 *
 * Not by libsystemd: it is a dozen lines, and the library would bring its own dependencies along.
 */
#include "app/supervisor.h"

#include "base/clock.h"
#include "base/span.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void tell(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof to.sun_path) return;
    size_t len = strlen(path);
    memcpy(to.sun_path, path, len);
    if (*path == '@') to.sun_path[0] = '\0'; /* a name that is in no folder */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    socklen_t to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to, to_len);
    (void)close(fd);
}

void supervisor_tell_ready(const char *status) {
    char state[256];
    (void)snprintf(state, sizeof state, "READY=1\nSTATUS=%s", status);
    tell(state);
}

void supervisor_tell_reloading(void) {
    char state[64];
    /* The time is part of it. */
    (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                   clock_now_ns() / 1000);
    tell(state);
}

void supervisor_tell_stopping(uint64_t longest_ms) {
    char state[128];
    (void)snprintf(state, sizeof state, "STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=%" PRIu64,
                   longest_ms * 1000);
    tell(state);
}
