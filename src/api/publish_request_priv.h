/* SPDX-License-Identifier: MIT */
/*
 * api/publish_request_priv.h: the body of a publish, read: to whom, what, under which key.
 */
#ifndef TIDINGS_API_PUBLISH_REQUEST_PRIV_H
#define TIDINGS_API_PUBLISH_REQUEST_PRIV_H

#include "api/api_priv.h"

enum { PUBLISH_USER_MAX = 128, PUBLISH_CHANNEL_MAX = 200 };

/* Which call a body belongs to: a broadcast names no target. */
enum publish_kind { PUBLISH_TARGETED, PUBLISH_BROADCAST };

enum publish_outcome {
    PUBLISH_SENT,
    PUBLISH_OVERLOADED,
    PUBLISH_NOT_KEPT, /* the store takes nothing at present */
    PUBLISH_NOT_DECLARED,
    PUBLISH_HISTORY_FULL,
    PUBLISH_BROKER_DOWN,
    PUBLISH_UNKNOWN, /* it may have been sent; all others but the first: it was not */
    PUBLISH_OUTCOMES
};

/* One channel, or a user's own, and what came of sending to it. */
struct publish_target {
    struct span name; /* of the channel, or of the user */
    enum publish_outcome outcome;
    struct receipt receipt; /* PUBLISH_SENT */
};

struct publish_request {
    struct span data;            /* as it stands in the body */
    struct span idempotency_key; /* empty: none */
    bool is_users;               /* the names are users', not channels' */
    size_t target_count;
    struct publish_target *targets; /* `&one`, or in `own_list` */
    struct publish_target one;
    void *own_list; /* NULL for a single target */
};

/* Where names that are written with escapes are decoded to; lent to the request. */
struct publish_rooms {
    struct buf *name;
    struct buf *key;
};

/**
 * Reads `body`. Every target stands in `ret->targets` once, in the order of the body.
 *
 * On success `*ret` (which must not move) points into `body` and `rooms` and is to be finished;
 * else false and `*problem` says why: 400, or 413 for `data` over `data_max` bytes, or 503 when
 * there is no memory for a list.
 */
MUST_USE bool publish_request_read(struct span body, enum publish_kind kind, size_t data_max,
                                   const struct publish_rooms *rooms, struct publish_request *ret,
                                   struct api_problem *problem);
void publish_request_finish(struct publish_request *request);

#endif
