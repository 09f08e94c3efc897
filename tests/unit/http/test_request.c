/* SPDX-License-Identifier: MIT */
/*
 * Requests as they should be: forms of targets, bodies, pipelining, upgrades, limits, memory.
 */
#include "transcript.h"

static const struct http_limits LIMITS = { .head_max = 4096, .body_max = 1000 };

#define H "Host: a\r\n"

static const struct sample GOOD[] = {
    SAMPLE("plain", "GET / HTTP/1.1\r\n" H "\r\n", "GET / 1.1 host=a\n"),
    SAMPLE("query", "GET /ws?token=a.b HTTP/1.1\r\n" H "\r\n", "GET /ws?token=a.b 1.1 host=a\n"),
    SAMPLE("empty query", "GET /ws? HTTP/1.1\r\n" H "\r\n", "GET /ws? 1.1 host=a\n"),
    SAMPLE("question mark in a query", "GET /a?b?c HTTP/1.1\r\n" H "\r\n",
           "GET /a?b?c 1.1 host=a\n"),
    SAMPLE("trailing slash", "GET /a/b/ HTTP/1.1\r\n" H "\r\n", "GET /a/b 1.1 host=a\n"),
    SAMPLE("escapes stay", "GET /a%2Fb%20c HTTP/1.1\r\n" H "\r\n", "GET /a%2Fb%20c 1.1 host=a\n"),
    SAMPLE("dots within segments", "GET /.well-known/a..b/... HTTP/1.1\r\n" H "\r\n",
           "GET /.well-known/a..b/... 1.1 host=a\n"),
    SAMPLE("absolute", "GET http://b.example:80/x/?y HTTP/1.1\r\n" H "\r\n",
           "GET /x?y 1.1 host=b.example:80\n"),
    SAMPLE("absolute without a path", "GET HTTP://b HTTP/1.1\r\n" H "\r\n", "GET / 1.1 host=b\n"),
    SAMPLE("absolute without a path, query", "GET https://b?q HTTP/1.1\r\n" H "\r\n",
           "GET /?q 1.1 host=b\n"),
    SAMPLE("asterisk", "OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS * 1.1 host=a\n"),
    SAMPLE("other method", "TRACE /a HTTP/1.1\r\n" H "\r\n", "TRACE /a 1.1 host=a\n"),
    SAMPLE("empty lines in front", "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", "GET / 1.1 host=a\n"),
    SAMPLE("1.0", "GET / HTTP/1.0\r\n\r\n", "GET / 1.0 host= close\n"),
    SAMPLE("1.0 keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
           "GET / 1.0 host=\n"),
    SAMPLE("close", "GET / HTTP/1.1\r\n" H "connection: close\r\n\r\n", "GET / 1.1 host=a close\n"),
    SAMPLE("close in a list", "GET / HTTP/1.1\r\n" H "Connection: foo, close\r\n\r\n",
           "GET / 1.1 host=a close\n"),
    SAMPLE("empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / 1.1 host=\n"),
    SAMPLE("IPv6 host", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
           "GET / 1.1 host=[::1]:8080\n"),
    SAMPLE("blanks around values",
           "GET / HTTP/1.1\r\nHost:a\r\nX: \t b  c \t\r\nY:\r\nZ:  \r\n\r\n",
           "GET / 1.1 host=a X=[b  c] Y=[] Z=[]\n"),
    SAMPLE("empty values first and last", "GET / HTTP/1.1\r\nA:\r\nB:\r\n" H "C:\r\n\r\n",
           "GET / 1.1 host=a A=[] B=[] C=[]\n"),
    SAMPLE("bytes above ASCII in a value", "GET / HTTP/1.1\r\n" H "X: \xc3\xa4\r\n\r\n",
           "GET / 1.1 host=a X=[\xc3\xa4]\n"),
    SAMPLE("body", "POST /p HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc",
           "POST /p 1.1 host=a body=abc\n"),
    SAMPLE("empty body", "POST /p HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
           "POST /p 1.1 host=a\n"),
    SAMPLE("no length, no body", "POST /p HTTP/1.1\r\n" H "\r\n", "POST /p 1.1 host=a\n"),
    SAMPLE("GET with a body", "GET /p HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc",
           "GET /p 1.1 host=a body=abc\n"),
    SAMPLE("body that looks like a request",
           "POST /p HTTP/1.1\r\n" H "Content-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n",
           "POST /p 1.1 host=a body=GET / HTTP/1.1\r\n\r\n\n"),
    SAMPLE("expect", "PUT /p HTTP/1.1\r\n" H "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
           "PUT /p 1.1 host=a expect body=x\n"),
    SAMPLE("pipeline",
           "GET /1 HTTP/1.1\r\n" H "\r\nPOST /2 HTTP/1.1\r\n" H
           "Content-Length: 2\r\n\r\nhiDELETE /3 HTTP/1.1\r\n" H "X: y\r\n\r\n",
           "GET /1 1.1 host=a\nPOST /2 1.1 host=a body=hi\nDELETE /3 1.1 host=a X=[y]\n"),
    SAMPLE("chunked",
           "POST /p HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
           "3\r\nabc\r\n0a\r\n0123456789\r\n0\r\n\r\n",
           "POST /p 1.1 host=a chunked body=abc0123456789\n"),
    SAMPLE("chunked, any case",
           "POST /p HTTP/1.1\r\n" H "TRANSFER-ENCODING: Chunked\r\n\r\n0\r\n\r\n",
           "POST /p 1.1 host=a chunked\n"),
    SAMPLE("extensions and trailing fields",
           "POST /p HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
           "3;a=\"b c\";d\r\nabc\r\n0;x\r\nX-Sum: 1\r\nY: 2\r\n\r\nGET /2 HTTP/1.1\r\n" H "\r\n",
           "POST /p 1.1 host=a chunked body=abc\nGET /2 1.1 host=a\n"),
    SAMPLE("chunked pipeline",
           "POST /1 HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
           "POST /2 HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n"
           "GET /3 HTTP/1.1\r\n" H "\r\n",
           "POST /1 1.1 host=a chunked body=a\nPOST /2 1.1 host=a chunked body=b\nGET /3 1.1 "
           "host=a\n"),
    SAMPLE("upgrade keeps what follows",
           "GET /ws HTTP/1.1\r\n" H "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n\x81\x01G \r\n",
           "GET /ws 1.1 host=a upgrade\nRAW \x81\x01G \r\n"),
    SAMPLE("upgrade without Connection", "GET /ws HTTP/1.1\r\n" H "Upgrade: websocket\r\n\r\n",
           "GET /ws 1.1 host=a\n"),
    SAMPLE("unfinished", "GET / HTTP/1.1\r\n" H "\r\nGET /2 HTT", "GET / 1.1 host=a\n"),
    SAMPLE("unfinished body", "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nab", ""),
};

