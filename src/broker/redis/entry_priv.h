/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/entry_priv.h: a message of a history, as it is published and as it is kept.
 */
#ifndef TIDINGS_BROKER_REDIS_ENTRY_PRIV_H
#define TIDINGS_BROKER_REDIS_ENTRY_PRIV_H

#include "base/span.h"
#include "redis/reply.h"

struct entry {
    uint64_t number; /* from 1 */
    uint64_t before; /* the number of the message before, 0: none */
    bool is_last;
    struct span payload;
};

/* What is published: number, before, 0 or 1, payload; a blank between each. Lends. */
MUST_USE bool entry_read(struct span text, struct entry *ret);
/* One of the items of what XRANGE answers. Lends. */
MUST_USE bool entry_read_kept(const struct redis_reply *item, struct entry *ret);
/* The number of such an item, also when the rest is not as it should be. */
MUST_USE bool entry_number_kept(const struct redis_reply *item, uint64_t *ret);

#endif
