/* SPDX-License-Identifier: MIT */
/*
 * Comparing and cutting of borrowed bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/span.h"

static const struct span none = { NULL, 0 };

static void comparing(void **state) {
    (void)state;
    assert_true(span_eq(none, SPAN("")));
    assert_true(span_eq(SPAN("a\0b"), SPAN("a\0b")));
    assert_false(span_eq(SPAN("a\0b"), SPAN("a\0c")));
    assert_false(span_eq(SPAN("ab"), SPAN("abc")));
    assert_true(span_eq_nocase(SPAN("Upgrade-09"), SPAN("uPGRADE-09")));
    assert_true(span_eq_nocase(none, SPAN("")));
    assert_false(span_eq_nocase(SPAN("a"), SPAN("b")));
    assert_false(span_eq_nocase(SPAN("ab"), SPAN("a")));
    /* Only letters fold: these differ in the same bit as "A" and "a". */
    assert_false(span_eq_nocase(SPAN("@"), SPAN("`")));
    assert_false(span_eq_nocase(SPAN("["), SPAN("{")));
    assert_false(span_eq_nocase(SPAN("\xc4"), SPAN("\xe4")));
    assert_true(span_eq(span_str(NULL), none));
    assert_true(span_eq(span_str("x"), SPAN("x")));
}

static void heads_and_tails(void **state) {
    (void)state;
    assert_true(span_starts(SPAN("abc"), SPAN("ab")));
    assert_true(span_starts(SPAN("abc"), SPAN("abc")));
    assert_true(span_starts(SPAN("abc"), none));
    assert_true(span_starts(none, none));
    assert_false(span_starts(SPAN("abc"), SPAN("abcd")));
    assert_false(span_starts(SPAN("abc"), SPAN("b")));
    assert_true(span_ends(SPAN("abc"), SPAN("bc")));
    assert_true(span_ends(SPAN("abc"), SPAN("abc")));
    assert_true(span_ends(SPAN("abc"), SPAN("")));
    assert_true(span_ends(none, none));
    assert_false(span_ends(SPAN("abc"), SPAN("xabc")));
    assert_false(span_ends(SPAN("abc"), SPAN("b")));
}

static void skipping_and_trimming(void **state) {
    (void)state;
    assert_true(span_eq(span_skip(SPAN("abc"), 1), SPAN("bc")));
    assert_int_equal(span_skip(SPAN("abc"), 3).len, 0);
    assert_int_equal(span_skip(SPAN("abc"), SIZE_MAX).len, 0);
    assert_null(span_skip(none, 5).at);
    assert_true(span_eq(span_trim(SPAN(" \t a b\t ")), SPAN("a b")));
    assert_true(span_eq(span_trim(SPAN("\r\na\n")), SPAN("\r\na\n"))); /* not OWS */
    assert_int_equal(span_trim(SPAN(" \t")).len, 0);
    assert_int_equal(span_trim(none).len, 0);
    assert_int_equal(span_find(SPAN("a,b"), ','), 1);
    assert_int_equal(span_find(SPAN("ab"), ','), 2);
    assert_int_equal(span_find(none, ','), 0);
}

static void pieces_between_separators(void **state) {
    (void)state;
    static const struct {
        const char *whole;
        const char *pieces[5];
    } cases[] = {
        { "", { "" } },        { "a", { "a" } },      { ",", { "", "" } },
        { "a,", { "a", "" } }, { ",a", { "", "a" } }, { "a,b,,c", { "a", "b", "", "c" } },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct span rest = span_str(cases[i].whole), piece;
        for (size_t n = 0; cases[i].pieces[n]; n++) {
            assert_true(span_next(&rest, ',', &piece));
            assert_true(span_eq(piece, span_str(cases[i].pieces[n])));
        }
        assert_false(span_next(&rest, ',', &piece));
    }
    struct span rest = none, piece;
    assert_false(span_next(&rest, ',', &piece));
}

static void decimal_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t max;
        bool is_good;
        uint64_t value;
    } cases[] = {
        { "0", 0, true, 0 },
        { "7", 7, true, 7 },
        { "8", 7, false, 0 },
        { "9", 7, false, 0 },
        { "10", 9, false, 0 },
        { "255", 255, true, 255 },
        { "256", 255, false, 0 },
        { "9007199254740991", 9007199254740991, true, 9007199254740991 },
        { "9007199254740992", 9007199254740991, false, 0 },
        { "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
        { "18446744073709551616", UINT64_MAX, false, 0 },
        { "18446744073709551620", UINT64_MAX, false, 0 },
        { "99999999999999999999", UINT64_MAX, false, 0 },
        { "184467440737095516150", UINT64_MAX, false, 0 },
        { "", 9, false, 0 },
        { "00", 9, false, 0 },
        { "01", 9, false, 0 },
        { "+1", 9, false, 0 },
        { "-1", 9, false, 0 },
        { " 1", 9, false, 0 },
        { "1 ", 9, false, 0 },
        { "1a", 99, false, 0 },
        { "0x1", 99, false, 0 },
        { ":", 99, false, 0 },
        { "/", 99, false, 0 },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        uint64_t value = 4711;
        if (span_to_uint(span_str(cases[i].text), cases[i].max, &value) != cases[i].is_good) {
            fail_msg("%s", cases[i].text);
        }
        assert_int_equal(value, cases[i].is_good ? cases[i].value : 4711);
    }
    uint64_t value;
    assert_false(span_to_uint(SPAN("1\0"), 99, &value));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing),
        cmocka_unit_test(heads_and_tails),
        cmocka_unit_test(skipping_and_trimming),
        cmocka_unit_test(pieces_between_separators),
        cmocka_unit_test(decimal_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
