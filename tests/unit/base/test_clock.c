/* SPDX-License-Identifier: MIT */
/*
 * Clocks and the text of a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static void times_as_text(void **state) {
    (void)state;
    static const struct {
        int64_t wall_ms;
        const char *text;
    } cases[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { 7, "1970-01-01T00:00:00.007Z" },
        { 999, "1970-01-01T00:00:00.999Z" },
        { 1000, "1970-01-01T00:00:01.000Z" },
        { 951782399050, "2000-02-28T23:59:59.050Z" },
        { 951782400000, "2000-02-29T00:00:00.000Z" },
        { 2147483647999, "2038-01-19T03:14:07.999Z" },
        { 2147483648000, "2038-01-19T03:14:08.000Z" },
        { 4107542400000, "2100-03-01T00:00:00.000Z" },
        { 253402300799999, "9999-12-31T23:59:59.999Z" },
        { 253402300800000, "9999-12-31T23:59:59.999Z" },
        { INT64_MAX, "9999-12-31T23:59:59.999Z" },
        { -1, "1970-01-01T00:00:00.000Z" },
        { INT64_MIN, "1970-01-01T00:00:00.000Z" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        char text[CLOCK_TEXT_BYTES];
        clock_text(cases[i].wall_ms, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void clocks_go_forward(void **state) {
    (void)state;
    uint64_t before = clock_now_ns();
    int64_t wall_ms = clock_wall_ms();
    assert_true(wall_ms > 1577836800000); /* 2020 */
    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_now_ns();
        assert_true(now >= before);
        before = now;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_as_text),
        cmocka_unit_test(clocks_go_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
