/* SPDX-License-Identifier: MIT */
/*
 * Tests of what ws/message keeps: the size limit, messages of which only the head is kept, the
 * budget, and every allocation failing once.
 */
#include "wire.h"

enum {
    TEXT = WIRE_FINAL | WS_OP_TEXT,
    BINARY = WIRE_FINAL | WS_OP_BINARY,
    PING = WIRE_FINAL | WS_OP_PING,
    REST = WIRE_FINAL | WS_OP_CONTINUATION,
};

static void begin(struct transcript *t, struct wire *wire) {
    transcript_init(t, WS_ROLE_SERVER);
    wire_init(wire, WS_ROLE_SERVER);
}

static void end(struct transcript *t, struct wire *wire) {
    transcript_finish(t);
    buf_finish(&wire->bytes);
}

static void a_message_may_be_as_long_as_the_limit(void **state) {
    (void)state;
    struct transcript t;
    struct wire wire;
    begin(&t, &wire);
    t.options.message_max = 5;
    wire_frame(&wire, TEXT, SPAN("12345"));
    wire_fragments(&wire, TEXT, SPAN("12345"), 2);
    wire_frame(&wire, PING, SPAN("a ping may be longer"));
    wire_frame(&wire, TEXT, SPAN("123456"));
    wire_expect(&wire, &t, "five bytes",
                "text 5 12345\ntext 5 12345\nping 20 a ping may be longer\nfail 1009\n");
    end(&t, &wire);

    begin(&t, &wire);
    t.options.message_max = 5;
    wire_fragments(&wire, BINARY, SPAN("123456"), 3);
    wire_expect(&wire, &t, "six bytes in two fragments", "fail 1009\n");
    end(&t, &wire);
}

/* The announced length is enough to refuse it. */
static void a_long_message_is_refused_by_its_head(void **state) {
    (void)state;
    struct transcript t;
    struct wire wire;
    transcript_init(&t, WS_ROLE_CLIENT);
    wire_init(&wire, WS_ROLE_CLIENT);
    struct ws_head head = { .is_final = true,
                            .opcode = WS_OP_BINARY,
                            .payload_len = t.options.message_max + 1 };
    char out[WS_HEAD_MAX];
    buf_append(&wire.bytes, out, ws_head_encode(out, &head));
    wire_expect(&wire, &t, "a head", "fail 1009\n");
    head.payload_len = INT64_MAX;
    buf_clear(&wire.bytes);
    wire_frame(&wire, WS_OP_BINARY, SPAN("a"));
    head.opcode = WS_OP_CONTINUATION;
    buf_append(&wire.bytes, out, ws_head_encode(out, &head));
    wire_expect(&wire, &t, "a sum past 2^63", "fail 1009\n");
    end(&t, &wire);
}

static void an_announced_length_costs_nothing(void **state) {
    (void)state;
    struct transcript t;
    struct wire wire;
    begin(&t, &wire);
    char *payload = mem_new(1 << 20);
    wire_frame(&wire, BINARY, span_of(payload, 1 << 20));
    struct feed feed = transcript_feed(&t);
    feed.begin(&t);
    feed_piece(&feed, wire.bytes.at, 100);
    assert_in_range(atomic_load(&t.budget.used), 100, 600);
    /* What comes is kept with not much room to spare. */
    feed_piece(&feed, wire.bytes.at + 100, 100000);
    assert_in_range(atomic_load(&t.budget.used), 100000, 110000);
    feed_piece(&feed, wire.bytes.at + 100100, wire.bytes.len - 100100);
    assert_int_equal(atomic_load(&t.budget.used), 0);
    ws_reader_finish(&t.reader);
    mem_free(payload);
    end(&t, &wire);
}

