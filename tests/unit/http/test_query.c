/* SPDX-License-Identifier: MIT */
/*
 * Escapes and query strings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/query.h"

enum { ROOM = 8 };

static void parameters_are_found_and_decoded(void **state) {
    (void)state;
    static const struct {
        struct span query, name;
        enum err outcome;
        struct span value;
    } CASES[] = {
#define FOUND(query, name, value)                                                                  \
    {                                                                                              \
        { query, sizeof query - 1 }, { name, sizeof name - 1 }, ERR_OK, {                          \
            value, sizeof value - 1                                                                \
        }                                                                                          \
    }
#define FAILS(query, name, outcome)                                                                \
    {                                                                                              \
        { query, sizeof query - 1 }, { name, sizeof name - 1 }, outcome, {                         \
            NULL, 0                                                                                \
        }                                                                                          \
    }
        FOUND("token=a.b-c", "token", "a.b-c"),
        FOUND("x=1&token=t&y=2", "token", "t"),
        FOUND("token", "token", ""),
        FOUND("token=", "token", ""),
        FOUND("token=a=b", "token", "a=b"),
        FOUND("a=b+c", "a", "b c"),
        FOUND("a=%41%2b%20%e4", "a", "A+ \xe4"),
        FOUND("%74oken=x", "token", "x"),
        FOUND("a+b=x", "a b", "x"),
        FOUND("&&a=x&", "a", "x"),
        FOUND("a=12345678", "a", "12345678"),
        FOUND("a=123456789", "a", "123456789"), /* needs no room */
        FOUND("a=1234567%38", "a", "12345678"),
        FOUND("b=%zz&a=x", "a", "x"), /* what nobody asks for is nobody's fault */
        FOUND("=x", "", "x"),
        FAILS("", "token", ERR_NOT_FOUND),
        FAILS("tokens=x", "token", ERR_NOT_FOUND),
        FAILS("toke=x", "token", ERR_NOT_FOUND),
        FAILS("Token=x", "token", ERR_NOT_FOUND),
        FAILS("a=token=x", "token", ERR_NOT_FOUND),
        FAILS("a;token=x", "token", ERR_NOT_FOUND),
        FAILS("tok%00en=x", "token", ERR_NOT_FOUND),
        FAILS("a=1&a=1", "a", ERR_INVALID),
        FAILS("a=1&%61=2", "a", ERR_INVALID),
        FAILS("a&a", "a", ERR_INVALID),
        FAILS("a=%", "a", ERR_INVALID),
        FAILS("a=%4", "a", ERR_INVALID),
        FAILS("a=%4&b=1", "a", ERR_INVALID),
        FAILS("a=%4g", "a", ERR_INVALID),
        FAILS("a=% 4", "a", ERR_INVALID),
        FAILS("a=%00", "a", ERR_INVALID),
        FAILS("a=12345678%39", "a", ERR_TOO_BIG),
#undef FOUND
#undef FAILS
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        char room[ROOM];
        struct span value = { NULL, 0 };
        enum err e = http_query_get(CASES[i].query, CASES[i].name, room, sizeof room, &value);
        if (e != CASES[i].outcome || !span_eq(value, CASES[i].value)) {
            fail_msg("'%s': %d '%.*s'", CASES[i].query.at, e, SPAN_ARG(value));
        }
    }
}

static void an_absent_query_has_no_parameters(void **state) {
    (void)state;
    char room[ROOM];
    struct span value;
    assert_int_equal(http_query_get(span_of(NULL, 0), SPAN("a"), room, sizeof room, &value),
                     ERR_NOT_FOUND);
}

static void plus_is_a_plus_in_a_path(void **state) {
    (void)state;
    char room[ROOM];
    struct span value;
    assert_int_equal(http_percent_decode(SPAN("a+%2B"), room, sizeof room, &value), ERR_OK);
    assert_true(span_eq(value, SPAN("a++")));
    struct span text = SPAN("a+b");
    assert_int_equal(http_percent_decode(text, room, sizeof room, &value), ERR_OK);
    assert_ptr_equal(value.at, text.at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_found_and_decoded),
        cmocka_unit_test(an_absent_query_has_no_parameters),
        cmocka_unit_test(plus_is_a_plus_in_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
