/* SPDX-License-Identifier: MIT */
/*
 * Replies out of bytes, however these are cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "redis/reader_priv.h"

#include "feed.h"
#include "reply_text.h"

/* As SPAN, where a constant is needed. */
#define WIRE(literal)                                                                              \
    { literal, sizeof(literal) - 1 }

static const struct {
    const char *name;
    struct span wire;
    const char *want; /* replies as text, each with a blank behind; ! at a failure */
} CASES[] = {
    { "status", WIRE("+OK\r\n"), "+OK " },
    { "empty status", WIRE("+\r\n"), "+ " },
    { "error", WIRE("-NOSCRIPT No matching script.\r\n"), "-NOSCRIPT No matching script. " },
    { "integers", WIRE(":0\r\n:-42\r\n:9223372036854775807\r\n"), ":0 :-42 :9223372036854775807 " },
    { "string", WIRE("$5\r\nhello\r\n"), "$hello " },
    { "string with line ends", WIRE("$4\r\n\r\n\r\n\r\n"), "$\r\n\r\n " },
    { "empty string", WIRE("$0\r\n\r\n"), "$ " },
    { "nil", WIRE("$-1\r\n"), "_ " },
    { "nil array", WIRE("*-1\r\n"), "_ " },
    { "empty array", WIRE("*0\r\n"), "*0[] " },
    { "message", WIRE("*3\r\n$7\r\nmessage\r\n$5\r\nws:u1\r\n$9\r\n{\"n\": 12}\r\n+OK\r\n"),
      "*3[$message$ws:u1${\"n\": 12}] +OK " },
    { "mixed", WIRE("*5\r\n+a\r\n-b\r\n:7\r\n$-1\r\n*2\r\n*0\r\n*-1\r\n:1\r\n"),
      "*5[+a-b:7_*2[*0[]_]] :1 " },
    { "deep", WIRE("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"), "*1[*1[*1[*1[*1[*1[:1]]]]]] " },
    { "too deep", WIRE("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"), "!" },
    { "another protocol", WIRE("+OK\r\nHTTP/1.1 400 Bad Request\r\n"), "+OK !" },
    { "no number", WIRE(":x1\r\n"), "!" },
    { "negative string", WIRE("$-7\r\n"), "!" },
    { "negative array", WIRE("*-7\r\n"), "!" },
    { "string beyond all bounds", WIRE("$99999999999999999999\r\n"), "!" },
    { "array beyond all bounds", WIRE("*2147483647\r\n"), "!" },
    { "not whole", WIRE(":1\r\n*2\r\n$3\r\nabc\r\n$3\r\nab"), ":1 " },
};

struct run {
    struct redis_reader *reader;
    struct buf got;
    const char *name, *want;
    bool is_broken;
};

static void begin(void *context) {
    struct run *run = context;
    run->reader = redis_reader_new(REDIS_REPLY_BYTES_MAX);
    assert_non_null(run->reader);
    buf_init(&run->got, 1 << 20);
    run->is_broken = false;
}

static void take(void *context, struct span piece) {
    struct run *run = context;
    const struct redis_reply *reply;
    enum err e = redis_reader_feed(run->reader, piece);
    assert_int_equal(e != ERR_OK, run->is_broken);
    while (!e && (e = redis_reader_next(run->reader, &reply)) == ERR_OK) {
        reply_write(&run->got, reply);
        buf_append_char(&run->got, ' ');
    }
    if (e != ERR_AGAIN && !run->is_broken) {
        run->is_broken = true;
        buf_append_char(&run->got, '!');
    }
    assert_int_equal(*redis_reader_failure(run->reader) != 0, run->is_broken);
}

static void end(void *context, const char *how) {
    struct run *run = context;
    buf_append_char(&run->got, 0);
    if (strcmp(run->got.at, run->want) != 0) {
        fail_msg("%s, %s: %s instead of %s", run->name, how, run->got.at, run->want);
    }
    buf_finish(&run->got);
    redis_reader_free(run->reader);
}

static void replies_do_not_depend_on_how_they_are_cut(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(CASES); i++) {
        struct run run = { .name = CASES[i].name, .want = CASES[i].want };
        feed_every_way(&(struct feed){ begin, take, end, &run }, CASES[i].wire);
    }
}

static void a_failure_says_why(void **state) {
    (void)state;
    struct redis_reader *r = redis_reader_new(1000);
    const struct redis_reply *reply = NULL;
    assert_int_equal(redis_reader_feed(r, SPAN("HTTP/1.1 400")), ERR_OK);
    assert_int_equal(redis_reader_next(r, &reply), ERR_INVALID);
    assert_non_null(strstr(redis_reader_failure(r), "this is not Redis: "));
    assert_int_equal(redis_reader_next(r, &reply), ERR_INVALID);
    assert_null(reply);
    redis_reader_free(r);
    redis_reader_free(NULL);
}

