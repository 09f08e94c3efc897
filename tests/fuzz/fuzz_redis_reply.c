/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes redis/reply: what comes of a wire must not depend on how it is cut. The first byte chooses
 * the cuts, the rest is the wire; a reply may be small only, so that the bound is met.
 */
#include "base/buf.h"
#include "redis/reader_priv.h"

#include "../unit/redis/reply_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REPLY_MAX = 1 << 17 };

/* Feeds the wire in pieces drawn from `seed` (0: whole), each in memory of its own that goes away.
 */
static struct buf run(struct span wire, unsigned seed) {
    struct buf out;
    buf_init(&out, 1 << 26);
    struct redis_reader *r = redis_reader_new(REPLY_MAX);
    enum err e = ERR_AGAIN;
    while (wire.len > 0 && e == ERR_AGAIN) {
        seed = seed ? seed * 1103515245u + 12345u : 0;
        size_t len = seed ? size_min((seed >> 16) % 40 + 1, wire.len) : wire.len;
        char *piece = malloc(len);
        assert(piece);
        memcpy(piece, wire.at, len);
        wire = span_skip(wire, len);
        e = redis_reader_feed(r, span_of(piece, len));
        free(piece);
        const struct redis_reply *reply;
        while (!e && (e = redis_reader_next(r, &reply)) == ERR_OK)
            reply_write(&out, reply);
    }
    if (e != ERR_AGAIN) buf_printf(&out, "!%s", redis_reader_failure(r));
    redis_reader_free(r);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || size > REPLY_MAX / 2) return 0;
    struct span wire = span_of((const char *)data + 1, size - 1);
    struct buf whole = run(wire, 0);
    struct buf pieces = run(wire, data[0] + 1u);
    assert(span_eq(buf_span(&whole), buf_span(&pieces)));
    buf_finish(&whole);
    buf_finish(&pieces);
    return 0;
}
