/* SPDX-License-Identifier: MIT */
/*
 * Tests of ws/message without compression: the case groups 1 to 5, 7 and 10 of the Autobahn suite
 * as tables, each read by a server and by a client in every way to cut the bytes.
 */
#include "wire.h"

#define P(literal)                                                                                 \
    { "" literal, sizeof(literal) - 1 }

enum {
    TEXT = WIRE_FINAL | WS_OP_TEXT,
    BINARY = WIRE_FINAL | WS_OP_BINARY,
    REST = WIRE_FINAL | WS_OP_CONTINUATION,
    PING = WIRE_FINAL | WS_OP_PING,
    PONG = WIRE_FINAL | WS_OP_PONG,
    CLOSE = WIRE_FINAL | WS_OP_CLOSE,
    /* Not the last frame of its message. */
    TEXT_PART = WS_OP_TEXT,
    BINARY_PART = WS_OP_BINARY,
    PART = WS_OP_CONTINUATION | 0x100, /* so that 0 can end a list */
};

struct frame {
    unsigned first;
    struct span payload;
};

struct sample {
    const char *name;
    struct frame frames[14];
    const char *expected;
};

static const struct sample samples[] = {
    { "a message", { { TEXT, P("Hello") } }, "text 5 Hello\n" },
    { "an empty text", { { TEXT, P("") } }, "text 0\n" },
    { "an empty binary", { { BINARY, P("") } }, "binary 0\n" },
    { "binary need not be UTF-8", { { BINARY, P("\xFF\xFE") } }, "binary 2 \xFF\xFE\n" },
    { "two messages", { { TEXT, P("one") }, { BINARY, P("two") } }, "text 3 one\nbinary 3 two\n" },

    { "an empty ping", { { PING, P("") } }, "ping 0\n" },
    { "a ping", { { PING, P("Hello") } }, "ping 5 Hello\n" },
    { "a binary ping", { { PING, P("\x01\xFF\xFE\x02") } }, "ping 4 \x01\xFF\xFE\x02\n" },
    { "an unasked pong", { { PONG, P("") } }, "pong 0\n" },
    { "an unasked pong that says something, then a ping",
      { { PONG, P("unasked") }, { PING, P("hi") } },
      "pong 7 unasked\nping 2 hi\n" },
    { "ten pings",
      { { PING, P("0") },
        { PING, P("1") },
        { PING, P("2") },
        { PING, P("3") },
        { PING, P("4") },
        { PING, P("5") },
        { PING, P("6") },
        { PING, P("7") },
        { PING, P("8") },
        { PING, P("9") } },
      "ping 1 0\nping 1 1\nping 1 2\nping 1 3\nping 1 4\nping 1 5\nping 1 6\nping 1 7\n"
      "ping 1 8\nping 1 9\n" },

    { "RSV1 without an extension", { { TEXT | WIRE_RSV1, P("Hello") } }, "fail 1002\n" },
    { "RSV2 after a message",
      { { TEXT, P("Hello") }, { TEXT | WIRE_RSV2, P("Hello") }, { PING, P("") } },
      "text 5 Hello\nfail 1002\n" },
    { "RSV3", { { BINARY | WIRE_RSV3, P("") } }, "fail 1002\n" },
    { "RSV1 and RSV2", { { TEXT | WIRE_RSV1 | WIRE_RSV2, P("") } }, "fail 1002\n" },
    { "RSV1 on a ping", { { PING | WIRE_RSV1, P("") } }, "fail 1002\n" },
    { "RSV3 on a pong", { { PONG | WIRE_RSV3, P("") } }, "fail 1002\n" },
    { "RSV1 to RSV3 on a close", { { CLOSE | 0x70, P("") } }, "fail 1002\n" },
    { "RSV1 on a continuation",
      { { TEXT_PART, P("a") }, { REST | WIRE_RSV1, P("b") } },
      "fail 1002\n" },

    { "opcode 3", { { WIRE_FINAL | 3, P("") } }, "fail 1002\n" },
    { "opcode 4", { { WIRE_FINAL | 4, P("reserved") } }, "fail 1002\n" },
    { "opcode 5", { { WIRE_FINAL | 5, P("") } }, "fail 1002\n" },
    { "opcode 6, not final", { { 6, P("") } }, "fail 1002\n" },
    { "opcode 7 after a message",
      { { TEXT, P("Hello") }, { WIRE_FINAL | 7, P("") } },
      "text 5 Hello\nfail 1002\n" },
    { "opcode 11", { { WIRE_FINAL | 11, P("") } }, "fail 1002\n" },
    { "opcode 12", { { WIRE_FINAL | 12, P("reserved") } }, "fail 1002\n" },
    { "opcode 13", { { WIRE_FINAL | 13, P("") } }, "fail 1002\n" },
    { "opcode 14 inside a message",
      { { TEXT_PART, P("Hello") }, { WIRE_FINAL | 14, P("") } },
      "fail 1002\n" },
    { "opcode 15", { { WIRE_FINAL | 15, P("") } }, "fail 1002\n" },

    { "a ping in fragments", { { WS_OP_PING, P("frag") }, { REST, P("ment") } }, "fail 1002\n" },
    { "a pong in fragments", { { WS_OP_PONG, P("frag") }, { REST, P("ment") } }, "fail 1002\n" },
    { "a close in fragments", { { WS_OP_CLOSE, P("") } }, "fail 1002\n" },
    { "a message in fragments",
      { { TEXT_PART, P("frag") }, { REST, P("ment") } },
      "text 8 fragment\n" },
    { "a binary one in fragments",
      { { BINARY_PART, P("\xFF") }, { PART, P("\xFE") }, { REST, P("\xFD") } },
      "binary 3 \xFF\xFE\xFD\n" },
    { "fragments without anything in them",
      { { TEXT_PART, P("") }, { PART, P("") }, { REST, P("") } },
      "text 0\n" },
    { "only the middle fragment says something",
      { { TEXT_PART, P("") }, { PART, P("middle") }, { REST, P("") } },
      "text 6 middle\n" },
    { "a ping between fragments",
      { { TEXT_PART, P("frag") }, { PING, P("ping") }, { REST, P("ment") } },
      "ping 4 ping\ntext 8 fragment\n" },
    { "control frames between all fragments",
      { { TEXT_PART, P("f1") },
        { PART, P("f2") },
        { PING, P("p1") },
        { PART, P("f3") },
        { PONG, P("") },
        { PART, P("f4") },
        { PING, P("p2") },
        { REST, P("f5") },
        { TEXT, P("next") } },
      "ping 2 p1\npong 0\nping 2 p2\ntext 10 f1f2f3f4f5\ntext 4 next\n" },
    { "two messages in fragments",
      { { TEXT_PART, P("on") }, { REST, P("e") }, { BINARY_PART, P("t") }, { REST, P("wo") } },
      "text 3 one\nbinary 3 two\n" },
    { "a continuation of nothing", { { REST, P("what") } }, "fail 1002\n" },
    { "an unfinished continuation of nothing",
      { { PART, P("what") }, { TEXT, P("a") } },
      "fail 1002\n" },
    { "a continuation after the end",
      { { TEXT_PART, P("a") }, { REST, P("b") }, { REST, P("c") } },
      "text 2 ab\nfail 1002\n" },
    { "a text inside a text", { { TEXT_PART, P("a") }, { TEXT, P("b") } }, "fail 1002\n" },
    { "a binary part inside a text",
      { { TEXT_PART, P("a") }, { BINARY_PART, P("b") } },
      "fail 1002\n" },
    { "a message that does not end", { { TEXT_PART, P("a") }, { PART, P("b") } }, "more\n" },
    { "a close inside a message",
      { { TEXT_PART, P("a") }, { CLOSE, P("\x03\xE8") }, { REST, P("b") } },
      "close 1000\n" },

    { "a close", { { CLOSE, P("") } }, "close 1005\n" },
    { "nothing is read after a close",
      { { CLOSE, P("\x03\xE8") }, { PING, P("") }, { CLOSE, P("") } },
      "close 1000\n" },
    { "a message, then a close",
      { { TEXT, P("Hello") }, { CLOSE, P("\x03\xE9gone") } },
      "text 5 Hello\nclose 1001 gone\n" },
    { "half a close code", { { CLOSE, P("\x03") } }, "fail 1002\n" },
    { "a reason",
      { { CLOSE, P("\x03\xE8Hello \xE2\x82\xAC") } },
      "close 1000 Hello \xE2\x82\xAC\n" },
    { "a reason that is not UTF-8",
      { { CLOSE, P("\x03\xE8\xCE\xBA\xED\xA0\x80") } },
      "fail 1007\n" },
    { "a reason that ends within a character",
      { { CLOSE, P("\x03\xE8\xE2\x82") } },
      "fail 1007\n" },
};

