/* SPDX-License-Identifier: MIT */
/*
 * Tests of compressed messages: the rules of RFC 7692 §6, the case groups 12 and 13 of the Autobahn
 * suite, and bombs.
 */
#include "wire.h"

enum {
    TEXT = WIRE_FINAL | WS_OP_TEXT,
    BINARY = WIRE_FINAL | WS_OP_BINARY,
    REST = WIRE_FINAL | WS_OP_CONTINUATION,
    PING = WIRE_FINAL | WS_OP_PING,
    PACKED_TEXT = TEXT | WIRE_RSV1,
    PACKED_BINARY = BINARY | WIRE_RSV1,
};

#define HELLO SPAN("\xF2\x48\xCD\xC9\xC9\x07\x00")

static void begin(struct transcript *t, struct wire *wire, enum ws_role role) {
    transcript_init(t, role);
    wire_init(wire, role);
    t->options.is_compressed = true;
    t->inflater = ws_inflater_new();
}

static void end(struct transcript *t, struct wire *wire) {
    ws_inflater_free(t->inflater);
    transcript_finish(t);
    buf_finish(&wire->bytes);
}

static void compressed_and_plain_messages(void **state) {
    (void)state;
    for (enum ws_role role = WS_ROLE_SERVER; role <= WS_ROLE_CLIENT; role++) {
        struct transcript t;
        struct wire wire;
        begin(&t, &wire, role);
        wire_frame(&wire, PACKED_TEXT, HELLO);
        wire_frame(&wire, TEXT, SPAN("plain"));
        wire_fragments(&wire, PACKED_BINARY, HELLO, 3);
        wire_frame(&wire, PACKED_TEXT, SPAN("\x00"));
        wire_frame(&wire, WS_OP_TEXT | WIRE_RSV1, SPAN("\xF2\x48"));
        wire_frame(&wire, PING, SPAN("hi"));
        wire_frame(&wire, REST, SPAN("\xCD\xC9\xC9\x07\x00"));
        wire_fragments(&wire, TEXT, SPAN("plain"), 2);
        wire_expect(&wire, &t, "compressed and plain",
                    "text 5 Hello\ntext 5 plain\nbinary 5 Hello\ntext 0\nping 2 hi\n"
                    "text 5 Hello\ntext 5 plain\n");
        end(&t, &wire);
    }
}

static void expect_frame(unsigned first, struct span payload, const char *expected) {
    struct transcript t;
    struct wire wire;
    begin(&t, &wire, WS_ROLE_SERVER);
    wire_frame(&wire, first, payload);
    wire_expect(&wire, &t, "one frame", expected);
    buf_clear(&wire.bytes);
    if (!ws_op_is_control(first & 0xF) && payload.len > 1) {
        wire_fragments(&wire, first, payload, 1);
        wire_expect(&wire, &t, "the same in fragments", expected);
    }
    end(&t, &wire);
}

static void rules(void **state) {
    (void)state;
    expect_frame(PING | WIRE_RSV1, SPAN(""), "fail 1002\n");
    expect_frame(REST | WIRE_RSV1, SPAN(""), "fail 1002\n");
    expect_frame(PACKED_TEXT | WIRE_RSV2, HELLO, "fail 1002\n");
    expect_frame(PACKED_TEXT, SPAN("Hello"), "fail 1007\n");
    expect_frame(PACKED_BINARY, SPAN("\x07"), "fail 1007\n");
    expect_frame(PACKED_TEXT, SPAN("\x00\x02\x00\xFD\xFF\xC3 \x00"), "fail 1007\n");
    expect_frame(PACKED_TEXT, SPAN("\x00\x01\x00\xFE\xFF\xC3\x00"), "fail 1007\n");
    expect_frame(PACKED_BINARY, SPAN("\x00\x01\x00\xFE\xFF\xC3\x00"), "binary 1 \xC3\n");

    struct transcript t;
    struct wire wire;
    begin(&t, &wire, WS_ROLE_SERVER);
    wire_frame(&wire, WS_OP_TEXT | WIRE_RSV1, SPAN("\xF2"));
    wire_frame(&wire, REST | WIRE_RSV1, SPAN("\x48"));
    wire_expect(&wire, &t, "RSV1 on a continuation of a compressed message", "fail 1002\n");
    end(&t, &wire);
}

