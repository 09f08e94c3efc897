/* SPDX-License-Identifier: MIT */
/*
 * Names in Redis: with the prefix, and with what decides the slot in braces.
 */
#include "broker/redis/redis_priv.h"
#include "redis/link.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct broker_redis with_prefix(const char *prefix) {
    return (struct broker_redis){ .prefix = span_str(prefix) };
}

static void names(void **state) {
    (void)state;
    static const struct {
        const char *prefix, *name, *what, *plain, *key;
    } CASES[] = {
        { "", "ws:u1", "log", "ws:u1", "tidings:{ws:u1}:log" },
        { "p:", "ws:u1", "meta", "p:ws:u1", "p:tidings:{ws:u1}:meta" },
        { "", "a{b}c", "log", "a{b}c", "tidings:{a%7Bb%7Dc}:log" },
        { "", "}", "log", "}", "tidings:{%7D}:log" },
        { "", "", "log", "", "tidings:{}:log" },
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        struct broker_redis redis = with_prefix(CASES[i].prefix);
        char room[KEY_MAX];
        struct span got;
        assert_true(key_plain(&redis, room, span_str(CASES[i].name), &got));
        assert_true(span_eq(got, span_str(CASES[i].plain)));
        assert_true(key_of(&redis, room, span_str(CASES[i].name), CASES[i].what, &got));
        assert_true(span_eq(got, span_str(CASES[i].key)));
    }
}

static void keys_of_one_name_lie_in_one_slot(void **state) {
    (void)state;
    struct broker_redis redis = with_prefix("p:");
    char first_room[KEY_MAX], second_room[KEY_MAX];
    struct span first, second;
    struct span name = SPAN("x}y{z");
    assert_true(key_of(&redis, first_room, name, "log", &first));
    assert_true(key_of(&redis, second_room, name, "meta", &second));
    assert_int_equal(redis_slot(first), redis_slot(second));
}

static void long_names_are_refused(void **state) {
    (void)state;
    char prefix[PREFIX_MAX + 1] = { 0 }, name[KEY_MAX + 1], room[KEY_MAX];
    memset(prefix, 'p', PREFIX_MAX);
    memset(name, '{', sizeof name);
    struct broker_redis redis = with_prefix(prefix);
    struct span got;
    bool fits = true;
    for (size_t len = 0; len <= KEY_MAX; len++) {
        bool is_plain = key_plain(&redis, room, span_of(name, len), &got);
        assert_int_equal(is_plain, len + PREFIX_MAX <= KEY_MAX);
        if (is_plain) assert_int_equal(got.len, len + PREFIX_MAX);
        bool fitted = fits;
        fits = key_of(&redis, room, span_of(name, len), "log", &got);
        if (fits) assert_int_equal(got.len, PREFIX_MAX + strlen("tidings:{}:log") + 3 * len);
        assert_true(fits <= fitted);
        if (len == 200) assert_true(fits); /* the longest name of a channel */
    }
    assert_false(fits);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(keys_of_one_name_lie_in_one_slot),
        cmocka_unit_test(long_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
