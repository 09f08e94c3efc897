/* SPDX-License-Identifier: MIT */
/*
 * session/answers.h: the answers that a connection owes, in the order of its requests.
 *
 * As long as one is owed, whatever is answered behind it is owed too: it is written already but may
 * not leave yet. An answer that is written before its turn has come waits in a buffer of its own,
 * so the first one never needs one. Nothing is kept while nothing is owed.
 */
#ifndef TIDINGS_SESSION_ANSWERS_H
#define TIDINGS_SESSION_ANSWERS_H

#include "base/address.h"
#include "http/router.h"

enum {
    ANSWERS_MAX = 256,             /* of one connection: no more requests are read */
    ANSWERS_FEW = ANSWERS_MAX / 2, /* they are again */
    ANSWERS_OUT_MAX = 64 << 20,    /* bytes of one connection that wait; ends it beyond */
};

struct owed {
    uint64_t ticket;                /* 0: it is written */
    struct http_response response;  /* prepared for whoever writes it, */
    const struct http_route *route; /* where that is counted, */
    struct address address;         /* and who had asked */
    struct buf out;                 /* what is written and may not leave yet */
    size_t counted;                 /* of its room, in `bytes` */
};

/* Zero is empty. */
struct answers {
    struct owed *at;
    uint32_t first, count;
    uint32_t cap; /* a power of two, or 0 */
    size_t bytes; /* of memory, as far as it was counted */
};

void answers_finish(struct answers *answers);

/* Where something is written that comes behind all that is owed, when anything is; lent until the
 * next call. NULL: no memory. */
MUST_USE struct buf *answers_end(struct answers *answers);
/* Counts what was written there. */
void answers_count_end(struct answers *answers);

/* One that is owed from now on, behind all others; `ticket` is not 0 and higher than theirs. The
 * rest is to be filled in; lent until the next call. NULL: no memory. */
MUST_USE struct owed *answers_add(struct answers *answers, uint64_t ticket);

/* The one that is owed with this ticket, or NULL. */
struct owed *answers_find(const struct answers *answers, uint64_t ticket);
/* Is it the first, which is written to where all leave from? Is it the last so far? */
bool answers_is_first(const struct answers *answers, const struct owed *owed);
bool answers_is_last(const struct answers *answers, const struct owed *owed);

/* It is written: to `out` if it is the first, with those that were waiting for it, else to its own
 * buffer. */
void answers_written(struct answers *answers, struct owed *owed, struct buf *out);

#endif
