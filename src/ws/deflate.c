/* SPDX-License-Identifier: MIT */
/*
 * ws/deflate.c: compresses messages (RFC 7692 §7.2.1), each on its own.
 */
#include "ws/deflate.h"

#include "ws/zlib_priv.h"

#include <limits.h>

/* zlib's memory level: with 5 the hash table fits the small window; 8 gains nothing there. */
enum { LEVEL = 5, MEMORY_LEVEL = 5, ROOM_BYTES = 4096 };

struct ws_deflater {
    z_stream z;
};

struct ws_deflater *ws_deflater_new(enum ws_window window) {
    struct ws_deflater *deflater = mem_try(sizeof *deflater);
    if (!deflater) return NULL;
    *deflater = (struct ws_deflater){ .z = { .zalloc = zlib_alloc, .zfree = zlib_free } };
    int bits = window == WS_WINDOW_NARROW ? 9 : 12;
    /* Negative bits: raw deflate, without zlib's own head and checksum. */
    if (deflateInit2(&deflater->z, LEVEL, Z_DEFLATED, -bits, MEMORY_LEVEL, Z_DEFAULT_STRATEGY)) {
        mem_free(deflater);
        return NULL;
    }
    return deflater;
}

void ws_deflater_free(struct ws_deflater *deflater) {
    if (!deflater) return;
    (void)deflateEnd(&deflater->z);
    mem_free(deflater);
}

enum err ws_deflate(struct ws_deflater *deflater, struct span payload, struct buf *out) {
    z_stream *z = &deflater->z;
    if (payload.len > UINT_MAX) return ERR_TOO_BIG;
    (void)deflateReset(z);
    z->next_in = (Bytef *)(uintptr_t)payload.at;
    z->avail_in = (uInt)payload.len;
    do {
        char *room = buf_room(out, ROOM_BYTES);
        if (!room) return buf_err(out);
        z->next_out = (Bytef *)room;
        z->avail_out = ROOM_BYTES;
        /* Z_BUF_ERROR only says that nothing was left to do: no failure. */
        int result = deflate(z, Z_SYNC_FLUSH);
        assert(result == Z_OK || result == Z_BUF_ERROR);
        buf_added(out, ROOM_BYTES - z->avail_out);
    } while (z->avail_out == 0);
    assert(span_ends(buf_span(out), ZLIB_FLUSH_TAIL));
    out->len -= ZLIB_FLUSH_TAIL.len;
    return ERR_OK;
}
