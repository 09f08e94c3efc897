/* SPDX-License-Identifier: MIT */
/*
 * Times as people type them.
 */
#include "cli/duration.h"

#include <setjmp.h>
#include <stdarg.h>
/* after those two */
#include <cmocka.h>

static void good_ones(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {
        { "1s", 1 },
        { "90s", 90 },
        { "15m", 900 },
        { "1h", 3600 },
        { "7d", 604800 },
        { "36525d", 3155760000 },
        { "3155760000s", 3155760000 },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        int64_t seconds = -1;
        assert_true(cli_duration(span_str(cases[i].text), &seconds));
        assert_int_equal(seconds, cases[i].seconds);
    }
}

static void bad_ones(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        "s",
        "1",
        "0s",
        "-1s",
        "+1s",
        "1.5h",
        "01s",
        "1 s",
        " 1s",
        "1s ",
        "1w",
        "1S",
        "1h30m",
        "1hs",
        "0x1s",
        "36526d",
        "3155760001s",
        "99999999999999999999d",
    };
    for (size_t i = 0; i < countof(cases); i++) {
        int64_t seconds = -1;
        assert_false(cli_duration(span_str(cases[i]), &seconds));
        assert_int_equal(seconds, -1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones),
        cmocka_unit_test(bad_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
