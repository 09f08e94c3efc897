/* SPDX-License-Identifier: MIT */
/*
 * base/buf.c: a growing buffer with a maximum.
 */
#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>

enum { FIRST_BYTES = 256 };

void buf_init(struct buf *b, size_t max) {
    *b = (struct buf){ .max = max };
}

void buf_finish(struct buf *b) {
    mem_free(b->at);
    buf_init(b, b->max);
}

void buf_wipe(struct buf *b) {
    if (b->cap > 0) explicit_bzero(b->at, b->cap);
    buf_finish(b);
}

void buf_clear(struct buf *b) {
    b->len = 0;
    b->fail = ERR_OK;
}

char *buf_room(struct buf *b, size_t more) {
    if (unlikely(b->fail)) return NULL;
    if (likely(b->at && b->cap - b->len >= more)) return b->at + b->len;
    if (more > b->max - b->len) {
        b->fail = ERR_TOO_BIG;
        return NULL;
    }
    size_t cap = size_max(b->cap + b->cap / 2, FIRST_BYTES);
    cap = size_min(size_max(cap, b->len + more), b->max);
    char *at = mem_try_resize(b->at, cap);
    if (!at) {
        b->fail = ERR_NOMEM;
        return NULL;
    }
    b->at = at;
    b->cap = cap;
    return b->at + b->len;
}

void buf_added(struct buf *b, size_t len) {
    assert(len <= b->cap - b->len);
    b->len += len;
}

void buf_append_slowly(struct buf *b, const void *at, size_t len) {
    if (len == 0) return;
    char *room = buf_room(b, len);
    if (!room) return;
    memcpy(room, at, len);
    b->len += len;
}

void buf_append_text(struct buf *b, const char *text) {
    buf_append(b, text, strlen(text));
}

void buf_append_uint(struct buf *b, uint64_t value) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_append(b, digits + at, sizeof digits - at);
}

void buf_printf(struct buf *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    /* vsnprintf wants room for a terminator that does not stay. */
    char *room = len >= 0 ? buf_room(b, (size_t)len + 1) : NULL;
    if (room) {
        (void)vsnprintf(room, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
}

void buf_consume(struct buf *b, size_t len) {
    assert(len <= b->len);
    b->len -= len;
    if (b->len && len) memmove(b->at, b->at + len, b->len);
}

struct buf buf_take(struct buf *from) {
    struct buf taken = *from;
    buf_init(from, from->max);
    return taken;
}
