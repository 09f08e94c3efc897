/* SPDX-License-Identifier: MIT */
/*
 * app/inherited.c: told apart by the addresses that they are bound to.
 */
#include "app/inherited.h"

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "hub/hub.h"
#include "net/listener.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    FIRST_FD = 3,                                                /* SD_LISTEN_FDS_START */
    SOCKETS_MAX = (2 * CONFIG_LISTEN_MAX + 1) * HUB_WORKERS_MAX, /* what a server can have */
};

struct inherited {
    size_t count;
    struct {
        int fd;
        struct address address;
    } list[SOCKETS_MAX];
};

struct inherited *inherited_new(void) {
    return mem_new(sizeof(struct inherited));
}

static bool number_in(const char *variable, uint64_t max, uint64_t *ret) {
    const char *text = getenv(variable);
    return text && span_to_uint(span_str(text), max, ret);
}

void inherited_add_activated(struct inherited *inherited) {
    uint64_t pid, count;
    if (!number_in("LISTEN_PID", INT32_MAX, &pid) || pid != (uint64_t)getpid()) return;
    if (!number_in("LISTEN_FDS", SOCKETS_MAX, &count)) return;
    for (int fd = FIRST_FD; fd < FIRST_FD + (int)count; fd++)
        inherited_add(inherited, fd);
}

void inherited_add(struct inherited *inherited, int own_fd) {
    struct address address;
    if (inherited->count < SOCKETS_MAX && listener_adopt(own_fd, &address) == ERR_OK) {
        inherited->list[inherited->count].fd = own_fd;
        inherited->list[inherited->count++].address = address;
    } else {
        log_line(LOG_WARNING, "inherited descriptor is not used", log_int("fd", own_fd),
                 log_text("problem", "no socket that listens for TCP"));
        (void)close(own_fd);
    }
}

static bool is_same(const struct address *a, const struct address *b) {
    return a->port == b->port && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

size_t inherited_take(struct inherited *inherited, const struct address *address, size_t max,
                      int *ret_fds) {
    size_t taken = 0, kept = 0;
    for (size_t i = 0; i < inherited->count; i++) {
        if (taken < max && is_same(&inherited->list[i].address, address)) {
            ret_fds[taken++] = inherited->list[i].fd;
        } else {
            inherited->list[kept++] = inherited->list[i];
        }
    }
    inherited->count = kept;
    return taken;
}

void inherited_free(struct inherited *inherited) {
    if (!inherited) return;
    for (size_t i = 0; i < inherited->count; i++) {
        char text[ADDRESS_TEXT_MAX];
        (void)address_format_port(&inherited->list[i].address, text);
        log_line(LOG_WARNING, "inherited socket is not used", log_text("address", text),
                 log_text("problem", "no address of the configuration is this one"));
        (void)close(inherited->list[i].fd);
    }
    mem_free(inherited);
}