static void read_by_both_roles(const struct sample *sample) {
    for (enum ws_role role = WS_ROLE_SERVER; role <= WS_ROLE_CLIENT; role++) {
        struct transcript t;
        struct wire wire;
        transcript_init(&t, role);
        wire_init(&wire, role);
        for (const struct frame *frame = sample->frames; frame->first; frame++)
            wire_frame(&wire, frame->first & 0xFF, frame->payload);
        wire_expect(&wire, &t, sample->name, sample->expected);
        transcript_finish(&t);
        buf_finish(&wire.bytes);
    }
}

static void the_tables(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(samples); i++)
        read_by_both_roles(&samples[i]);
}

static void close_codes_are_judged(void **state) {
    (void)state;
    static const uint16_t codes[] = { 0,    999,  1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007,
                                      1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1100,
                                      2000, 2999, 3000, 3999, 4000, 4999, 5000, 65535 };
    for (size_t i = 0; i < countof(codes); i++) {
        char payload[] = { (char)(codes[i] >> 8), (char)(codes[i] & 0xFF), 'b', 'y', 'e' };
        char expected[32] = "fail 1002\n";
        if (ws_close_is_allowed(codes[i])) {
            (void)snprintf(expected, sizeof expected, "close %u bye\n", codes[i]);
        }
        read_by_both_roles(&(struct sample){
            "a close code", { { CLOSE, span_of(payload, sizeof payload) } }, expected });
    }
}

