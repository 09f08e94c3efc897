/* SPDX-License-Identifier: MIT */
/*
 * redis/resolve_priv.h: from a name to addresses, without blocking.
 */
#ifndef TIDINGS_REDIS_RESOLVE_PRIV_H
#define TIDINGS_REDIS_RESOLVE_PRIV_H

#include "base/address.h"
#include "net/loop.h"

enum { REDIS_ADDRESSES_MAX = 8 };

/* `count` addresses in the order to try them; 0 and a sentence when there are none. */
typedef void (*redis_resolved)(void *owner, const struct address *addresses, size_t count,
                               const char *why);

struct redis_resolving;

/* Asks the resolver for `host`, in a thread of libuv's. `done` is called later, once, unless it is
 * cancelled. NULL: it cannot be asked (no memory). */
struct redis_resolving *redis_resolve(struct loop *loop, const char *host, uint16_t port,
                                      redis_resolved done, void *owner);
/* Nothing is called any more. NULL is fine. */
void redis_resolve_cancel(struct redis_resolving *resolving);

#endif
