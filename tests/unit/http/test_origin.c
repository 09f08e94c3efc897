/* SPDX-License-Identifier: MIT */
/*
 * Tests of http/origin: rules that match, and what only looks as if it did.
 */
#include "http/origin.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const rules[] = { "https://app.example.com", "http://localhost:3000",
                                     "*.example.org" };

static void table(void **unused) {
    (void)unused;
    static const struct {
        const char *origin;
        bool is_allowed;
    } cases[] = {
        { "https://app.example.com", true },
        { "HTTPS://App.Example.com", true },
        { "http://app.example.com", false },
        { "https://app.example.com:443", false },
        { "https://app.example.com.evil.net", false },
        { "https://app.example.co", false },
        { "http://localhost:3000", true },
        { "http://localhost:30000", false },
        { "http://localhost", false },
        { "https://a.example.org", true },
        { "http://a.b.EXAMPLE.org:8080", true },
        { "https://example.org", false },
        { "https://.example.org", false },
        { "https://badexample.org", false },
        { "https://a.example.org.evil.net", false },
        { "https://evil.net/x.example.org", false },
        { "https://evil.net:80/.example.org", false },
        { "https://evil.net?.example.org", false },
        { "https://u@a.example.org", false },
        { "https://a.example.org:x", false },
        { "https://a.example.org:99999", false },
        { "https:/a.example.org", false },
        { "://a.example.org", false },
        { "a.example.org", false },
        { "*.example.org", false },
        { "null", false },
        { "", false },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct span origin = span_str(cases[i].origin);
        if (http_origin_is_allowed(origin, rules, countof(rules)) != cases[i].is_allowed) {
            fail_msg("case %zu: %s", i, cases[i].origin);
        }
        assert_true(http_origin_is_allowed(origin, NULL, 0));
    }
    assert_false(http_origin_is_allowed((struct span){ NULL, 0 }, rules, countof(rules)));
}

static void cors_lines(void **state) {
    (void)state;
    static const struct {
        const char *origin;
        size_t rule_count; /* 0: any origin */
        const char *lines;
    } cases[] = {
        { "https://app.example.com", 1,
          "Vary: Origin\r\nAccess-Control-Allow-Origin: https://app.example.com\r\n"
          "Access-Control-Expose-Headers: Retry-After\r\n" },
        { "https://evil.net", 1, "Vary: Origin\r\n" },
        { "", 1, "Vary: Origin\r\n" },
        { "https://evil.net", 0,
          "Access-Control-Allow-Origin: *\r\n"
          "Access-Control-Expose-Headers: Retry-After\r\n" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct buf lines;
        buf_init(&lines, 1024);
        http_origin_append_cors(&lines, span_str(cases[i].origin), rules, cases[i].rule_count);
        if (!span_eq(buf_span(&lines), span_str(cases[i].lines))) fail_msg("case %zu", i);
        buf_finish(&lines);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(table), cmocka_unit_test(cors_lines) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