static void ignored_messages_are_not_kept(void **state) {
    (void)state;
    struct transcript t;
    struct wire wire;
    begin(&t, &wire);
    t.options.keep_max = 4;
    wire_frame(&wire, TEXT, SPAN("1234"));
    wire_frame(&wire, TEXT, SPAN("12345678"));
    wire_fragments(&wire, BINARY, SPAN("abcdefghij"), 3);
    wire_frame(&wire, PING, SPAN("12345678"));
    wire_frame(&wire, TEXT, SPAN("12345678\xFF"));
    wire_expect(&wire, &t, "four bytes are kept",
                "text 4 1234\ntext 8 cut 1234\nbinary 10 cut abcd\nping 8 12345678\nfail 1007\n");
    end(&t, &wire);

    begin(&t, &wire);
    t.options.keep_max = 128;
    char payload[60000];
    memset(payload, 'a', sizeof payload);
    wire_fragments(&wire, TEXT, span_of(payload, sizeof payload), 50000);
    struct feed feed = transcript_feed(&t);
    feed.begin(&t);
    for (size_t i = 0; i < wire.bytes.len - 1; i++) {
        feed_piece(&feed, wire.bytes.at + i, 1);
        assert_true(atomic_load(&t.budget.used) < 400);
    }
    feed_piece(&feed, wire.bytes.at + wire.bytes.len - 1, 1);
    assert_int_equal(atomic_load(&t.budget.used), 0);
    assert_true(span_starts(buf_span(&t.text), SPAN("text 60000 cut #128-")));
    end(&t, &wire);
}

static void keeping_nothing_at_all(void **state) {
    (void)state;
    struct transcript t;
    struct wire wire;
    begin(&t, &wire);
    t.options.keep_max = 0;
    wire_frame(&wire, TEXT, SPAN("12345678"));
    wire_fragments(&wire, TEXT, SPAN("12345678"), 3);
    wire_frame(&wire, TEXT, SPAN(""));
    wire_expect(&wire, &t, "nothing is kept", "text 8 cut\ntext 8 cut\ntext 0\n");
    end(&t, &wire);
}

/* Two readers, one budget: the second is refused, the first is not, and all is given back. */
static void the_budget_is_for_all(void **state) {
    (void)state;
    char frame[] = "\x82\x7E\x0F\xA0..........................................................";
    struct ws_budget budget = { .max = 1000 };
    struct ws_options options = {
        .role = WS_ROLE_CLIENT, .message_max = 5000, .keep_max = SIZE_MAX, .budget = &budget
    };
    struct ws_reader one = { NULL };
    struct ws_reader two = { NULL };
    struct ws_event event;
    struct ws_input in = { frame, sizeof frame - 1 };
    assert_int_equal(ws_read(&one, &options, NULL, &in, &event), WS_MORE);
    uint64_t used = atomic_load(&budget.used);
    budget.max = used + 10;
    in = (struct ws_input){ frame, sizeof frame - 1 };
    assert_int_equal(ws_read(&two, &options, NULL, &in, &event), WS_FAIL);
    assert_int_equal(event.code, WS_CLOSE_TRY_LATER);
    ws_reader_finish(&two);
    assert_int_equal(atomic_load(&budget.used), used);
    in = (struct ws_input){ frame + 10, 20 };
    assert_int_equal(ws_read(&one, &options, NULL, &in, &event), WS_MORE);
    budget.max = 0;
    in = (struct ws_input){ frame + 10, 40 };
    assert_int_equal(ws_read(&one, &options, NULL, &in, &event), WS_MORE);
    ws_reader_finish(&one);
    assert_int_equal(atomic_load(&budget.used), 0);
    /* Without a budget, what lies whole in the input still passes. */
    char whole[] = "\x81\x02hi";
    in = (struct ws_input){ whole, sizeof whole - 1 };
    assert_int_equal(ws_read(&one, &options, NULL, &in, &event), WS_EVENT);
}

