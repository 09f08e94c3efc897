/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes permessage-deflate. The first byte chooses: the rest is an offer of extensions, a stream
 * to inflate, whose result must be what plain zlib makes of it, or a message that must survive
 * being compressed.
 */
#include "base/utf8.h"
#include "ws/deflate.h"
#include "ws/extension_priv.h"

#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUT_MAX = 50000, KEEP_MAX = 20 };

static void negotiate(struct span offers) {
    struct ws_deflate_terms terms = ws_deflate_choose(offers);
    if (!terms.is_on) {
        assert(!terms.has_asked_bits && terms.window == WS_WINDOW_USUAL);
        return;
    }
    struct buf answer;
    buf_init(&answer, 200);
    ws_deflate_answer(&terms, &answer);
    assert(buf_err(&answer) == ERR_OK);
    /* What we answer could itself be offered, and is then answered the same. */
    assert(extension_list_is_valid(buf_span(&answer)));
    struct ws_deflate_terms again = ws_deflate_choose(buf_span(&answer));
    assert(again.is_on && again.window == terms.window);
    buf_finish(&answer);
}

/* The plain way for streams of one part: as long as no block is marked as the last. */
static bool inflate_plainly(struct span in, char *out, size_t *ret_len) {
    z_stream z = { .next_in = (Bytef *)(uintptr_t)in.at, .avail_in = (uInt)in.len };
    z.next_out = (Bytef *)out;
    z.avail_out = OUT_MAX + 1;
    if (inflateInit2(&z, -15)) abort();
    int result = inflate(&z, Z_SYNC_FLUSH);
    if (result == Z_OK && z.avail_out > 0) {
        z.next_in = (Bytef *)(uintptr_t) "\x00\x00\xff\xff";
        z.avail_in = 4;
        result = inflate(&z, Z_SYNC_FLUSH);
    }
    *ret_len = z.total_out;
    (void)inflateEnd(&z);
    return result == Z_OK;
}

static void inflate_and_compare(struct span in) {
    static char plain[OUT_MAX + 1];
    size_t plain_len = 0;
    struct ws_inflater *inflater = ws_inflater_new();
    struct ws_inflated whole = { .len = 0 };
    enum err e = ws_inflate(inflater, in, false, OUT_MAX, SIZE_MAX, &whole);
    assert(e == ERR_OK || e == ERR_TOO_BIG || e == ERR_INVALID);
    bool is_plain = in.len > 0 && inflate_plainly(in, plain, &plain_len);
    if (is_plain) {
        assert(e != ERR_TOO_BIG || plain_len > OUT_MAX);
        if (!e) assert(span_eq(whole.kept, span_of(plain, plain_len)));
    }
    if (!e) {
        assert(whole.len == whole.kept.len && whole.len <= OUT_MAX);
        struct span text = span_of(plain, whole.kept.len);
        if (text.len) memcpy(plain, whole.kept.at, text.len);
        struct ws_inflated head;
        enum err as_text = ws_inflate(inflater, in, true, text.len, KEEP_MAX, &head);
        assert((as_text == ERR_OK) == utf8_is_valid(text));
        if (!as_text) assert(span_eq(head.kept, span_of(text.at, size_min(KEEP_MAX, text.len))));
        if (text.len) {
            assert(ws_inflate(inflater, in, false, text.len - 1, KEEP_MAX, &head) == ERR_TOO_BIG);
        }
    }
    ws_inflater_free(inflater);
}

static void there_and_back(struct span text, enum ws_window window) {
    struct ws_deflater *deflater = ws_deflater_new(window);
    struct ws_inflater *inflater = ws_inflater_new();
    struct buf out;
    buf_init(&out, 1 << 24);
    struct ws_inflated in;
    if (ws_deflate(deflater, text, &out)) abort();
    if (ws_inflate(inflater, buf_span(&out), false, text.len, SIZE_MAX, &in)) abort();
    assert(span_eq(in.kept, text));
    buf_finish(&out);
    ws_inflater_free(inflater);
    ws_deflater_free(deflater);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    struct span rest = span_of((const char *)data + 1, size - 1);
    switch (data[0] % 4) {
    case 0: negotiate(rest); break;
    case 1: inflate_and_compare(rest); break;
    case 2: there_and_back(rest, WS_WINDOW_USUAL); break;
    case 3: there_and_back(rest, WS_WINDOW_NARROW); break;
    }
    return 0;
}
