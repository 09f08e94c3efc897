/* SPDX-License-Identifier: MIT */
/*
 * ws/zlib_priv.h: zlib with our heap below it, so that a test can make its allocations fail.
 */
#ifndef TIDINGS_WS_ZLIB_PRIV_H
#define TIDINGS_WS_ZLIB_PRIV_H

#include "base/mem.h"

#include <zlib.h>

static inline void *zlib_alloc(void *none, unsigned items, unsigned size) {
    (void)none;
    return mem_try((size_t)items * size);
}

static inline void zlib_free(void *none, void *piece) {
    (void)none;
    mem_free(piece);
}

/* What a flush ends with: it does not travel (RFC 7692 §7.2.1). */
#define ZLIB_FLUSH_TAIL SPAN("\x00\x00\xff\xff")

#endif