/* Input that is put down after every frame and taken up again says the same in the end. */
static void input_may_wait(void **state) {
    (void)state;
    static const char said[] = "\x89\x01"
                               "1"
                               "\x01\x02"
                               "ab"
                               "\x00\x00"
                               "\x89\x01"
                               "2"
                               "\x80\x01"
                               "c"
                               "\x82\x03"
                               "xyz"
                               "\x81";
    struct ws_budget budget = { .max = 10000 };
    struct ws_options options = { .role = WS_ROLE_CLIENT,
                                  .message_max = 5000,
                                  .keep_max = SIZE_MAX,
                                  .frames_max = 1,
                                  .budget = &budget };
    for (size_t cut = 1; cut < sizeof said; cut++) {
        struct ws_reader reader = { NULL };
        struct ws_event event;
        char input[sizeof said], heard[64] = "";
        memcpy(input, said, sizeof said - 1);
        size_t pieces[] = { cut, sizeof said - 1 - cut };
        char *at = input;
        for (size_t piece = 0; piece < 2; piece++) {
            struct ws_input in = { at, pieces[piece] };
            at += pieces[piece];
            do {
                struct ws_input before = in;
                if (ws_read(&reader, &options, NULL, &in, &event) == WS_EVENT) {
                    size_t len = strlen(heard);
                    (void)snprintf(heard + len, sizeof heard - len, "%.*s.", (int)event.payload.len,
                                   event.payload.at);
                }
                if (before.len > 0) assert_true(in.len < before.len);
                assert_true(ws_reader_hold(&reader, &options, &in));
                in = ws_reader_held(&reader);
            } while (in.len > 0);
        }
        assert_string_equal(heard, "1.2.abc.xyz.");
        assert_in_range(atomic_load(&budget.used), 1, 1000); /* for half a head, and no input */
        ws_reader_finish(&reader);
        assert_int_equal(atomic_load(&budget.used), 0);
    }
}

static void what_waits_is_within_the_budget(void **state) {
    (void)state;
    char said[2000] = { 0 };
    struct ws_budget budget = { .max = 1000 };
    const struct ws_options options = { .role = WS_ROLE_CLIENT, .budget = &budget };
    struct ws_reader reader = { NULL };
    struct ws_input in = { said, sizeof said };
    assert_false(ws_reader_hold(&reader, &options, &in));
    ws_reader_finish(&reader);
    assert_int_equal(atomic_load(&budget.used), 0);
    in.len = 500;
    assert_true(ws_reader_hold(&reader, &options, &in));
    assert_in_range(atomic_load(&budget.used), 500, 1000);
    ws_reader_finish(&reader);
    assert_int_equal(atomic_load(&budget.used), 0);
}

/* A limit that falls in the middle of a message ends that message, and nothing worse. */
static void limits_may_change_at_any_time(void **state) {
    (void)state;
    struct transcript t;
    struct wire wire;
    begin(&t, &wire);
    wire_fragments(&wire, BINARY, SPAN("0123456789"), 4);
    struct feed feed = transcript_feed(&t);
    t.expected = SPAN("fail 1009\n");
    feed.begin(&t);
    feed_piece(&feed, wire.bytes.at, 10);
    t.options.message_max = 2;
    t.options.keep_max = 1;
    feed_piece(&feed, wire.bytes.at + 10, wire.bytes.len - 10);
    feed.end(&t, "a smaller message_max");

    t.options.message_max = 100;
    t.options.keep_max = 100;
    t.expected = SPAN("binary 10 cut 0\n");
    feed.begin(&t);
    feed_piece(&feed, wire.bytes.at, 12);
    t.options.keep_max = 1;
    feed_piece(&feed, wire.bytes.at + 12, wire.bytes.len - 12);
    feed.end(&t, "a smaller keep_max");

    char payload[600] = "";
    buf_clear(&wire.bytes);
    t.options.message_max = sizeof payload;
    t.options.keep_max = sizeof payload;
    wire_frame(&wire, WS_OP_BINARY, span_of(payload, sizeof payload));
    feed.begin(&t);
    feed_piece(&feed, wire.bytes.at, 250);
    uint64_t used = atomic_load(&t.budget.used);
    t.options.keep_max = 100;
    feed_piece(&feed, wire.bytes.at + 250, wire.bytes.len - 250);
    assert_int_equal(atomic_load(&t.budget.used), used);
    ws_reader_finish(&t.reader);
    end(&t, &wire);
}

