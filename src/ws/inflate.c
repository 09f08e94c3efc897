/* SPDX-License-Identifier: MIT */
/*
 * ws/inflate.c: undoes the compression of messages (RFC 7692 §7.2.2).
 *
 * What comes out passes through a fixed piece of memory, where it is counted and judged; only as
 * much of it is kept as the caller asks for. So a small message that inflates without end costs
 * time up to the limit and no memory.
 */
#include "base/utf8.h"
#include "ws/deflate.h"
#include "ws/zlib_priv.h"

#include <limits.h>

enum {
    WINDOW_BITS = 15,
    PIECE_BYTES = 1 << 14,
    HELD_BYTES = 1 << 16, /* a larger result is not held on to past the next message */
};

struct ws_inflater {
    z_stream z;
    struct buf kept;
    char piece[PIECE_BYTES];
};

/* One message on its way through the inflater. */
struct inflating {
    struct ws_inflater *inflater;
    uint64_t max;
    size_t keep_max;
    uint64_t len;
    bool is_text;
    bool is_at_end; /* the input so far ended where a block may begin */
    struct utf8_state utf8;
};

struct ws_inflater *ws_inflater_new(void) {
    struct ws_inflater *inflater = mem_try(sizeof *inflater);
    if (!inflater) return NULL;
    memset(&inflater->z, 0, sizeof inflater->z);
    inflater->z.zalloc = zlib_alloc;
    inflater->z.zfree = zlib_free;
    buf_init(&inflater->kept, 0);
    if (inflateInit2(&inflater->z, -WINDOW_BITS)) {
        mem_free(inflater);
        return NULL;
    }
    return inflater;
}

void ws_inflater_free(struct ws_inflater *inflater) {
    if (!inflater) return;
    (void)inflateEnd(&inflater->z);
    buf_finish(&inflater->kept);
    mem_free(inflater);
}

/* Counts, judges and keeps a piece of what came out. */
static enum err take_piece(struct inflating *work, struct span piece) {
    struct buf *kept = &work->inflater->kept;
    work->len += piece.len;
    if (work->len > work->max) return ERR_TOO_BIG;
    if (work->is_text && !utf8_feed(&work->utf8, piece)) return ERR_INVALID;
    buf_append(kept, piece.at, size_min(piece.len, work->keep_max - kept->len));
    return buf_err(kept);
}

/* Inflates `in`, used up wholly unless it fails. */
static enum err feed(struct inflating *work, struct span in) {
    z_stream *z = &work->inflater->z;
    z->next_in = (Bytef *)(uintptr_t)in.at;
    z->avail_in = (uInt)in.len;
    do {
        z->next_out = (Bytef *)work->inflater->piece;
        z->avail_out = PIECE_BYTES;
        int result = inflate(z, Z_SYNC_FLUSH);
        if (result == Z_MEM_ERROR) return ERR_NOMEM;
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return ERR_INVALID;
        enum err e = take_piece(work, span_of(work->inflater->piece, PIECE_BYTES - z->avail_out));
        if (e) return e;
        /* Bit 7: just after a block. */
        work->is_at_end = z->data_type & 0x80;
        /* A block marked as the last may still be followed by others: RFC 7692 §7.2.3.4. */
        if (result == Z_STREAM_END) (void)inflateReset(z);
    } while (z->avail_in > 0 || z->avail_out == 0);
    return ERR_OK;
}

enum err ws_inflate(struct ws_inflater *inflater, struct span deflated, bool is_text, uint64_t max,
                    size_t keep_max, struct ws_inflated *ret) {
    if (deflated.len > UINT_MAX) return ERR_TOO_BIG;
    if (inflater->kept.cap > HELD_BYTES) buf_finish(&inflater->kept);
    buf_clear(&inflater->kept);
    inflater->kept.max = keep_max;
    (void)inflateReset(&inflater->z);
    struct inflating work = {
        .inflater = inflater, .max = max, .keep_max = keep_max, .is_text = is_text
    };
    /* Nothing at all is how some write the empty message, though RFC 7692 §7.2.3.6 wants a zero. */
    if (deflated.len > 0) {
        enum err e = feed(&work, deflated);
        if (!e) e = feed(&work, ZLIB_FLUSH_TAIL);
        if (e) return e;
        if (!work.is_at_end) return ERR_INVALID;
    }
    if (is_text && !utf8_is_complete(&work.utf8)) return ERR_INVALID;
    *ret = (struct ws_inflated){ buf_span(&inflater->kept), work.len };
    return ERR_OK;
}
