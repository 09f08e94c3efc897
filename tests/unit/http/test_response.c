/* SPDX-License-Identifier: MIT */
/*
 * Answers byte for byte, and read back by the parser of replies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "http/reply.h"
#include "http/response.h"

static const struct http_request GET = { .method = HTTP_METHOD_GET,
                                         .version_minor = 1,
                                         .is_keep_alive = true };

static struct buf out;
static struct http_response response;

static int setup(void **state) {
    (void)state;
    buf_init(&out, 4096);
    http_response_init(&response, &out, &GET);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    buf_finish(&out);
    return 0;
}

static void check(const char *expected) {
    assert_int_equal(buf_err(&out), ERR_OK);
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.at, expected, out.len);
}

static void a_body_is_sent_with_its_type_and_length(void **state) {
    (void)state;
    http_response_start(&response, 200);
    http_response_body(&response, HTTP_JSON, SPAN("{}"));
    check("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    assert_int_equal(response.status, 200);
}

static void fields_and_common_lines_stand_in_the_head(void **state) {
    (void)state;
    response.common = SPAN("Vary: Origin\r\n");
    http_response_start(&response, 429);
    http_response_header(&response, SPAN("Retry-After"), SPAN("5"));
    http_response_empty(&response);
    check("HTTP/1.1 429 Too Many Requests\r\nVary: Origin\r\nRetry-After: 5\r\nContent-Length: "
          "0\r\n\r\n");
}

static void a_body_built_in_place_gets_its_length_later(void **state) {
    (void)state;
    http_response_start(&response, 201);
    struct buf *body = http_response_open(&response, HTTP_TEXT);
    for (int i = 0; i < 12; i++)
        buf_append_char(body, 'x');
    http_response_close(&response);
    check("HTTP/1.1 201 Created\r\nContent-Type: text/plain; charset=utf-8\r\n"
          "Content-Length:         12\r\n\r\nxxxxxxxxxxxx");
}

static void head_is_told_the_length_and_not_the_body(void **state) {
    (void)state;
    response.is_head = true;
    http_response_start(&response, 200);
    http_response_body(&response, HTTP_JSON, SPAN("{}"));
    check("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n");
    http_response_start(&response, 200);
    buf_append_text(http_response_open(&response, HTTP_JSON), "[]");
    http_response_close(&response);
    check(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:          2\r\n\r\n");
}

static void starting_again_throws_the_begun_answer_away(void **state) {
    (void)state;
    buf_append_text(&out, "earlier");
    http_response_init(&response, &out, &GET);
    http_response_start(&response, 200);
    buf_append_text(http_response_open(&response, HTTP_JSON), "[1,2");
    http_response_start(&response, 204);
    http_response_empty(&response);
    check("earlierHTTP/1.1 204 No Content\r\n\r\n");
}

static void connection_is_named_where_it_is_not_the_default(void **state) {
    (void)state;
    response.version_minor = 0;
    http_response_start(&response, 204);
    http_response_empty(&response);
    check("HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
    response.is_keep_alive = false;
    http_response_start(&response, 204);
    http_response_empty(&response);
    check("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

static void statuses_without_a_phrase_can_be_sent(void **state) {
    (void)state;
    http_response_start(&response, 599);
    http_response_empty(&response);
    check("HTTP/1.1 599 Unknown\r\nContent-Length: 0\r\n\r\n");
}

static void errors_are_json(void **state) {
    (void)state;
    http_response_error(&response, 404, "not_found", "No \"x\"\n");
    check("HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length:         "
          "53\r\n\r\n{\"error\":{\"code\":\"not_found\",\"message\":\"No \\\"x\\\"\\n\"}}");
}

static void what_could_not_be_parsed_is_answered_and_closed(void **state) {
    (void)state;
    http_response_init(&response, &out, NULL);
    http_response_failure(&response, (struct http_failure){ 431, "too large" });
    check("HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Type: "
          "application/json\r\nContent-Length:         60\r\n\r\n"
          "{\"error\":{\"code\":\"headers_too_large\",\"message\":\"too large\"}}");
}

static void answers_are_read_back(void **state) {
    (void)state;
    static const int STATUSES[] = { 200, 400, 413, 431, 500, 501, 503, 505, 599 };
    for (size_t i = 0; i < countof(STATUSES); i++) {
        http_response_init(&response, &out, &GET);
        http_response_failure(&response, (struct http_failure){ STATUSES[i], "m" });
    }
    http_response_continue(&out);
    http_response_init(&response, &out, &GET);
    http_response_start(&response, 200);
    http_response_body(&response, HTTP_HTML, SPAN("last"));
    struct http_limits limits = { 1000, 1000 };
    struct http_reply_parser *p = http_reply_parser_new(&limits);
    struct span in = buf_span(&out);
    for (size_t i = 0; i < countof(STATUSES); i++) {
        assert_int_equal(http_reply_parser_feed(p, &in), HTTP_STEP_DONE);
        assert_int_equal(http_reply_parser_reply(p)->status, STATUSES[i]);
        assert_false(http_reply_parser_reply(p)->is_keep_alive);
    }
    assert_int_equal(http_reply_parser_feed(p, &in), HTTP_STEP_DONE);
    assert_true(http_reply_parser_reply(p)->is_keep_alive);
    assert_true(span_eq(http_reply_parser_reply(p)->body, SPAN("last")));
    assert_int_equal(in.len, 0);
    http_reply_parser_free(p);
}

static void no_room_and_no_memory_break_the_buffer_only(void **state) {
    (void)state;
    struct buf small;
    buf_init(&small, 100);
    http_response_init(&response, &small, &GET);
    http_response_error(&response, 404, "not_found",
                        "a message that is too long for so little room");
    assert_int_equal(buf_err(&small), ERR_TOO_BIG);
    http_response_start(&response, 500);
    assert_int_equal(buf_err(&small), ERR_TOO_BIG);
    buf_finish(&small);
    for (uint64_t nth = 1; nth <= 2; nth++) {
        struct buf b;
        buf_init(&b, 4096);
        http_response_init(&response, &b, &GET);
        mem_fail_nth(nth);
        http_response_start(&response, 200);
        struct buf *body = http_response_open(&response, HTTP_JSON);
        for (int i = 0; i < 300; i++)
            buf_append_char(body, '1');
        http_response_close(&response);
        mem_fail_nth(0);
        assert_int_equal(buf_err(&b), ERR_NOMEM);
        buf_finish(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_body_is_sent_with_its_type_and_length, setup, teardown),
        cmocka_unit_test_setup_teardown(fields_and_common_lines_stand_in_the_head, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_built_in_place_gets_its_length_later, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(head_is_told_the_length_and_not_the_body, setup, teardown),
        cmocka_unit_test_setup_teardown(starting_again_throws_the_begun_answer_away, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(connection_is_named_where_it_is_not_the_default, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(statuses_without_a_phrase_can_be_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(errors_are_json, setup, teardown),
        cmocka_unit_test_setup_teardown(what_could_not_be_parsed_is_answered_and_closed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(answers_are_read_back, setup, teardown),
        cmocka_unit_test_setup_teardown(no_room_and_no_memory_break_the_buffer_only, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