/* A string of `len` bytes in pieces; `ret_len` is how many it was given. */
static enum err feed_string(struct redis_reader *r, size_t len, size_t *ret_len) {
    char head[32], piece[1000];
    memset(piece, 'x', sizeof piece);
    int n = snprintf(head, sizeof head, "$%zu\r\n", len);
    const struct redis_reply *reply;
    *ret_len = 0;
    enum err e = redis_reader_feed(r, span_of(head, (size_t)n));
    while (!e && len > 0) {
        size_t part = size_min(len, sizeof piece);
        e = redis_reader_feed(r, span_of(piece, part));
        if (!e && (e = redis_reader_next(r, &reply)) == ERR_AGAIN) e = ERR_OK;
        len -= part;
        *ret_len += part;
    }
    if (!e) e = redis_reader_feed(r, SPAN("\r\n"));
    if (!e) e = redis_reader_next(r, &reply);
    if (!e) assert_int_equal(reply->text.len, *ret_len);
    return e;
}

static void too_large_replies_break_it(void **state) {
    (void)state;
    size_t len = 0;
    struct redis_reader *r = redis_reader_new(200000);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(feed_string(r, 190000, &len), ERR_OK);
        assert_int_equal(len, 190000);
    }
    assert_int_equal(feed_string(r, 2000000, &len), ERR_TOO_BIG);
    assert_in_range(len, 199000, 201000);
    assert_string_equal(redis_reader_failure(r), "a reply is larger than is taken");
    redis_reader_free(r);
    /* Few bytes that stand for much memory. */
    r = redis_reader_new(200000);
    const struct redis_reply *reply;
    assert_int_equal(redis_reader_feed(r, SPAN("*100000\r\n")), ERR_OK);
    assert_int_equal(redis_reader_next(r, &reply), ERR_TOO_BIG);
    redis_reader_free(r);
}

static void many_replies_in_one_reader_are_not_too_large(void **state) {
    (void)state;
    struct redis_reader *r = redis_reader_new(2000);
    char piece[1500];
    for (size_t i = 0; i < sizeof piece; i += 5)
        memcpy(piece + i, "+OK\r\n", 5);
    const struct redis_reply *reply;
    for (int round = 0; round < 100; round++) {
        assert_int_equal(redis_reader_feed(r, span_of(piece, sizeof piece)), ERR_OK);
        for (size_t i = 0; i < sizeof piece; i += 5)
            assert_int_equal(redis_reader_next(r, &reply), ERR_OK);
        assert_int_equal(redis_reader_next(r, &reply), ERR_AGAIN);
    }
    redis_reader_free(r);
}

static void messages_cost_no_allocation(void **state) {
    (void)state;
    struct redis_reader *r = redis_reader_new(REDIS_REPLY_BYTES_MAX);
    const struct redis_reply *reply;
    size_t len;
    assert_int_equal(feed_string(r, 300000, &len), ERR_OK);
    mem_fail_nth(0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(redis_reader_feed(r, CASES[10].wire), ERR_OK);
        assert_int_equal(redis_reader_next(r, &reply), ERR_OK);
        assert_int_equal(reply->count, 3);
        assert_int_equal(redis_reader_next(r, &reply), ERR_OK);
    }
    /* Perhaps one: what was large is given back. */
    assert_in_range(mem_tried(), 0, 1);
    redis_reader_free(r);
}

static void without_memory_it_breaks(void **state) {
    (void)state;
    for (uint64_t nth = 1; nth <= 3; nth++) {
        struct redis_reader *r = redis_reader_new(REDIS_REPLY_BYTES_MAX);
        const struct redis_reply *reply;
        size_t len;
        mem_fail_nth(nth);
        enum err e = redis_reader_feed(r, CASES[10].wire);
        if (!e) e = redis_reader_next(r, &reply);
        if (!e) e = redis_reader_next(r, &reply);
        if (!e) e = feed_string(r, 100000, &len);
        mem_fail_nth(0);
        assert_int_equal(e, nth <= 2 ? ERR_NOMEM : ERR_OK);
        redis_reader_free(r);
    }
}

static void errors_are_known_by_their_first_word(void **state) {
    (void)state;
    struct redis_reply reply = { .kind = REDIS_ERROR, .text = SPAN("MOVED 1 a:1") };
    assert_true(redis_is_error(&reply, "MOVED"));
    assert_false(redis_is_error(&reply, "MOVE"));
    assert_false(redis_is_error(&reply, "MOVED 1 a:12"));
    reply.text = SPAN("MOVED");
    assert_true(redis_is_error(&reply, "MOVED"));
    reply.kind = REDIS_STATUS;
    assert_false(redis_is_error(&reply, "MOVED"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_do_not_depend_on_how_they_are_cut),
        cmocka_unit_test(a_failure_says_why),
        cmocka_unit_test(too_large_replies_break_it),
        cmocka_unit_test(many_replies_in_one_reader_are_not_too_large),
        cmocka_unit_test(messages_cost_no_allocation),
        cmocka_unit_test(without_memory_it_breaks),
        cmocka_unit_test(errors_are_known_by_their_first_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