/* `len` letters as one frame of the kind `first`; a checksum of what is expected stands in for
 * them. */
static void expect_of_size(unsigned first, size_t len, size_t piece, const char *expected) {
    char *payload = mem_new(len + 1);
    for (size_t i = 0; i < len; i++)
        payload[i] = (char)('a' + i % 26);
    struct transcript t;
    struct wire wire;
    transcript_init(&t, WS_ROLE_SERVER);
    wire_init(&wire, WS_ROLE_SERVER);
    if (piece) {
        wire_fragments(&wire, first, span_of(payload, len), piece);
    } else {
        wire_frame(&wire, first, span_of(payload, len));
    }
    wire_expect(&wire, &t, "a payload of some size", expected);
    transcript_finish(&t);
    buf_finish(&wire.bytes);
    mem_free(payload);
}

static void control_frames_carry_125_bytes(void **state) {
    (void)state;
    expect_of_size(PING, 125, 0, "ping 125 #125-7e9c3e9695968850\n");
    expect_of_size(PONG, 125, 0, "pong 125 #125-7e9c3e9695968850\n");
    expect_of_size(PING, 126, 0, "fail 1002\n");
    expect_of_size(PONG, 126, 0, "fail 1002\n");
    expect_of_size(CLOSE, 126, 0, "fail 1002\n");
    expect_of_size(PING, 65536, 0, "fail 1002\n");
}

