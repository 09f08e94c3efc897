/* SPDX-License-Identifier: MIT */
/*
 * ws/deflate.h: permessage-deflate (RFC 7692): what is agreed on, and the compressing itself.
 *
 * No message refers to the one before it (both no_context_takeover parameters are always answered),
 * so that a worker's connections share one inflater and one deflater for each size of window.
 */
#ifndef TIDINGS_WS_DEFLATE_H
#define TIDINGS_WS_DEFLATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* A payload shorter than this is better sent as it is. */
enum { WS_DEFLATE_MIN = 256 };

/* The windows that we compress with. 12 bits compress messages of a few KiB as well as 15 do, with
 * 37 KB of state instead of 261. The narrow one is for clients that ask for fewer than 12. */
enum ws_window { WS_WINDOW_USUAL, WS_WINDOW_NARROW };
enum { WS_WINDOWS = 2 };

/* What was agreed on in a handshake; all zero: no compression. */
struct ws_deflate_terms {
    bool is_on;
    bool has_asked_bits;   /* the client named server_max_window_bits: the answer must too */
    enum ws_window window; /* what our messages are compressed with */
};

/* Chooses from the client's offers: the value of Sec-WebSocket-Extensions, several lines joined by
 * commas. The first acceptable offer of permessage-deflate wins; an offer with an unknown, repeated
 * or wrongly valued parameter, or asking for a window of 8 bits (zlib has none), is passed over.
 * What cannot be parsed ends the list (ws_handshake_judge refuses it beforehand). */
struct ws_deflate_terms ws_deflate_choose(struct span offers);

/* Appends the value of the answer's Sec-WebSocket-Extensions. `terms` must be on. */
void ws_deflate_answer(const struct ws_deflate_terms *terms, struct buf *out);

struct ws_deflater;

/* NULL when there is no memory. Freed with `ws_deflater_free`, which takes NULL. One thread. */
MUST_USE struct ws_deflater *ws_deflater_new(enum ws_window window);
void ws_deflater_free(struct ws_deflater *deflater);

/* Appends `payload` compressed, as the payload of a message with RSV1. It may come out longer than
 * it was: then the caller sends the original. ERR_TOO_BIG (past the maximum of `out`) or ERR_NOMEM,
 * and `out` is broken then. */
MUST_USE
enum err ws_deflate(struct ws_deflater *deflater, struct span payload, struct buf *out);

struct ws_inflater;

/* NULL when there is no memory. Freed with `ws_inflater_free`, which takes NULL. One thread. */
MUST_USE struct ws_inflater *ws_inflater_new(void);
void ws_inflater_free(struct ws_inflater *inflater);

struct ws_inflated {
    struct span kept; /* the first bytes; lent until the inflater's next use */
    uint64_t len;     /* all of them */
};

/* Undoes the compression of one message, keeping the first `keep_max` bytes of what comes out and
 * judging the UTF-8 of all of it if `is_text`. Memory is bounded by `keep_max`, however much comes
 * out; it stops at `max` bytes.
 * ERR_TOO_BIG: more than `max`. ERR_INVALID: no deflate stream, or not UTF-8. ERR_NOMEM. */
MUST_USE
enum err ws_inflate(struct ws_inflater *inflater, struct span deflated, bool is_text, uint64_t max,
                    size_t keep_max, struct ws_inflated *ret);

#endif
