/* SPDX-License-Identifier: MIT */
/*
 * Replies as a client reads them, at every cut: where their bodies end, what follows an upgrade.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "feed.h"
#include "http/reply.h"

static const struct http_limits LIMITS = { .head_max = 300, .body_max = 20 };

struct sample {
    const char *name;
    struct span wire;
    const char *expected; /* one line a reply; then how it went on */
};

#define SAMPLE(name, wire, expected)                                                               \
    { name, { wire, sizeof wire - 1 }, expected }
#define OK "HTTP/1.1 200 OK\r\n"

static const struct sample SAMPLES[] = {
    SAMPLE("counted", OK "Content-Length: 2\r\n\r\nhi", "200 hi\nEND"),
    SAMPLE("empty", OK "Content-Length: 0\r\n\r\n", "200 \nEND"),
    SAMPLE("pipelined",
           OK "Content-Length: 2\r\n\r\nhiHTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc",
           "200 hi\n404 abc\nEND"),
    SAMPLE("chunked",
           OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n" OK
              "Content-Length: 1\r\n\r\nx",
           "200 abc\n200 x\nEND"),
    SAMPLE("no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200 \nEND"),
    SAMPLE("empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200 \nEND"),
    SAMPLE("no content", "HTTP/1.1 204 No Content\r\n\r\n" OK "Content-Length: 0\r\n\r\n",
           "204 \n200 \nEND"),
    SAMPLE("interim replies are skipped",
           "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK
           "Content-Length: 1\r\n\r\nx",
           "200 x\nEND"),
    SAMPLE("close", OK "Connection: close\r\nContent-Length: 1\r\n\r\nx", "200 close x\nEND"),
    SAMPLE("1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "200 close x\nEND"),
    SAMPLE("1.0 keep-alive",
           "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", "200 x\nEND"),
    SAMPLE("until the end", OK "\r\nall of it", "200 close all of it\nEND"),
    SAMPLE("until the end, empty", OK "\r\n", "200 close \nEND"),
    SAMPLE("upgrade",
           "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Accept: x\r\n\r\n\x81\x02hi",
           "101 upgrade \nRAW \x81\x02hi"),
    SAMPLE("nothing", "", "END"),
    SAMPLE("cut in the head", OK "Content-Le", "FAIL"),
    SAMPLE("cut in the body", OK "Content-Length: 2\r\n\r\nh", "FAIL"),
    SAMPLE("cut in a chunk", OK "Transfer-Encoding: chunked\r\n\r\n2\r\na", "FAIL"),
    SAMPLE("garbage", "SSH-2.0-x\r\n", "FAIL"),
    SAMPLE("a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "FAIL"),
    SAMPLE("HTTP/2", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "FAIL"),
    SAMPLE("status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", "FAIL"),
    SAMPLE("status under 100", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", "FAIL"),
    SAMPLE("length and coding",
           OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "FAIL"),
    SAMPLE("two lengths", OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "FAIL"),
    SAMPLE("other coding", OK "Transfer-Encoding: gzip\r\n\r\n", "FAIL"),
    SAMPLE("folded value", OK "X: y\r\n z\r\nContent-Length: 0\r\n\r\n", "FAIL"),
    SAMPLE("body at the limit", OK "Content-Length: 20\r\n\r\n01234567890123456789",
           "200 01234567890123456789\nEND"),
    SAMPLE("body over the limit", OK "Content-Length: 21\r\n\r\n", "FAIL"),
    SAMPLE("body until the end over the limit", OK "\r\n012345678901234567890", "FAIL"),
};

struct run {
    const struct sample *sample;
    struct http_reply_parser *parser;
    struct buf text;
    bool is_raw;
    bool is_failed;
};

static void begin(void *context) {
    struct run *run = context;
    run->parser = http_reply_parser_new(&LIMITS);
    run->is_raw = run->is_failed = false;
    buf_init(&run->text, 4096);
}

static void write_step(struct run *run, enum http_step step) {
    if (step == HTTP_STEP_FAIL) {
        run->is_failed = true;
        assert_int_equal(http_reply_parser_failure(run->parser).status, 502);
        assert_non_null(http_reply_parser_failure(run->parser).message);
        buf_append_text(&run->text, "FAIL");
    }
    if (step != HTTP_STEP_DONE) return;
    const struct http_reply *r = http_reply_parser_reply(run->parser);
    buf_printf(&run->text, "%d %s%.*s\n", r->status,
               r->is_upgraded      ? "upgrade "
               : !r->is_keep_alive ? "close "
                                   : "",
               SPAN_ARG(r->body));
    run->is_raw = r->is_upgraded;
    if (run->is_raw) buf_append_text(&run->text, "RAW ");
}

static void take(void *context, struct span in) {
    struct run *run = context;
    while (!run->is_raw && !run->is_failed && in.len > 0) {
        enum http_step step = http_reply_parser_feed(run->parser, &in);
        if (step == HTTP_STEP_MORE || step == HTTP_STEP_HEAD) assert_int_equal(in.len, 0);
        write_step(run, step);
    }
    if (run->is_raw) buf_append_span(&run->text, in);
}

static void end(void *context, const char *how) {
    struct run *run = context;
    if (!run->is_raw && !run->is_failed) {
        enum http_step step = http_reply_parser_end(run->parser);
        write_step(run, step);
        if (step != HTTP_STEP_FAIL) buf_append_text(&run->text, "END");
    }
    buf_append_char(&run->text, 0);
    if (strcmp(run->text.at, run->sample->expected) != 0) {
        fail_msg("%s, %s: got\n%s\nwanted\n%s", run->sample->name, how, run->text.at,
                 run->sample->expected);
    }
    buf_finish(&run->text);
    http_reply_parser_free(run->parser);
}

static void replies_are_read_however_they_are_cut(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(SAMPLES); i++) {
        struct run run = { .sample = &SAMPLES[i] };
        struct feed feed = { begin, take, end, &run };
        feed_every_way(&feed, SAMPLES[i].wire);
    }
}

static void fields_of_a_reply_are_found(void **state) {
    (void)state;
    struct http_reply_parser *p = http_reply_parser_new(&LIMITS);
    struct span in =
        SPAN("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(http_reply_parser_feed(p, &in), HTTP_STEP_DONE);
    struct span found =
        http_headers_get(http_reply_parser_reply(p)->headers, HTTP_FIELD_RETRY_AFTER);
    assert_true(span_eq(found, SPAN("7")));
    http_reply_parser_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_read_however_they_are_cut),
        cmocka_unit_test(fields_of_a_reply_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
