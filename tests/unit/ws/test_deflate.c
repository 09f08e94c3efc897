/* SPDX-License-Identifier: MIT */
/*
 * Tests of compressing and inflating single messages: RFC 7692's own examples, foreign streams,
 * bombs, rubbish, memory running out.
 */
#include "base/mem.h"
#include "ws/deflate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <zlib.h>

#define P(literal)                                                                                 \
    { "" literal, sizeof(literal) - 1 }

struct sample {
    const char *name;
    struct span deflated;
    enum err outcome;
    const char *text;
};

static const struct sample samples[] = {
    { "RFC 7692 §7.2.3.1", P("\xF2\x48\xCD\xC9\xC9\x07\x00"), ERR_OK, "Hello" },
    { "§7.2.3.3, a block without compression", P("\x00\x05\x00\xFA\xFFHello\x00"), ERR_OK,
      "Hello" },
    { "§7.2.3.4, a block marked as the last", P("\xF3\x48\xCD\xC9\xC9\x07\x00\x00"), ERR_OK,
      "Hello" },
    { "§7.2.3.5, two blocks in one message",
      P("\xF2\x48\x05\x00\x00\x00\xFF\xFF\xCA\xC9\xC9\x07\x00"), ERR_OK, "Hello" },
    { "§7.2.3.6, the empty message", P("\x00"), ERR_OK, "" },
    { "the empty message as nothing", P(""), ERR_OK, "" },
    { "two last blocks", P("\xF3\x48\xCD\xC9\xC9\x07\x00\xF3\x48\xCD\xC9\xC9\x07\x00\x00"), ERR_OK,
      "HelloHello" },
    { "with its tail left on", P("\xF2\x48\xCD\xC9\xC9\x07\x00\x00\x00\xFF\xFF\x00"), ERR_OK,
      "Hello" },
    { "a reserved kind of block", P("\x07"), ERR_INVALID, NULL },
    { "plain text", P("Hello"), ERR_INVALID, NULL },
    { "ends within a code", P("\xF2\x48\xCD"), ERR_INVALID, NULL },
    { "ends within a stored block", P("\x00\x05\x00\xFA\xFFHel"), ERR_INVALID, NULL },
    { "lengths that do not agree", P("\x00\x05\x00\xFA\xFEHello\x00"), ERR_INVALID, NULL },
    { "refers to before its start", P("\x4B\x04\x32\x00\x00"), ERR_INVALID, NULL },
    { "text that is not UTF-8", P("\x00\x02\x00\xFD\xFF\xC3 \x00"), ERR_INVALID, NULL },
    { "text that ends within a character", P("\x00\x01\x00\xFE\xFF\xC3\x00"), ERR_INVALID, NULL },
    { "rubbish", P("\xFF\xFF\xFF\xFF"), ERR_INVALID, NULL },
};

static void streams_of_others(void **state) {
    (void)state;
    struct ws_inflater *inflater = ws_inflater_new();
    for (size_t i = 0; i < countof(samples); i++) {
        struct ws_inflated out;
        enum err e = ws_inflate(inflater, samples[i].deflated, true, 100, 100, &out);
        if (e != samples[i].outcome) fail_msg("%s: %s", samples[i].name, err_text(e));
        if (e) continue;
        assert_true(span_eq(out.kept, span_str(samples[i].text)));
        assert_int_equal(out.len, out.kept.len);
    }
    ws_inflater_free(inflater);
}

/* A message as backends send them, with something in it that does not repeat. */
static size_t make_message(char *out, size_t len) {
    uint32_t seed = 12345;
    size_t at = 0;
    while (at < len) {
        seed = seed * 1103515245 + 12345;
        int n = snprintf(out + at, len - at, "{\"essay_id\":\"%08x\",\"status\":\"processing\"},",
                         seed);
        at = size_min(len, at + (size_t)n);
    }
    return len;
}

