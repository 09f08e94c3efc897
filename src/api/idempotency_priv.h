/* SPDX-License-Identifier: MIT */
/*
 * api/idempotency_priv.h: publishes that carried a key, so that the same one again is answered and
 * not sent.
 *
 * One table for all workers, behind one mutex: only calls with a key come here. Bounded by entries
 * and by bytes; when it is full the oldest are forgotten before their time.
 */
#ifndef TIDINGS_API_IDEMPOTENCY_PRIV_H
#define TIDINGS_API_IDEMPOTENCY_PRIV_H

#include "base/buf.h"
#include "base/span.h"

enum { IDEMPOTENCY_KEY_MAX = 128, IDEMPOTENCY_SECONDS = 300 };
/* Keys and answers together. */
#define IDEMPOTENCY_BYTES_MAX ((size_t)64 << 20)

struct idempotency;
struct idempotency_entry;

/* One call. */
struct idempotency_call {
    uint64_t owner;   /* the id of the API key that it came with: each has keys of its own */
    struct span key;  /* 1 to IDEMPOTENCY_KEY_MAX bytes */
    struct span body; /* byte for byte; no two kinds of call have a good body in common */
};

enum idempotency_verdict {
    IDEMPOTENCY_FIRST,     /* do it, then `idempotency_finish` or `idempotency_abandon` */
    IDEMPOTENCY_AGAIN,     /* done before; the answer of then is in `ret_answer` */
    IDEMPOTENCY_OTHER,     /* the key belongs to another call */
    IDEMPOTENCY_RUNNING,   /* the first one is not done yet */
    IDEMPOTENCY_NO_MEMORY, /* nothing was remembered, so nothing may be done */
};

/* Remembers at most `entries_max` (at least 1) calls and `bytes_max` bytes. */
struct idempotency *idempotency_new(size_t entries_max, size_t bytes_max);
/* NULL is fine. */
void idempotency_free(struct idempotency *table);

/* `now_ns` is the monotonic clock. `ret_entry` is set with IDEMPOTENCY_FIRST, `ret_answer` is
 * cleared and filled with IDEMPOTENCY_AGAIN. */
MUST_USE enum idempotency_verdict
idempotency_begin(struct idempotency *table, const struct idempotency_call *call, uint64_t now_ns,
                  struct idempotency_entry **ret_entry, struct buf *ret_answer);
/* It was done and answered so. When the answer is lost (empty, or no memory to keep it) the key
 * stays taken until its time is over, since the call must not be done twice. */
void idempotency_finish(struct idempotency *table, struct idempotency_entry *entry,
                        struct span answer);
/* It came to nothing: the key is free again. */
void idempotency_abandon(struct idempotency *table, struct idempotency_entry *entry);

/* For metrics: what it holds. */
size_t idempotency_count(struct idempotency *table);
size_t idempotency_bytes(struct idempotency *table);

#endif
