/* SPDX-License-Identifier: MIT */
/*
 * Tests of http/static: a file, and what a browser gets that has it already.
 */
#include "http/static.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const unsigned char bytes[] = { 'a', 0, 0xff, '\n' };
static const struct http_static_file file = { "/x", "text/x", "\"e1\"", bytes, sizeof bytes };

/* The answer to a GET with these header lines; terminated, since the file holds a NUL. */
static void answer_to(const char *method, const char *lines, struct buf *out) {
    const struct http_limits limits = { 4096, 4096 };
    struct http_parser *parser = http_parser_new(&limits);
    char text[1024];
    snprintf(text, sizeof text, "%s /x HTTP/1.1\r\nHost: h\r\n%s\r\n", method, lines);
    struct span in = span_str(text);
    assert_int_equal(http_parser_feed(parser, &in), HTTP_STEP_DONE);
    struct http_response response;
    http_response_init(&response, out, http_parser_request(parser));
    http_static_answer(&file, http_parser_request(parser), &response);
    http_parser_free(parser);
}

static bool holds(const struct buf *out, const char *text) {
    return memmem(out->at, out->len, text, strlen(text)) != NULL;
}

static void whole(void **unused) {
    (void)unused;
    struct buf out;
    buf_init(&out, 4096);
    answer_to("GET", "", &out);
    assert_true(span_starts(buf_span(&out), SPAN("HTTP/1.1 200 OK\r\n")));
    assert_true(holds(&out, "ETag: \"e1\"\r\n"));
    assert_true(holds(&out, "Cache-Control: no-cache\r\n"));
    assert_true(holds(&out, "X-Content-Type-Options: nosniff\r\n"));
    assert_true(holds(&out, "Content-Type: text/x\r\n"));
    assert_true(holds(&out, "Content-Length: 4\r\n"));
    assert_true(span_ends(buf_span(&out), span_of((const char *)bytes, sizeof bytes)));
    buf_clear(&out);
    answer_to("HEAD", "", &out);
    assert_true(holds(&out, "Content-Length: 4\r\n"));
    assert_true(span_ends(buf_span(&out), SPAN("\r\n\r\n")));
    buf_finish(&out);
}

static void known(void **unused) {
    (void)unused;
    static const struct {
        const char *lines;
        bool is_known;
    } cases[] = {
        { "If-None-Match: \"e1\"\r\n", true },
        { "if-none-match: W/\"e1\"\r\n", true },
        { "If-None-Match: \"e0\", \"e1\"\r\n", true },
        { "If-None-Match: *\r\n", true },
        { "If-None-Match: \"e2\"\r\n", false },
        { "If-None-Match: e1\r\n", false },
        { "If-None-Match: \"e1\"x\r\n", false },
        { "If-None-Match: \r\n", false },
        { "If-Match: \"e1\"\r\n", false },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct buf out;
        buf_init(&out, 4096);
        answer_to("GET", cases[i].lines, &out);
        struct span head = cases[i].is_known ? SPAN("HTTP/1.1 304 ") : SPAN("HTTP/1.1 200 ");
        if (!span_starts(buf_span(&out), head)) fail_msg("case %zu: %s", i, cases[i].lines);
        assert_true(holds(&out, "ETag: \"e1\"\r\n"));
        if (cases[i].is_known) assert_true(span_ends(buf_span(&out), SPAN("\r\n\r\n")));
        buf_finish(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(whole), cmocka_unit_test(known) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
