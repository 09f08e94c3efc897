/* SPDX-License-Identifier: MIT */
/*
 * redis/resolve.c: see redis/resolve_priv.h.
 */
#include "redis/resolve_priv.h"

#include "base/mem.h"

#include <netdb.h>

struct redis_resolving {
    uv_getaddrinfo_t request;
    uint16_t port;
    redis_resolved done; /* NULL: nobody waits any more */
    void *owner;
};

static size_t take_addresses(const struct addrinfo *list, uint16_t port,
                             struct address ret[REDIS_ADDRESSES_MAX]) {
    size_t count = 0;
    for (; list && count < REDIS_ADDRESSES_MAX; list = list->ai_next) {
        if (!address_from_sockaddr(list->ai_addr, &ret[count])) continue;
        ret[count++].port = port;
    }
    return count;
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *list) {
    struct redis_resolving *resolving = request->data;
    struct address addresses[REDIS_ADDRESSES_MAX];
    size_t count = take_addresses(list, resolving->port, addresses);
    uv_freeaddrinfo(list);
    if (resolving->done) {
        const char *why = status ? uv_strerror(status) : "it has no address";
        resolving->done(resolving->owner, addresses, count, count ? "" : why);
    }
    mem_free(resolving);
}

struct redis_resolving *redis_resolve(struct loop *loop, const char *host, uint16_t port,
                                      redis_resolved done, void *owner) {
    struct redis_resolving *resolving = mem_new(sizeof *resolving);
    resolving->request.data = resolving;
    resolving->port = port;
    resolving->done = done;
    resolving->owner = owner;
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    if (uv_getaddrinfo(loop_uv(loop), &resolving->request, on_answer, host, NULL, &hints) == 0) {
        return resolving;
    }
    mem_free(resolving);
    return NULL;
}

void redis_resolve_cancel(struct redis_resolving *resolving) {
    if (!resolving) return;
    /* Its memory goes when libuv is done with it, cancelled in time or not. */
    resolving->done = NULL;
    (void)uv_cancel((uv_req_t *)&resolving->request);
}
