/* SPDX-License-Identifier: MIT */
/*
 * api/disconnect_request_priv.h: the body of DELETE /api/v1/users/{id}/connections, read: which
 * of the user's connections end, with what words, and for how long the user is refused.
 */
#ifndef TIDINGS_API_DISCONNECT_REQUEST_PRIV_H
#define TIDINGS_API_DISCONNECT_REQUEST_PRIV_H

#include "api/api_priv.h"
#include "hub/subscriber.h"

enum {
    DISCONNECT_REASON_MAX = 123,         /* what a close frame holds beside its code */
    DISCONNECT_BLOCK_MAX_S = 365 * 86400 /* a year */
};

struct disconnect_request {
    char id[SUBSCRIBER_ID_MAX]; /* of the one connection to end; empty: all */
    uint16_t code;
    struct span reason;     /* a constant, or lent by the body or the room */
    uint32_t block_seconds; /* 0: the user may come back at once */
};

/* Reads `body`, which may be empty; `room` is for a reason that is written with escapes. Else false
 * and `*problem` says why. */
MUST_USE bool disconnect_request_read(struct span body, struct buf *room,
                                      struct disconnect_request *ret, struct api_problem *problem);

#endif
