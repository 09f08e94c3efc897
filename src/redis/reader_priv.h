/* SPDX-License-Identifier: MIT */
/*
 * redis/reader_priv.h: bytes of a server in, replies out. Does no I/O.
 *
 * A reply lies in an arena that the next one reuses: a message that comes by pub/sub costs no
 * allocation.
 */
#ifndef TIDINGS_REDIS_READER_PRIV_H
#define TIDINGS_REDIS_READER_PRIV_H

#include "base/err.h"
#include "redis/reply.h"

/* A reply may be as large as this, on the wire and in memory. */
enum { REDIS_REPLY_BYTES_MAX = 64 << 20 };
/* Pieces larger than this are slow: the parser moves what is left of one for every KiB it ate. */
enum { REDIS_PIECE_BYTES = 16 << 10 };

struct redis_reader;

/* A reader whose replies may have `reply_max` bytes. NULL when there is no memory. */
struct redis_reader *redis_reader_new(size_t reply_max);
/* NULL is fine. */
void redis_reader_free(struct redis_reader *r);

/* Takes a piece, of at most REDIS_PIECE_BYTES if it can be helped. ERR_NOMEM: the reader is broken.
 */
MUST_USE enum err redis_reader_feed(struct redis_reader *r, struct span piece);

/* The next whole reply, lent until the next call. ERR_AGAIN: feed it more. ERR_INVALID, ERR_TOO_BIG
 * and ERR_NOMEM break the reader for good; `redis_reader_failure` says why. */
MUST_USE enum err redis_reader_next(struct redis_reader *r, const struct redis_reply **ret);

/* A sentence about what broke it; empty while it works. */
const char *redis_reader_failure(const struct redis_reader *r);

#endif
