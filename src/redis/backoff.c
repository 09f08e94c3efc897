/* SPDX-License-Identifier: MIT */
/*
 * redis/backoff.c: see redis/backoff_priv.h.
 */
#include "redis/backoff_priv.h"

enum { DOUBLINGS_MAX = 20 };

uint32_t redis_backoff_next(struct redis_backoff *b, uint32_t max_ms, uint64_t random) {
    uint64_t ceiling = (uint64_t)REDIS_BACKOFF_FIRST_MS << b->tries;
    if (b->tries < DOUBLINGS_MAX) b->tries++;
    if (ceiling > max_ms) ceiling = max_ms;
    return (uint32_t)(random % (ceiling + 1));
}
