/* SPDX-License-Identifier: MIT */
/*
 * Messages of a history as they are published and as they are kept: good ones, bad ones, and every
 * way to cut them.
 */
#include "broker/redis/entry_priv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_published(void **state) {
    (void)state;
    const struct {
        const char *text;
        bool is_good;
        struct entry is;
    } cases[] = {
        { "2 1 0 hello", true, { 2, 1, false, SPAN("hello") } },
        { "1 0 1 ", true, { 1, 0, true, SPAN("") } },
        { "9007199254740991 9007199254740990 0  0 ",
          true,
          { 9007199254740991, 9007199254740990, false, SPAN(" 0 ") } },
        { "9007199254740992 1 0 x", false },
        { "1 1 0 x", false },
        { "1 2 0 x", false },
        { "0 0 0 x", false },
        { "2 01 0 x", false },
        { "02 1 0 x", false },
        { "2 -1 0 x", false },
        { "2 1 2 x", false },
        { "2 1 00 x", false },
        { "2 1  x", false },
        { " 2 1 0 x", false },
        { "2  1 0 x", false },
        { "2\t1 0 x", false },
        { "2 1 0 \xc3(", false }, /* not UTF-8 */
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct span text = span_str(cases[i].text);
        struct entry is;
        assert_int_equal(entry_read(text, &is), cases[i].is_good);
        if (!cases[i].is_good) continue;
        assert_int_equal(is.number, cases[i].is.number);
        assert_int_equal(is.before, cases[i].is.before);
        assert_int_equal(is.is_last, cases[i].is.is_last);
        assert_true(span_eq(is.payload, cases[i].is.payload));
        for (size_t cut = 0; cut < text.len - is.payload.len; cut++)
            assert_false(entry_read(span_of(text.at, cut), &is));
    }
}

enum { FIELDS_MAX = 8 };

/* "id name value name value ..."; the value `-` is no string. */
static struct redis_reply item_of(const char *text, struct redis_reply ids[2],
                                  struct redis_reply fields[FIELDS_MAX]) {
    struct span left = span_str(text), word;
    size_t count = 0;
    ids[0] = (struct redis_reply){ .kind = REDIS_STRING };
    if (span_next(&left, ' ', &word)) ids[0].text = word;
    while (count < FIELDS_MAX && span_next(&left, ' ', &word)) {
        bool is_none = span_eq(word, SPAN("-"));
        fields[count++] =
            (struct redis_reply){ .kind = is_none ? REDIS_NIL : REDIS_STRING, .text = word };
    }
    ids[1] = (struct redis_reply){ .kind = REDIS_ARRAY, .items = fields, .count = count };
    return (struct redis_reply){ .kind = REDIS_ARRAY, .items = ids, .count = 2 };
}

static void test_kept(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_good, has_number;
    } cases[] = {
        { "5-0 payload x last 1 before 3", true, true },
        { "5-0 before 3 other 4 last 1 payload x", true, true },
        { "5-0 before 3 last 1 payload x payload y", true, true },
        { "5-1 payload x last 1 before 3", false, true },
        { "5 payload x last 1 before 3", false, true },
        { "-0 payload x last 1 before 3", false, false },
        { "x-0 payload x last 1 before 3", false, false },
        { "9007199254740992-0 payload x last 1 before 3", false, false },
        { "5-0 payload x last 1 before 5", false, true },
        { "5-0 payload x last 2 before 3", false, true },
        { "5-0 payload x last 1 before", false, true },
        { "5-0 payload x last 1", false, true },
        { "5-0 payload - last 1 before 3", false, true },
        { "5-0 last 1 before 3", false, true },
        { "5-0", false, true },
        { "", false, false },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct redis_reply ids[2], fields[FIELDS_MAX];
        struct redis_reply item = item_of(cases[i].text, ids, fields);
        struct entry is;
        uint64_t number = 0;
        assert_int_equal(entry_read_kept(&item, &is), cases[i].is_good);
        assert_int_equal(entry_number_kept(&item, &number), cases[i].has_number);
        if (cases[i].has_number) assert_int_equal(number, 5);
        if (cases[i].is_good) {
            assert_true(is.number == 5 && is.before == 3 && is.is_last);
            assert_true(span_eq(is.payload, SPAN("x")));
        }
        item.count = 1;
        assert_false(entry_read_kept(&item, &is));
        item.count = 0;
        assert_false(entry_number_kept(&item, &number));
        item = (struct redis_reply){ .kind = REDIS_NIL };
        assert_false(entry_read_kept(&item, &is));
        assert_false(entry_number_kept(&item, &number));
        item = item_of(cases[i].text, ids, fields);
        ids[1].kind = REDIS_NIL;
        assert_false(entry_read_kept(&item, &is));
        ids[0].kind = REDIS_INTEGER;
        assert_false(entry_number_kept(&item, &number));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
