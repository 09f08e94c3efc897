/* SPDX-License-Identifier: MIT */
/*
 * What headers say of how long an answer may be kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fetch/cache_priv.h"

static const struct {
    const char *line;
    int64_t before, after;
} cases[] = {
    { "Cache-Control: max-age=60\r\n", -1, 60 },
    { "cache-CONTROL:MAX-AGE=60", -1, 60 },
    { "Cache-Control: public, max-age=300, must-revalidate\r\n", -1, 300 },
    { "Cache-Control: max-age=\"60\"\r\n", -1, 60 },
    { "Cache-Control: max-age = 60\r\n", -1, 60 },
    { "Cache-Control: max-age=007\r\n", -1, 7 },
    { "Cache-Control: max-age=60, max-age=30\r\n", -1, 30 },
    { "Cache-Control: max-age=60\r\n", 20, 20 },
    { "Cache-Control: max-age=60\r\n", 90, 60 },
    { "Cache-Control: no-store\r\n", -1, 0 },
    { "Cache-Control: max-age=60, no-cache\r\n", -1, 0 },
    { "Cache-Control: max-age=99999999999999999999999999\r\n", -1, CACHE_AGE_MAX },
    { "Cache-Control: max-age=-1\r\n", -1, 0 },
    { "Cache-Control: max-age=soon\r\n", -1, 0 },
    { "Cache-Control: max-age\r\n", -1, 0 },
    { "Cache-Control: max-age=\r\n", -1, 0 },
    { "Cache-Control: max-age=\"\r\n", -1, 0 },
    { "Cache-Control: public\r\n", -1, -1 },
    { "Cache-Control: s-maxage=60\r\n", -1, -1 },
    { "Cache-Control: ,,\r\n", -1, -1 },
    { "Cache-Control:\r\n", -1, -1 },
    { "X-Cache-Control: max-age=60\r\n", -1, -1 },
    { "Cache-Control max-age=60\r\n", -1, -1 },
    { "HTTP/1.1 200 OK\r\n", -1, -1 },
    { "\r\n", 7, 7 },
    { "", 7, 7 },
};

static void lines(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        int64_t age_s = cases[i].before;
        cache_take_header(span_str(cases[i].line), &age_s);
        if (age_s != cases[i].after) fail_msg("%s: %lld", cases[i].line, (long long)age_s);
    }
}

static void cut_anywhere(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        for (size_t len = 0; len < strlen(cases[i].line); len++) {
            char *exact = mem_new(len + 1);
            int64_t age_s = -1;
            memcpy(exact, cases[i].line, len);
            cache_take_header(span_of(exact, len), &age_s);
            assert_true(age_s >= -1 && age_s <= CACHE_AGE_MAX);
            mem_free(exact);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(lines), cmocka_unit_test(cut_anywhere) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
