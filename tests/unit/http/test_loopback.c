/* SPDX-License-Identifier: MIT */
/*
 * Tests of http/loopback: names of this machine, and what only looks like one.
 */
#include "http/loopback.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    const char *host;
    bool is_loopback;
} cases[] = {
    { "localhost", true },
    { "localhost:8080", true },
    { "LocalHost:0", true },
    { "demo.localhost", true },
    { "a.b-c.LOCALHOST:65535", true },
    { "127.0.0.1", true },
    { "127.0.0.1:8080", true },
    { "127.255.1.2", true },
    { "[::1]", true },
    { "[::1]:8080", true },
    { "[::ffff:127.0.0.1]", true },

    { "", false },
    { ":8080", false },
    { ".localhost ", false },
    { "localhost.", false },
    { "localhost:", false },
    { "localhost:x", false },
    { "localhost:65536", false },
    { "localhost:80:80", false },
    { "badlocalhost", false },
    { "localhost.evil.net", false },
    { "evil.net/.localhost", false },
    { "evil.net@x.localhost", false },
    { "u@localhost", false },
    { "127.0.0.1.evil.net", false },
    { "127.0.0.1:x", false },
    { "128.0.0.1", false },
    { "10.0.0.1:8080", false },
    { "0.0.0.0:8080", false },
    { "[::2]:8080", false },
    { "[::1].localhost", false },
    { "::1", false },
    { "example.com", false },
    { "192.168.0.7", false },
};

static void hosts(void **unused) {
    (void)unused;
    for (size_t i = 0; i < countof(cases); i++) {
        if (http_host_is_loopback(span_str(cases[i].host)) != cases[i].is_loopback) {
            fail_msg("case %zu: %s", i, cases[i].host);
        }
    }
    assert_false(http_host_is_loopback((struct span){ NULL, 0 }));
}

static void origins(void **unused) {
    (void)unused;
    static const char *const schemes[] = { "http://", "https://" };
    for (size_t i = 0; i < countof(cases); i++) {
        for (size_t s = 0; s < countof(schemes); s++) {
            char origin[128];
            snprintf(origin, sizeof origin, "%s%s", schemes[s], cases[i].host);
            if (http_origin_is_loopback(span_str(origin)) != cases[i].is_loopback) {
                fail_msg("case %zu: %s", i, origin);
            }
        }
    }
    static const char *const others[] = { "null",
                                          "",
                                          "localhost",
                                          "file://",
                                          "file://localhost",
                                          "ws://localhost",
                                          "http:/localhost",
                                          "http://http://localhost" };
    for (size_t i = 0; i < countof(others); i++) {
        if (http_origin_is_loopback(span_str(others[i]))) fail_msg("case %zu: %s", i, others[i]);
    }
}

static bool is_loopback(const char *text) {
    const struct http_limits limits = { 1024, 1024 };
    struct http_parser *parser = http_parser_new(&limits);
    struct span in = span_str(text);
    assert_int_equal(http_parser_feed(parser, &in), HTTP_STEP_DONE);
    bool is_so = http_request_is_loopback(http_parser_request(parser));
    http_parser_free(parser);
    return is_so;
}

static void requests(void **unused) {
    (void)unused;
    assert_true(is_loopback("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_true(is_loopback("GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
                            "Origin: http://localhost:3000\r\n\r\n"));
    assert_false(is_loopback("GET / HTTP/1.1\r\nHost: evil.net\r\n\r\n"));
    assert_false(
        is_loopback("GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.net\r\n\r\n"));
    assert_false(is_loopback("GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n"));
    assert_false(is_loopback("GET http://evil.net/ HTTP/1.1\r\nHost: evil.net\r\n\r\n"));
    assert_false(is_loopback("GET / HTTP/1.0\r\n\r\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts),
        cmocka_unit_test(origins),
        cmocka_unit_test(requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