static void payloads_of_all_sizes(void **state) {
    (void)state;
    expect_of_size(TEXT, 125, 0, "text 125 #125-7e9c3e9695968850\n");
    expect_of_size(TEXT, 126, 0, "text 126 #126-ba067fe02ec95892\n");
    expect_of_size(TEXT, 127, 0, "text 127 #127-e2642eef80220d1f\n");
    expect_of_size(TEXT, 128, 0, "text 128 #128-d24927f6b9dcc605\n");
    expect_of_size(TEXT, 65535, 0, "text 65535 #65535-7d9deb576aa17497\n");
    expect_of_size(TEXT, 65536, 0, "text 65536 #65536-14cbcc8a3059a485\n");
    expect_of_size(BINARY, 65535, 0, "binary 65535 #65535-7d9deb576aa17497\n");
    expect_of_size(BINARY, 65536, 0, "binary 65536 #65536-14cbcc8a3059a485\n");
    expect_of_size(TEXT, 65536, 1300, "text 65536 #65536-14cbcc8a3059a485\n");
    expect_of_size(BINARY, 300000, 64, "binary 300000 #300000-10d4ef3e1078a6a9\n");
    expect_of_size(BINARY, 1 << 20, 0, "binary 1048576 #1048576-6c77baf57944144d\n");
}

static void masks_belong_to_clients(void **state) {
    (void)state;
    for (enum ws_role role = WS_ROLE_SERVER; role <= WS_ROLE_CLIENT; role++) {
        struct transcript t;
        struct wire wire;
        transcript_init(&t, role);
        wire_init(&wire, role == WS_ROLE_SERVER ? WS_ROLE_CLIENT : WS_ROLE_SERVER);
        wire_frame(&wire, TEXT, SPAN("Hello"));
        wire_expect(&wire, &t, "the other side's frame", "fail 1002\n");
        transcript_finish(&t);
        buf_finish(&wire.bytes);
    }
}

static void lengths_must_be_short(void **state) {
    (void)state;
    struct transcript t;
    struct wire wire = { .is_masked = false };
    transcript_init(&t, WS_ROLE_CLIENT);
    buf_init(&wire.bytes, 64);
    buf_append(&wire.bytes, "\x82\x7E\x00\x01z", 5);
    wire_expect(&wire, &t, "a long way to write 1", "fail 1002\n");
    transcript_finish(&t);
    buf_finish(&wire.bytes);
}

/* What lies whole in the input is lent from there, and nothing is kept. */
static void whole_messages_are_not_copied(void **state) {
    (void)state;
    struct transcript t;
    struct wire wire;
    transcript_init(&t, WS_ROLE_SERVER);
    wire_init(&wire, WS_ROLE_SERVER);
    wire_frame(&wire, TEXT, SPAN("Hello"));
    wire_frame(&wire, PING, SPAN("hi"));
    t.options.budget = &t.budget;
    mem_fail_nth(0);
    struct ws_input in = { wire.bytes.at, wire.bytes.len };
    struct ws_event event;
    assert_int_equal(ws_read(&t.reader, &t.options, NULL, &in, &event), WS_EVENT);
    assert_ptr_equal(event.payload.at, wire.bytes.at + 6);
    assert_null(t.reader.pending);
    assert_int_equal(ws_read(&t.reader, &t.options, NULL, &in, &event), WS_EVENT);
    assert_ptr_equal(event.payload.at, wire.bytes.at + 17);
    assert_int_equal(ws_read(&t.reader, &t.options, NULL, &in, &event), WS_MORE);
    assert_null(t.reader.pending);
    assert_int_equal(mem_tried(), 0);
    transcript_finish(&t);
    buf_finish(&wire.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables),
        cmocka_unit_test(close_codes_are_judged),
        cmocka_unit_test(control_frames_carry_125_bytes),
        cmocka_unit_test(payloads_of_all_sizes),
        cmocka_unit_test(masks_belong_to_clients),
        cmocka_unit_test(lengths_must_be_short),
        cmocka_unit_test(whole_messages_are_not_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