/* The suite's groups 12 and 13: text and binary, compressed well and hardly, one frame and many. */
static void sizes_and_fragments(void **state) {
    (void)state;
    static const size_t sizes[] = { 16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072 };
    char *text = mem_new(131072);
    uint32_t seed = 1;
    for (size_t i = 0; i < 131072; i++) {
        seed = seed * 1664525 + 1013904223;
        text[i] = (char)(i % 200 < 100 ? 'a' + i % 20 : 0x20 + (seed >> 24) % 0x5F);
    }
    for (enum ws_window window = WS_WINDOW_USUAL; window <= WS_WINDOW_NARROW; window++) {
        struct ws_deflater *deflater = ws_deflater_new(window);
        for (size_t i = 0; i < countof(sizes); i++) {
            struct transcript t;
            struct wire wire;
            struct buf packed;
            begin(&t, &wire, WS_ROLE_SERVER);
            buf_init(&packed, 1 << 20);
            struct span payload = span_of(text, sizes[i]);
            assert_int_equal(ws_deflate(deflater, payload, &packed), ERR_OK);
            unsigned kind = i % 2 ? PACKED_TEXT : PACKED_BINARY;
            wire_frame(&wire, kind, buf_span(&packed));
            wire_fragments(&wire, kind, buf_span(&packed), 256);
            struct ws_event event = {
                .kind = i % 2 ? WS_EVENT_TEXT : WS_EVENT_BINARY,
                .payload = payload,
                .len = payload.len,
            };
            transcript_event(&t, &event);
            transcript_event(&t, &event);
            struct buf expected = buf_take(&t.text);
            wire_expect_span(&wire, &t, "a compressed message", buf_span(&expected));
            buf_finish(&expected);
            buf_finish(&packed);
            end(&t, &wire);
        }
        ws_deflater_free(deflater);
    }
    mem_free(text);
}

static void limits_count_what_comes_out(void **state) {
    (void)state;
    struct transcript t;
    struct wire wire;
    begin(&t, &wire, WS_ROLE_SERVER);
    t.options.message_max = 5;
    wire_frame(&wire, PACKED_TEXT, HELLO); /* 7 bytes */
    wire_expect(&wire, &t, "as long as may be", "text 5 Hello\n");
    t.options.keep_max = 2;
    wire_expect(&wire, &t, "the first bytes", "text 5 cut He\n");
    t.options.message_max = 4;
    wire_expect(&wire, &t, "a byte too long", "fail 1009\n");
    end(&t, &wire);
}

/* 16 MB of zeros in 16 KB, alone and in fragments, with and without keeping. */
static void a_bomb_costs_no_memory(void **state) {
    (void)state;
    enum { LEN = 16 << 20 };
    struct buf bomb;
    buf_init(&bomb, 1 << 20);
    struct ws_deflater *deflater = ws_deflater_new(WS_WINDOW_USUAL);
    char *zeros = calloc(1, LEN);
    assert_int_equal(ws_deflate(deflater, span_of(zeros, LEN), &bomb), ERR_OK);
    free(zeros);
    ws_deflater_free(deflater);
    for (int way = 0; way < 4; way++) {
        struct transcript t;
        struct wire wire;
        begin(&t, &wire, WS_ROLE_SERVER);
        t.options.message_max = 65536;
        t.options.keep_max = way & 1 ? 128 : SIZE_MAX;
        wire_fragments(&wire, PACKED_TEXT, buf_span(&bomb), way & 2 ? 1000 : SIZE_MAX);
        wire_expect(&wire, &t, "a bomb", "fail 1009\n");
        end(&t, &wire);
    }
    buf_finish(&bomb);
}

/* What is still compressed has a limit of its own: empty blocks inflate to nothing, for ever. */
static void compressed_bytes_are_bounded(void **state) {
    (void)state;
    struct transcript t;
    struct wire wire;
    begin(&t, &wire, WS_ROLE_SERVER);
    t.options.message_max = 1000;
    char empty[1000];
    for (size_t i = 0; i < sizeof empty; i += 5)
        memcpy(empty + i, "\x00\x00\x00\xFF\xFF", 5);
    wire_frame(&wire, WS_OP_TEXT | WIRE_RSV1, span_of(empty, sizeof empty));
    wire_frame(&wire, WS_OP_CONTINUATION, span_of(empty, sizeof empty));
    wire_frame(&wire, WS_OP_CONTINUATION, span_of(empty, sizeof empty));
    wire_expect(&wire, &t, "empty blocks", "fail 1009\n");
    end(&t, &wire);
}

static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    struct transcript t;
    struct wire wire;
    begin(&t, &wire, WS_ROLE_SERVER);
    wire_frame(&wire, PACKED_TEXT, HELLO);
    wire_fragments(&wire, PACKED_TEXT, HELLO, 3);
    struct feed feed = transcript_feed(&t);
    buf_room(&t.text, 1000);
    uint64_t count = 1;
    for (uint64_t nth = 0; nth <= count; nth++) {
        ws_inflater_free(t.inflater);
        t.inflater = ws_inflater_new();
        mem_fail_nth(nth);
        feed.begin(&t);
        for (size_t i = 0; i < wire.bytes.len; i++)
            feed_piece(&feed, wire.bytes.at + i, 1);
        if (nth == 0) count = mem_tried();
        ws_reader_finish(&t.reader);
        assert_int_equal(atomic_load(&t.budget.used), 0);
        assert_true(span_ends(buf_span(&t.text), nth ? SPAN("fail 1013\n") : SPAN("Hello\n")));
    }
    assert_in_range(count, 4, 40);
    mem_fail_nth(0);
    end(&t, &wire);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compressed_and_plain_messages),
        cmocka_unit_test(rules),
        cmocka_unit_test(sizes_and_fragments),
        cmocka_unit_test(limits_count_what_comes_out),
        cmocka_unit_test(a_bomb_costs_no_memory),
        cmocka_unit_test(compressed_bytes_are_bounded),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
