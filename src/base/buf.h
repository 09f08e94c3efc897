/* SPDX-License-Identifier: MIT */
/*
 * base/buf.h: bytes that grow at the end and are taken from the front, never past a maximum.
 *
 * Appending does not report: a buffer that could not grow is broken from then on, swallows what
 * comes and says so in `buf_err`, so that a text is built without a check at each piece.
 */
#ifndef TIDINGS_BASE_BUF_H
#define TIDINGS_BASE_BUF_H

#include "base/err.h"
#include "base/span.h"

struct buf {
    char *at;      /* NULL until something is in it */
    size_t len;    /* bytes in it */
    size_t cap;    /* bytes that fit without growing */
    size_t max;    /* bytes it may hold */
    enum err fail; /* why it is broken, or ERR_OK */
};

/* An empty buffer that may hold `max` bytes. Allocates nothing. */
void buf_init(struct buf *b, size_t max);
/* Gives the memory back; the buffer is empty and usable again. */
void buf_finish(struct buf *b);
/* The same, with zeros written over what was in it: for secrets. */
void buf_wipe(struct buf *b);
/* Empties it and mends it, keeps the memory. */
void buf_clear(struct buf *b);

/* ERR_OK, ERR_TOO_BIG (past `max`) or ERR_NOMEM; after either nothing more goes in. */
static inline enum err buf_err(const struct buf *b) {
    return b->fail;
}

/* What is in it, lent until the next call that changes it. */
static inline struct span buf_span(const struct buf *b) {
    return (struct span){ b->at, b->len };
}

/* Makes room for `more` bytes behind the end and lends that room; NULL when broken.
 * `buf_added` says how many were written there. */
char *buf_room(struct buf *b, size_t more);
void buf_added(struct buf *b, size_t len);

/* `buf_append` where there may be no room yet; for that function alone. */
void buf_append_slowly(struct buf *b, const void *at, size_t len);

/* Inline for the sake of constant texts, which then are a few moves: an answer is a dozen of them.
 */
static inline void buf_append(struct buf *b, const void *at, size_t len) {
    /* Nothing at all, which may be at NULL, wraps around and is no case for memcpy. */
    if (unlikely(len - 1 >= b->cap - b->len || b->fail)) {
        buf_append_slowly(b, at, len);
        return;
    }
    memcpy(b->at + b->len, at, len);
    b->len += len;
}

static inline void buf_append_span(struct buf *b, struct span s) {
    buf_append(b, s.at, s.len);
}

static inline void buf_append_char(struct buf *b, char c) {
    buf_append(b, &c, 1);
}

void buf_append_text(struct buf *b, const char *text);
void buf_append_uint(struct buf *b, uint64_t value);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

/* Drops the first `len` bytes; what is left moves to the front. */
void buf_consume(struct buf *b, size_t len);

/* Moves everything out; `from` is left empty. */
struct buf buf_take(struct buf *from);

#endif
