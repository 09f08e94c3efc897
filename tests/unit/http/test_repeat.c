/* SPDX-License-Identifier: MIT */
/*
 * A request whose head was there before: whatever follows whatever, a parser that has seen the
 * first makes of the second what a new parser makes of it.
 */
#include "http/repeat_priv.h"
#include "transcript.h"

static const struct http_limits LIMITS = { .head_max = 2000, .body_max = 100 };

#define POST(length) "POST /p?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: " length "\r\nX: y\r\n\r\n"

#define WIRE(text)                                                                                 \
    { text, sizeof text - 1 }

/* Each of these is sent behind each. */
static const struct span REQUESTS[] = {
    WIRE(POST("3") "abc"),
    WIRE(POST("3") "xyz"),
    WIRE(POST("0")),
    WIRE(POST("9") "POST /p?q"),
    WIRE(POST("10") "0123456789"),
    WIRE(POST("03") "abc"),
    WIRE(POST("12") "abcdefghijkl"),
    WIRE(POST("1x") "abc"),
    WIRE(POST("+3") "abc"),
    WIRE(POST("x") "abc"),
    WIRE(POST("") "abc"),
    WIRE(POST("\t ") "abc"),
    WIRE(POST("99") "too short"),
    WIRE(POST("999") "too large"),
    WIRE(POST("99999999999999999999") "too large"),
    WIRE("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    WIRE("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    WIRE("GET / HTTP/1.1\r\nHost: b\r\n\r\n"),
    WIRE("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"),
    WIRE("GET / HTTP/1.1\r\nHost: a\r\n\n"),
    WIRE("GET / HTTP/1.1\r\nHost: a\r\n X\r\n\r\n"),
    WIRE("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    WIRE("GET / HTTP/1.0\r\n\r\n"),
    WIRE("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
    WIRE("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    WIRE("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"),
    WIRE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
    WIRE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
    WIRE("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"),
    WIRE("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"),
};

/* Byte by byte, a new parser each request: nothing is ever there before. */
static void write_expected(struct span wire, struct buf *out) {
    struct transcript t = { .limits = LIMITS };
    transcript_begin(&t);
    for (size_t i = 0; i < wire.len && !t.is_failed; i++) {
        if (http_parser_is_idle(t.parser)) {
            http_parser_free(t.parser);
            t.parser = http_parser_new(&LIMITS);
        }
        transcript_take(&t, span_of(wire.at + i, 1));
    }
    http_parser_free(t.parser);
    *out = t.text;
    buf_append_char(out, 0);
}

static void what_was_seen_before_changes_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(REQUESTS) * countof(REQUESTS); i++) {
        struct buf wire;
        struct buf expected;
        buf_init(&wire, 1 << 16);
        buf_append_span(&wire, REQUESTS[i / countof(REQUESTS)]);
        buf_append_span(&wire, REQUESTS[i % countof(REQUESTS)]);
        buf_append_span(&wire, REQUESTS[i / countof(REQUESTS)]);
        write_expected(buf_span(&wire), &expected);
        char name[40];
        (void)snprintf(name, sizeof name, "%zu, %zu", i / countof(REQUESTS), i % countof(REQUESTS));
        const struct sample sample = { name, buf_span(&wire), expected.at };
        transcript_check(&sample, 1, &LIMITS);
        buf_finish(&wire);
        buf_finish(&expected);
    }
}

static void judge_body(struct message *m, void *context) {
    (void)context;
    assert_true(message_judge_body(m));
}

/* A message that `first` has made, as it remembers that. */
static void see(struct message *m, struct repeat *repeat, struct span first) {
    message_init(m, HTTP_REQUEST, &LIMITS);
    assert_int_equal(message_feed(m, &first, judge_body, NULL), HTTP_STEP_DONE);
    repeat_remember(repeat, m);
}

static void only_digits_may_differ(void **state) {
    (void)state;
    static const struct {
        struct span first, second;
        bool is_taken;
    } CASES[] = {
        { WIRE(POST("3") "abc"), WIRE(POST("3") "xyz"), true },
        { WIRE(POST("3") "abc"), WIRE(POST("5") "vwxyz"), true },
        { WIRE(POST("3") "abc"), WIRE(POST("0")), true },
        { WIRE(POST("10") "0123456789"), WIRE(POST("11") "0123456789a"), true },
        { WIRE("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), WIRE("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
          true },
        { WIRE(POST("3") "abc"), WIRE(POST("x") "abc"), false },
        { WIRE(POST("3") "abc"), WIRE(POST("3") "ab"), false },
        { WIRE(POST("10") "0123456789"), WIRE(POST("03") "abc"), false },
        { WIRE(POST("10") "0123456789"), WIRE(POST("9") "012345678"), false },
        { WIRE("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), WIRE("GET / HTTP/1.1\r\nHost: b\r\n\r\n"),
          false },
        { WIRE("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), WIRE("GET / HTTP/1.1\r\nHost: a\r\n\r"),
          false },
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        struct message m;
        struct repeat repeat;
        see(&m, &repeat, CASES[i].first);
        struct span in = CASES[i].second;
        size_t body_at = (size_t)((char *)memmem(in.at, in.len, "\n\r", 2) - in.at) + 3;
        assert_int_equal(repeat_take(&repeat, &m, &in), CASES[i].is_taken);
        assert_int_equal(in.len, CASES[i].is_taken ? 0 : CASES[i].second.len);
        /* What another head was parsed over is no longer there to be used. */
        assert_int_equal(repeat.head_len > 0, CASES[i].is_taken);
        if (CASES[i].is_taken) {
            assert_ptr_equal(m.headers.bytes, CASES[i].second.at);
            assert_ptr_equal(m.body.at, CASES[i].second.at + body_at);
            assert_int_equal(m.body.len, CASES[i].second.len - body_at);
        }
        message_finish(&m);
    }
}

static void a_body_over_the_limit_is_left_to_be_refused(void **state) {
    (void)state;
    struct message m;
    struct repeat repeat;
    char wire[400] = POST("999");
    see(&m, &repeat,
        SPAN(POST("100") "0123456789012345678901234567890123456789012345678901234567890"
                         "123456789012345678901234567890123456789"));
    struct span in = span_of(wire, sizeof wire);
    assert_false(repeat_take(&repeat, &m, &in));
    message_finish(&m);
}

static void some_heads_are_not_remembered(void **state) {
    (void)state;
    struct message m;
    struct repeat repeat;
    see(&m, &repeat,
        SPAN("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
    assert_int_equal(repeat.head_len, 0);
    message_finish(&m);
    char wire[REPEAT_HEAD_MAX + 2];
    for (size_t len = REPEAT_HEAD_MAX; len <= REPEAT_HEAD_MAX + 1; len++) {
        (void)snprintf(wire, sizeof wire, "GET / HTTP/1.1\r\nX: %*s\r\n\r\n", (int)(len - 23), "x");
        see(&m, &repeat, span_of(wire, len));
        assert_int_equal(repeat.head_len, len > REPEAT_HEAD_MAX ? 0 : len);
        message_finish(&m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_seen_before_changes_nothing),
        cmocka_unit_test(only_digits_may_differ),
        cmocka_unit_test(a_body_over_the_limit_is_left_to_be_refused),
        cmocka_unit_test(some_heads_are_not_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
