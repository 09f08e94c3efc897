/* SPDX-License-Identifier: MIT */
/*
 * redis/backoff_priv.h: how long to wait before trying again: exponential with full jitter, so that
 * many nodes that lost one server do not come back at once.
 */
#ifndef TIDINGS_REDIS_BACKOFF_PRIV_H
#define TIDINGS_REDIS_BACKOFF_PRIV_H

#include "base/base.h"

enum { REDIS_BACKOFF_FIRST_MS = 100 };

/* Zeroed: nothing has failed. */
struct redis_backoff {
    uint32_t tries;
};

/* Milliseconds to wait after a further failure: any of 0 to the smaller of `max_ms` and
 * REDIS_BACKOFF_FIRST_MS doubled with each; `random` decides. */
uint32_t redis_backoff_next(struct redis_backoff *b, uint32_t max_ms, uint64_t random);

#endif