static void there_and_back(void **state) {
    (void)state;
    enum { MAX = 300000 };
    char *text = mem_new(MAX + 64);
    struct ws_inflater *inflater = ws_inflater_new();
    struct buf out;
    buf_init(&out, 1 << 20);
    for (enum ws_window window = WS_WINDOW_USUAL; window <= WS_WINDOW_NARROW; window++) {
        struct ws_deflater *deflater = ws_deflater_new(window);
        for (size_t len = 0; len < MAX; len = len * 3 + 1) {
            make_message(text, len);
            buf_clear(&out);
            buf_append_text(&out, "head"); /* what is there already stays */
            assert_int_equal(ws_deflate(deflater, span_of(text, len), &out), ERR_OK);
            struct ws_inflated in;
            assert_int_equal(
                ws_inflate(inflater, span_skip(buf_span(&out), 4), true, len, len, &in), ERR_OK);
            assert_true(span_eq(in.kept, span_of(text, len)));
            if (len >= 1000) assert_true(out.len < len / 3);
        }
        ws_deflater_free(deflater);
    }
    buf_finish(&out);
    ws_inflater_free(inflater);
    mem_free(text);
}

/* A client that was told of a small window has no more memory than that. */
static void windows_are_kept_to(void **state) {
    (void)state;
    static const int bits[WS_WINDOWS] = { 12, 9 };
    char *text = mem_new(20000);
    char *back = mem_new(20000);
    make_message(text, 20000);
    memcpy(text + 15000, text, 5000); /* repeats from further back than any window */
    for (enum ws_window window = WS_WINDOW_USUAL; window <= WS_WINDOW_NARROW; window++) {
        struct ws_deflater *deflater = ws_deflater_new(window);
        struct buf out;
        buf_init(&out, 1 << 20);
        assert_int_equal(ws_deflate(deflater, span_of(text, 20000), &out), ERR_OK);
        z_stream z = { .next_in = (Bytef *)out.at, .avail_in = (uInt)out.len };
        assert_int_equal(inflateInit2(&z, -bits[window]), Z_OK);
        size_t len = 0;
        while (len < 20000) { /* small pieces, so that zlib has to use its window */
            z.next_out = (Bytef *)back + len;
            z.avail_out = 100;
            assert_int_equal(inflate(&z, Z_SYNC_FLUSH), Z_OK);
            len += 100 - z.avail_out;
        }
        assert_memory_equal(text, back, 20000);
        (void)inflateEnd(&z);
        buf_finish(&out);
        ws_deflater_free(deflater);
    }
    mem_free(text);
    mem_free(back);
}

/* Every level of zlib, every window and its odd strategies. */
static void what_other_deflaters_write(void **state) {
    (void)state;
    enum { LEN = 50000 };
    char *text = mem_new(LEN);
    char *packed = mem_new(2 * LEN);
    make_message(text, LEN);
    struct ws_inflater *inflater = ws_inflater_new();
    for (int bits = 9; bits <= 15; bits++) {
        for (int level = 0; level <= 9; level++) {
            for (int strategy = Z_DEFAULT_STRATEGY; strategy <= Z_FIXED; strategy++) {
                z_stream z = { .next_in = (Bytef *)text, .avail_in = LEN };
                z.next_out = (Bytef *)packed;
                z.avail_out = 2 * LEN;
                assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, -bits, 8, strategy), Z_OK);
                assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
                struct ws_inflated in;
                assert_int_equal(
                    ws_inflate(inflater, span_of(packed, z.total_out - 4), true, LEN, LEN, &in),
                    ERR_OK);
                assert_true(span_eq(in.kept, span_of(text, LEN)));
                (void)deflateEnd(&z);
            }
        }
    }
    ws_inflater_free(inflater);
    mem_free(packed);
    mem_free(text);
}

