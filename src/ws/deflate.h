/* SPDX-License-Identifier: MIT */
/*
 * ws/deflate.h: permessage-deflate (RFC 7692): agreeing on it, compressing, inflating.
 *
 * Neither side carries its window from one message to the next: both `no_context_takeover` are
 * always answered, so that one deflater and one inflater serve all connections of a worker, and one
 * compressed form of a notification serves all its listeners. A window of 12 bits costs 37 KB of
 * state instead of 261 at the same ratio on messages of this size.
 */
#ifndef TIDINGS_WS_DEFLATE_H
#define TIDINGS_WS_DEFLATE_H

#include "base/buf.h"

enum {
    WS_DEFLATE_BITS = 12,       /* our window */
    WS_DEFLATE_BITS_NARROW = 9, /* for those who ask for less */
    WS_DEFLATE_MIN_BYTES = 256, /* below this nothing is gained */
};

struct ws_deflate_terms {
    bool is_on;
    uint8_t server_bits;    /* the window that we compress with: 9 or 12 */
    bool names_server_bits; /* the answer says so, because the offer did */
    bool names_client_bits; /* the offer let us limit the peer's window: it gets ours */
};

/* Takes the first offer of a Sec-WebSocket-Extensions value that we can agree to; one with unknown,
 * repeated or wrong parameters, or a window below 9 bits, is declined (§5, §7.1). */
struct ws_deflate_terms ws_deflate_agree(struct span extensions);
/* The value of our Sec-WebSocket-Extensions field. */
void ws_deflate_answer(const struct ws_deflate_terms *terms, struct buf *out);

struct ws_deflater;
/* NULL when there is no memory. */
struct ws_deflater *ws_deflater_new(int window_bits);
void ws_deflater_free(struct ws_deflater *deflater);
/* Appends the compressed form of `payload`, without the final 00 00 ff ff (§7.2.1). ERR_NOMEM,
 * ERR_TOO_BIG (it does not fit into `out`). */
MUST_USE enum err ws_deflate(struct ws_deflater *deflater, struct span payload, struct buf *out);

struct ws_inflater;
/* NULL when there is no memory. */
struct ws_inflater *ws_inflater_new(void);
void ws_inflater_free(struct ws_inflater *inflater);

/* What inflating a message came to. */
enum ws_inflate_step { WS_INFLATE_MORE, WS_INFLATE_DONE, WS_INFLATE_FAIL };

/* Begins a message whose compressed bytes are `compressed`, borrowed until it is done. */
void ws_inflate_begin(struct ws_inflater *inflater, struct span compressed);
/* Lends the next piece of it, of bounded size; after the last one WS_INFLATE_DONE. */
MUST_USE enum ws_inflate_step ws_inflate_next(struct ws_inflater *inflater, struct span *ret);

#endif