static void it_says_since_when_a_message_is_under_way(void **state) {
    (void)state;
    static const struct {
        size_t to; /* so many bytes have come */
        uint32_t now_s, since_s;
    } times[] = {
        { 1, 5, 5 },                                   /* the first byte of a head, */
        { 7, 6, 5 },                                   /* the first of the payload, */
        { 8, 7, 5 },                                   /* the frame, but not the message */
        { 10, 8, 5 },                                  /* a ping in between, in part, */
        { 15, 9, 5 },                                  /* and whole */
        { 23, 10, 5 },                                 /* all but a byte */
        { 24, 11, 0 },                                 /* nothing is under way */
        { 26, 12, 12 }, { 35, 13, 0 }, { 37, 14, 14 }, /* a ping by itself */
        { 42, 15, 0 },
    };
    struct transcript t;
    struct wire wire;
    begin(&t, &wire);
    wire_frame(&wire, WS_OP_TEXT, SPAN("be"));
    wire_frame(&wire, PING, SPAN("p"));
    wire_frame(&wire, REST, SPAN("gun"));
    wire_frame(&wire, TEXT, SPAN("whole"));
    wire_frame(&wire, PING, SPAN("q"));
    assert_int_equal(wire.bytes.len, 42);
    struct feed feed = transcript_feed(&t);
    t.expected = SPAN("ping 1 p\ntext 5 begun\ntext 5 whole\nping 1 q\n");
    feed.begin(&t);
    size_t from = 0;
    for (size_t i = 0; i < countof(times); i++) {
        t.options.now_s = times[i].now_s;
        feed_piece(&feed, wire.bytes.at + from, times[i].to - from);
        assert_int_equal(ws_reader_since(&t.reader), times[i].since_s);
        from = times[i].to;
    }
    feed.end(&t, "times");

    /* What waits to be read is not the peer's to finish. */
    struct ws_input waits = { wire.bytes.at, wire.bytes.len };
    assert_true(ws_reader_hold(&t.reader, &t.options, &waits));
    assert_int_equal(ws_reader_since(&t.reader), 0);
    ws_reader_finish(&t.reader);
    end(&t, &wire);
}

static void reading_goes_on_after_finish(void **state) {
    (void)state;
    struct ws_reader reader = { NULL };
    ws_reader_finish(&reader);
    struct transcript t;
    struct wire wire;
    begin(&t, &wire);
    wire_frame(&wire, WS_OP_TEXT, SPAN("unfinished"));
    wire_expect(&wire, &t, "unfinished", "more\n");
    buf_clear(&wire.bytes);
    wire_frame(&wire, TEXT, SPAN("fresh"));
    wire_expect(&wire, &t, "fresh", "text 5 fresh\n");
    end(&t, &wire);
}

/* Every allocation fails once: 1013 each time, nothing is lost. */
static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    struct transcript t;
    struct wire wire;
    begin(&t, &wire);
    char payload[3000];
    memset(payload, 'a', sizeof payload);
    wire_frame(&wire, WS_OP_TEXT, span_of(payload, sizeof payload));
    wire_frame(&wire, PING, SPAN("ping"));
    wire_frame(&wire, REST, span_of(payload, sizeof payload));
    wire_frame(&wire, BINARY, SPAN("next"));
    struct feed feed = transcript_feed(&t);
    buf_room(&t.text, 1000); /* so that the transcript itself needs no memory */
    mem_fail_nth(0);
    feed.begin(&t);
    for (size_t i = 0; i < wire.bytes.len; i++)
        feed_piece(&feed, wire.bytes.at + i, 1);
    uint64_t count = mem_tried();
    assert_in_range(count, 8, 100);
    for (uint64_t nth = 1; nth <= count; nth++) {
        feed.begin(&t);
        mem_fail_nth(nth);
        for (size_t i = 0; i < wire.bytes.len; i++)
            feed_piece(&feed, wire.bytes.at + i, 1);
        assert_true(t.is_over);
        assert_true(span_ends(buf_span(&t.text), SPAN("fail 1013\n")));
        ws_reader_finish(&t.reader);
        assert_int_equal(atomic_load(&t.budget.used), 0);
    }
    mem_fail_nth(0);
    end(&t, &wire);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_may_be_as_long_as_the_limit),
        cmocka_unit_test(a_long_message_is_refused_by_its_head),
        cmocka_unit_test(an_announced_length_costs_nothing),
        cmocka_unit_test(ignored_messages_are_not_kept),
        cmocka_unit_test(keeping_nothing_at_all),
        cmocka_unit_test(the_budget_is_for_all),
        cmocka_unit_test(input_may_wait),
        cmocka_unit_test(what_waits_is_within_the_budget),
        cmocka_unit_test(limits_may_change_at_any_time),
        cmocka_unit_test(it_says_since_when_a_message_is_under_way),
        cmocka_unit_test(reading_goes_on_after_finish),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