/* 100 MB of zeros in 100 KB: stopped at the limit, and memory for no more than is kept. */
static void a_bomb_is_stopped_at_the_limit(void **state) {
    (void)state;
    enum { LEN = 100000000 };
    char *zeros = calloc(1, LEN);
    struct ws_deflater *deflater = ws_deflater_new(WS_WINDOW_USUAL);
    struct ws_inflater *inflater = ws_inflater_new();
    struct buf bomb;
    buf_init(&bomb, 1 << 20);
    assert_int_equal(ws_deflate(deflater, span_of(zeros, LEN), &bomb), ERR_OK);
    assert_true(bomb.len < 200000);
    struct ws_inflated in;
    mem_fail_nth(0);
    assert_int_equal(ws_inflate(inflater, buf_span(&bomb), true, LEN - 1, 128, &in), ERR_TOO_BIG);
    assert_in_range(mem_tried(), 0, 2); /* zlib's window and the 128 bytes */
    assert_int_equal(ws_inflate(inflater, buf_span(&bomb), true, 65536, SIZE_MAX, &in),
                     ERR_TOO_BIG);
    assert_int_equal(ws_inflate(inflater, buf_span(&bomb), true, 0, SIZE_MAX, &in), ERR_TOO_BIG);
    assert_int_equal(ws_inflate(inflater, buf_span(&bomb), true, LEN, 128, &in), ERR_OK);
    assert_int_equal(in.len, LEN);
    assert_true(span_eq(in.kept, span_of(zeros, 128)));
    buf_finish(&bomb);
    ws_inflater_free(inflater);
    ws_deflater_free(deflater);
    free(zeros);
}

static void the_output_has_a_maximum(void **state) {
    (void)state;
    char text[10000];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof text; i++) {
        seed = seed * 1664525 + 1013904223;
        text[i] = (char)(seed >> 24);
    }
    struct ws_deflater *deflater = ws_deflater_new(WS_WINDOW_USUAL);
    struct buf out;
    buf_init(&out, 5000);
    assert_int_equal(ws_deflate(deflater, span_of(text, sizeof text), &out), ERR_TOO_BIG);
    buf_finish(&out);
    /* The deflater is good for the next message. */
    assert_int_equal(ws_deflate(deflater, SPAN("Hello"), &out), ERR_OK);
    assert_true(span_eq(buf_span(&out), SPAN("\xF2\x48\xCD\xC9\xC9\x07\x00")));
    buf_finish(&out);
    ws_deflater_free(deflater);
}

/* There and back with memory from mem_try only; ERR_NOMEM when there is none. */
static enum err round_trip(struct span text) {
    enum err e = ERR_NOMEM;
    struct buf out;
    buf_init(&out, 1 << 20);
    struct ws_deflater *deflater = ws_deflater_new(WS_WINDOW_USUAL);
    struct ws_inflater *inflater = ws_inflater_new();
    struct ws_inflated in;
    if (!deflater || !inflater) goto out;
    e = ws_deflate(deflater, text, &out);
    if (e) goto out;
    e = ws_inflate(inflater, buf_span(&out), true, text.len, text.len, &in);
    if (!e) assert_true(span_eq(in.kept, text));
out:
    ws_inflater_free(inflater);
    ws_deflater_free(deflater);
    buf_finish(&out);
    return e;
}

static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    char text[50000];
    make_message(text, sizeof text);
    mem_fail_nth(0);
    assert_int_equal(round_trip(span_of(text, sizeof text)), ERR_OK);
    uint64_t count = mem_tried();
    assert_in_range(count, 8, 40);
    for (uint64_t nth = 1; nth <= count; nth++) {
        mem_fail_nth(nth);
        assert_int_equal(round_trip(span_of(text, sizeof text)), ERR_NOMEM);
    }
    mem_fail_nth(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_of_others),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(windows_are_kept_to),
        cmocka_unit_test(what_other_deflaters_write),
        cmocka_unit_test(a_bomb_is_stopped_at_the_limit),
        cmocka_unit_test(the_output_has_a_maximum),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
