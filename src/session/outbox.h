/* SPDX-License-Identifier: MIT */
/*
 * session/outbox.h: the messages that wait for one connection's socket, in order.
 *
 * An empty outbox costs its connection 24 bytes. The first message stands in it, more stand in
 * chunks that the worker's connections share; nothing is allocated for a message that leaves alone.
 */
#ifndef TIDINGS_SESSION_OUTBOX_H
#define TIDINGS_SESSION_OUTBOX_H

#include "base/count.h"
#include "hub/message.h"
#include "net/stream.h"

struct outbox_chunk;

struct outbox {
    struct message *first; /* NULL: empty */
    struct outbox_chunk *rest;
    uint32_t sent;  /* bytes of the first that are out already */
    uint32_t bytes; /* of all frames in it, less what is sent; own words count what they take */
};

/* Chunks that are not in use, kept for the next burst. One a worker; zeroed is ready. */
struct outbox_pool {
    struct outbox_chunk *free;
    size_t free_count;
};

void outbox_pool_finish(struct outbox_pool *pool);

static inline bool outbox_is_empty(const struct outbox *box) {
    return !box->first;
}

/* Puts a message behind the others and takes over one reference to it. False when there is no
 * memory, or more bytes wait than can be counted: then the reference stays the caller's. */
MUST_USE bool outbox_push(struct outbox *box, struct outbox_pool *pool, struct message *own);

/* Puts `own` in the place of the last message if that is a frame of the server's own with the same
 * opcode, of which nothing has left. False: it is not, and `own` stays the caller's. */
MUST_USE bool outbox_supersede(struct outbox *box, struct message *own);

/* Where what leaves is counted. */
struct outbox_tally {
    struct counts *counts;
    uint16_t endpoint;
    uint64_t now_ns; /* close enough for a histogram */
    bool is_live;    /* the age of notifications says something: they are not replayed */
};

/* Writes as much as the kernel takes, up to 64 messages with one system call. ERR_OK: the outbox is
 * empty and all of it has gone; ERR_AGAIN: the kernel refused the rest; ERR_CLOSED: the peer is
 * gone. What left is counted in `tally`. */
MUST_USE enum err outbox_flush(struct outbox *box, struct outbox_pool *pool, struct stream *stream,
                               const struct outbox_tally *tally);

/* Drops every message but one that has begun to leave. Returns how many notifications went. */
size_t outbox_cut(struct outbox *box, struct outbox_pool *pool);
/* Drops everything. Returns how many notifications went. */
size_t outbox_clear(struct outbox *box, struct outbox_pool *pool);

#endif