static void good_requests_are_read_however_they_are_cut(void **state) {
    (void)state;
    transcript_check(GOOD, countof(GOOD), &LIMITS);
}

/* A request of `head` bytes of head and `body` bytes of body. */
static struct buf request_of(size_t head, size_t body) {
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_printf(&b, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\nX: ", body);
    while (b.len < head - 4)
        buf_append_char(&b, 'x');
    buf_append_text(&b, "\r\n\r\n");
    for (size_t i = 0; i < body; i++)
        buf_append_char(&b, 'b');
    return b;
}

/* The status that it fails with, 0 when it is read, -1 when it wants more; whole and byte by byte.
 */
static int outcome(struct span wire, const struct http_limits *limits) {
    int outcomes[2];
    for (int is_slow = 0; is_slow < 2; is_slow++) {
        struct http_parser *p = http_parser_new(limits);
        enum http_step step = HTTP_STEP_MORE;
        for (size_t i = 0; i < wire.len && step != HTTP_STEP_DONE && step != HTTP_STEP_FAIL; i++) {
            struct span in = is_slow ? span_of(wire.at + i, 1) : wire;
            step = http_parser_feed(p, &in);
            if (!is_slow) break;
        }
        outcomes[is_slow] = step == HTTP_STEP_FAIL   ? http_parser_failure(p).status
                            : step == HTTP_STEP_DONE ? 0
                                                     : -1;
        http_parser_free(p);
    }
    assert_int_equal(outcomes[0], outcomes[1]);
    return outcomes[0];
}

static void limits_hold_to_the_byte(void **state) {
    (void)state;
    struct http_limits limits = { .head_max = 100, .body_max = 50 };
    static const struct {
        size_t head, body;
        int status;
    } CASES[] = {
        { 99, 50, 0 }, { 100, 50, 0 }, { 101, 50, 431 }, { 100, 51, 413 }, { 500, 0, 431 }
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        struct buf wire = request_of(CASES[i].head, CASES[i].body);
        assert_int_equal(outcome(buf_span(&wire), &limits), CASES[i].status);
        buf_finish(&wire);
    }
    /* Bytes that never become a head. */
    char lines[101];
    memset(lines, '\n', sizeof lines);
    for (size_t i = 0; i < 100; i += 2)
        lines[i] = '\r';
    assert_int_equal(outcome(span_of(lines, 99), &limits), -1);
    assert_int_equal(outcome(span_of(lines, 100), &limits), 431);
}

static void a_chunked_body_is_refused_where_it_grows_too_large(void **state) {
    (void)state;
    struct http_limits limits = { .head_max = 200, .body_max = 5 };
#define CHUNKED "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
    assert_int_equal(outcome(SPAN(CHUNKED "5\r\nabcde\r\n0\r\n\r\n"), &limits), 0);
    assert_int_equal(outcome(SPAN(CHUNKED "6\r\n"), &limits), 413);
    assert_int_equal(outcome(SPAN(CHUNKED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), &limits), 0);
    assert_int_equal(outcome(SPAN(CHUNKED "3\r\nabc\r\n3\r\n"), &limits), 413);
    assert_int_equal(outcome(SPAN(CHUNKED "ffffffffffffffff\r\n"), &limits), 413);
    assert_int_equal(outcome(SPAN(CHUNKED "10000000000000000\r\n"), &limits), 400);
    struct buf wire;
    buf_init(&wire, 1 << 20);
    buf_append_text(&wire, CHUNKED "1;");
#undef CHUNKED
    for (int i = 0; i < 208; i++)
        buf_append_char(&wire, 'x');
    /* head_max + 2 * body_max = 210 bytes of chunks, but not one extension without end. */
    assert_int_equal(outcome(span_of(wire.at, wire.len - 1), &limits), -1);
    assert_int_equal(outcome(buf_span(&wire), &limits), 413);
    buf_finish(&wire);
}

static void a_hundred_fields_are_enough(void **state) {
    (void)state;
    for (int count = HTTP_FIELDS_MAX; count <= HTTP_FIELDS_MAX + 1; count++) {
        struct buf wire;
        buf_init(&wire, 1 << 20);
        buf_append_text(&wire, "GET / HTTP/1.1\r\n" H);
        for (int i = 1; i < count; i++)
            buf_printf(&wire, "X-%d: %d\r\n", i, i);
        buf_append_text(&wire, "\r\n");
        assert_int_equal(outcome(buf_span(&wire), &LIMITS), count > HTTP_FIELDS_MAX ? 431 : 0);
        buf_finish(&wire);
    }
}

static void a_name_longer_than_can_be_told_is_refused(void **state) {
    (void)state;
    struct http_limits limits = { .head_max = 200000, .body_max = 0 };
    struct buf wire;
    buf_init(&wire, 1 << 20);
    buf_append_text(&wire, "GET / HTTP/1.1\r\n" H);
    for (int i = 0; i < 66000; i++)
        buf_append_char(&wire, 'x');
    buf_append_text(&wire, ": y\r\n\r\n");
    assert_int_equal(outcome(buf_span(&wire), &limits), 400);
    buf_finish(&wire);
}

static void a_whole_request_is_lent_out_of_the_input(void **state) {
    (void)state;
    static const char WIRE[] =
        "POST /p?q HTTP/1.1\r\n" H "X-API-Key: k\r\nContent-Length: 2\r\n\r\nhi";
    struct http_parser *p = http_parser_new(&LIMITS);
    mem_fail_nth(1); /* and nothing is allocated */
    struct span in = span_of(WIRE, sizeof WIRE - 1);
    assert_int_equal(http_parser_feed(p, &in), HTTP_STEP_DONE);
    assert_int_equal(mem_tried(), 0);
    mem_fail_nth(0);
    const struct http_request *r = http_parser_request(p);
    assert_ptr_equal(r->method_text.at, WIRE);
    assert_ptr_equal(r->path.at, WIRE + 5);
    assert_ptr_equal(r->body.at, WIRE + sizeof WIRE - 3);
    assert_true(span_eq(http_headers_get(r->headers, HTTP_FIELD_API_KEY), SPAN("k")));
    assert_int_equal(http_parser_kept_bytes(p), 0);
    assert_true(http_parser_is_idle(p));
    http_parser_free(p);
}

static void the_head_is_told_once_while_its_body_is_awaited(void **state) {
    (void)state;
    struct http_parser *p = http_parser_new(&LIMITS);
    struct span in =
        SPAN("POST /p HTTP/1.1\r\n" H "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert_true(http_parser_is_idle(p));
    assert_int_equal(http_parser_feed(p, &in), HTTP_STEP_HEAD);
    assert_false(http_parser_is_idle(p));
    const struct http_request *r = http_parser_request(p);
    assert_int_equal(r->content_length, 4);
    assert_true(r->expects_continue);
    assert_int_equal(r->body.len, 0);
    assert_true(span_eq(r->path, SPAN("/p")));
    in = SPAN("ab");
    assert_int_equal(http_parser_feed(p, &in), HTTP_STEP_MORE);
    in = SPAN("cdGET");
    assert_int_equal(http_parser_feed(p, &in), HTTP_STEP_DONE);
    assert_int_equal(in.len, 3);
    assert_true(span_eq(http_parser_request(p)->body, SPAN("abcd")));
    assert_int_equal(http_parser_feed(p, &in), HTTP_STEP_MORE);
    assert_false(http_parser_is_idle(p));
    http_parser_free(p);
}

static void a_failed_connection_stays_failed(void **state) {
    (void)state;
    struct http_parser *p = http_parser_new(&LIMITS);
    struct span in = SPAN("BREW / HTTP/1.1\r\n");
    assert_int_equal(http_parser_feed(p, &in), HTTP_STEP_FAIL);
    in = SPAN("GET / HTTP/1.1\r\n" H "\r\n");
    assert_int_equal(http_parser_feed(p, &in), HTTP_STEP_FAIL);
    assert_int_equal(http_parser_failure(p).status, 400);
    http_parser_free(p);
}

static void the_room_of_a_large_body_is_given_back(void **state) {
    (void)state;
    struct http_limits limits = { .head_max = 1000, .body_max = 100000 };
    struct buf wire = request_of(200, 100000);
    struct http_parser *p = http_parser_new(&limits);
    struct span in = span_of(wire.at, 150);
    assert_int_equal(http_parser_feed(p, &in), HTTP_STEP_MORE);
    in = span_of(wire.at + 150, wire.len - 150);
    assert_int_equal(http_parser_feed(p, &in), HTTP_STEP_DONE);
    const struct http_request *r = http_parser_request(p);
    assert_int_equal(r->body.len, 100000);
    /* The head has moved with every growth. */
    assert_true(span_eq(r->host, SPAN("a")));
    assert_int_equal(http_headers_find(r->headers, SPAN("x")).at[0], 'x');
    assert_true(http_parser_kept_bytes(p) >= 100000);
    in = SPAN("GET /");
    assert_int_equal(http_parser_feed(p, &in), HTTP_STEP_MORE);
    assert_true(http_parser_kept_bytes(p) < 1000);
    http_parser_free(p);
    buf_finish(&wire);
}

static void running_out_of_memory_fails_the_connection(void **state) {
    (void)state;
    static const char *const WIRES[] = {
        "POST / HTTP/1.1\r\n" H "Content-Length: 600\r\n\r\n",
        "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n258\r\n",
    };
    char body[600];
    memset(body, 'b', sizeof body);
    for (size_t w = 0; w < countof(WIRES); w++) {
        struct span wire = span_str(WIRES[w]);
        uint64_t tried = 2;
        for (uint64_t nth = 1; nth <= tried; nth++) {
            struct http_parser *p = http_parser_new(&LIMITS);
            mem_fail_nth(nth);
            enum http_step step = HTTP_STEP_MORE;
            for (size_t i = 0; i < wire.len && step != HTTP_STEP_FAIL; i += 10) {
                struct span in = span_of(wire.at + i, size_min(10, wire.len - i));
                step = http_parser_feed(p, &in);
            }
            struct span in = span_of(body, sizeof body);
            if (step != HTTP_STEP_FAIL) step = http_parser_feed(p, &in);
            tried = size_max(tried, mem_tried());
            mem_fail_nth(0);
            assert_int_equal(step, HTTP_STEP_FAIL);
            assert_int_equal(http_parser_failure(p).status, 503);
            http_parser_free(p);
        }
    }
}

static void fields_are_found_by_number_and_by_name(void **state) {
    (void)state;
    struct http_parser *p = http_parser_new(&LIMITS);
    struct span in = SPAN("GET / HTTP/1.1\r\nhOST: a\r\nX-Forwarded-For: 1\r\nX-Other: o\r\n"
                          "x-forwarded-for: 2, 3\r\n\r\n");
    assert_int_equal(http_parser_feed(p, &in), HTTP_STEP_DONE);
    const struct http_headers *h = http_parser_request(p)->headers;
    assert_true(span_eq(http_headers_find(h, SPAN("x-OTHER")), SPAN("o")));
    assert_null(http_headers_find(h, SPAN("x-othe")).at);
    assert_null(http_headers_get(h, HTTP_FIELD_ORIGIN).at);
    uint8_t cursor = 0;
    struct span value;
    assert_true(http_headers_next(h, HTTP_FIELD_FORWARDED_FOR, &cursor, &value));
    assert_true(span_eq(value, SPAN("1")));
    assert_true(http_headers_next(h, HTTP_FIELD_FORWARDED_FOR, &cursor, &value));
    assert_true(span_eq(value, SPAN("2, 3")));
    assert_false(http_headers_next(h, HTTP_FIELD_FORWARDED_FOR, &cursor, &value));
    assert_false(http_headers_next(h, HTTP_FIELD_FORWARDED_FOR, &cursor, &value));
    http_parser_free(p);
}

static void every_known_field_is_recognised(void **state) {
    (void)state;
    static const char *const NAMES[HTTP_FIELD_COUNT] = {
#define NAME_ITEM(name, text, is_single) [HTTP_FIELD_##name] = text,
        HTTP_FIELD_MAP(NAME_ITEM)
#undef NAME_ITEM
    };
    for (int field = 1; field < HTTP_FIELD_COUNT; field++) {
        struct buf wire;
        buf_init(&wire, 1000);
        const char *value = field == HTTP_FIELD_TRANSFER_ENCODING ? "chunked" : "0";
        buf_printf(&wire, "GET / HTTP/1.1\r\n%s%s: %s\r\n\r\n0\r\n\r\n",
                   field == HTTP_FIELD_HOST ? "" : H, NAMES[field], value);
        struct http_parser *p = http_parser_new(&LIMITS);
        struct span in = buf_span(&wire);
        assert_int_equal(http_parser_feed(p, &in), HTTP_STEP_DONE);
        struct span found =
            http_headers_get(http_parser_request(p)->headers, (enum http_field)field);
        assert_true(span_eq(found, span_str(value)));
        http_parser_free(p);
        buf_finish(&wire);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_requests_are_read_however_they_are_cut),
        cmocka_unit_test(limits_hold_to_the_byte),
        cmocka_unit_test(a_chunked_body_is_refused_where_it_grows_too_large),
        cmocka_unit_test(a_hundred_fields_are_enough),
        cmocka_unit_test(a_name_longer_than_can_be_told_is_refused),
        cmocka_unit_test(a_whole_request_is_lent_out_of_the_input),
        cmocka_unit_test(the_head_is_told_once_while_its_body_is_awaited),
        cmocka_unit_test(a_failed_connection_stays_failed),
        cmocka_unit_test(the_room_of_a_large_body_is_given_back),
        cmocka_unit_test(running_out_of_memory_fails_the_connection),
        cmocka_unit_test(fields_are_found_by_number_and_by_name),
        cmocka_unit_test(every_known_field_is_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
