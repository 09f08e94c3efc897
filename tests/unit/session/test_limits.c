/* SPDX-License-Identifier: MIT */
/*
 * Attempts in a minute, blocks, and a table that forgets whoever was not heard of for longest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "session/limits.h"

#include <pthread.h>

enum { PER_MINUTE = 3, BLOCK_MS = 90000, T = 5000000 };

static struct limits_key key_of(const char *address, uint16_t endpoint) {
    struct address parsed;
    assert_true(address_parse(span_str(address), &parsed));
    return limits_key_address(&parsed, endpoint);
}

static uint64_t try_at(struct limits *limits, const struct limits_key *key, uint64_t now_ms) {
    return limits_attempt(limits, key, PER_MINUTE, BLOCK_MS, now_ms);
}

static void a_minute_begins_with_its_first_attempt(void **state) {
    (void)state;
    struct limits *limits = limits_new(1000);
    const struct limits_key key = key_of("192.0.2.1", 1);
    assert_int_equal(try_at(limits, &key, T), 0);
    assert_int_equal(try_at(limits, &key, T + 59998), 0);
    assert_int_equal(try_at(limits, &key, T + 59999), 0);
    assert_int_equal(try_at(limits, &key, T + 60000), 0); /* the first of the next minute */
    assert_int_equal(try_at(limits, &key, T + 60001), 0);
    assert_int_equal(try_at(limits, &key, T + 60001), 0);
    assert_int_equal(limits_blocked(limits, &key, T + 119999), 0);
    assert_int_equal(try_at(limits, &key, T + 119999), BLOCK_MS);
    limits_free(limits);
}

static void a_block_is_not_prolonged_and_then_all_starts_afresh(void **state) {
    (void)state;
    struct limits *limits = limits_new(1000);
    const struct limits_key key = key_of("192.0.2.1", 1);
    for (int i = 0; i < PER_MINUTE; i++)
        assert_int_equal(try_at(limits, &key, T), 0);
    assert_int_equal(limits_blocked(limits, &key, T), 0);
    assert_int_equal(try_at(limits, &key, T + 10), BLOCK_MS);
    for (uint64_t later = 1; later < BLOCK_MS; later += 997) {
        assert_int_equal(try_at(limits, &key, T + 10 + later), BLOCK_MS - later);
        assert_int_equal(limits_blocked(limits, &key, T + 10 + later), BLOCK_MS - later);
    }
    assert_int_equal(try_at(limits, &key, T + 10 + BLOCK_MS - 1), 1);
    for (int i = 0; i < PER_MINUTE; i++)
        assert_int_equal(try_at(limits, &key, T + 10 + BLOCK_MS), 0);
    assert_int_equal(try_at(limits, &key, T + 10 + BLOCK_MS), BLOCK_MS);
    limits_free(limits);
}

/* Workers read their clocks at the beginning of their turns, so that times come a little out of
 * order. */
static void a_clock_that_lags_does_not_forgive(void **state) {
    (void)state;
    struct limits *limits = limits_new(1000);
    const struct limits_key key = key_of("192.0.2.1", 1);
    assert_int_equal(try_at(limits, &key, T), 0);
    assert_int_equal(try_at(limits, &key, T - 1), 0);
    assert_int_equal(try_at(limits, &key, T), 0);
    assert_int_equal(try_at(limits, &key, T - 1), BLOCK_MS);
    assert_true(try_at(limits, &key, T - 2) > 0);
    limits_free(limits);
}

static void without_a_limit_only_blocks_count(void **state) {
    (void)state;
    struct limits *limits = limits_new(1000);
    const struct limits_key key = key_of("192.0.2.1", 1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(limits_attempt(limits, &key, 0, BLOCK_MS, T), 0);
    assert_int_equal(limits_count(limits), 0); /* nothing to remember */
    limits_block(limits, &key, T + 100);
    assert_int_equal(limits_attempt(limits, &key, 0, BLOCK_MS, T), 100);
    assert_int_equal(limits_attempt(limits, &key, 0, BLOCK_MS, T + 100), 0);
    limits_free(limits);
}

static void the_later_end_of_two_blocks_stands(void **state) {
    (void)state;
    struct limits *limits = limits_new(1000);
    const struct limits_key key = limits_key_user(limits, SPAN("u1"), 1);
    limits_block(limits, &key, T + 100);
    limits_block(limits, &key, T + 50);
    assert_int_equal(limits_blocked(limits, &key, T), 100);
    limits_block(limits, &key, T + 200);
    assert_int_equal(limits_blocked(limits, &key, T), 200);
    assert_int_equal(limits_blocked(limits, &key, T + 200), 0);
    limits_free(limits);
}

static bool are_one(const struct limits_key *a, const struct limits_key *b) {
    struct limits *limits = limits_new(1000);
    limits_block(limits, a, T + 1);
    bool is_one = limits_blocked(limits, b, T) > 0;
    limits_free(limits);
    return is_one;
}

static void who_is_counted_together(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        bool is_one;
    } cases[] = {
        { "192.0.2.1", "192.0.2.1", true },
        { "192.0.2.1", "192.0.2.1:4711", true },
        { "192.0.2.1", "192.0.2.2", false },
        { "::ffff:192.0.2.1", "192.0.2.1", true },
        { "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true },
        { "2001:db8:1:2::1", "2001:db8:1:3::1", false },
        { "::1", "::2", true },
        { "::1", "0.0.0.1", false },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        const struct limits_key a = key_of(cases[i].a, 1), b = key_of(cases[i].b, 1);
        if (are_one(&a, &b) != cases[i].is_one) fail_msg("%s %s", cases[i].a, cases[i].b);
        const struct limits_key elsewhere = key_of(cases[i].b, 2);
        assert_false(are_one(&a, &elsewhere));
    }
}

static void users_are_no_addresses(void **state) {
    (void)state;
    struct limits *limits = limits_new(1000);
    const struct limits_key user = limits_key_user(limits, SPAN("u1"), 1);
    const struct limits_key again = limits_key_user(limits, SPAN("u1"), 1);
    const struct limits_key other = limits_key_user(limits, SPAN("u2"), 1);
    const struct limits_key elsewhere = limits_key_user(limits, SPAN("u1"), 2);
    struct limits_key address = user;
    address.is_user = false;
    limits_block(limits, &user, T + 1);
    assert_int_equal(limits_blocked(limits, &again, T), 1);
    assert_int_equal(limits_blocked(limits, &other, T), 0);
    assert_int_equal(limits_blocked(limits, &elsewhere, T), 0);
    assert_int_equal(limits_blocked(limits, &address, T), 0);
    limits_free(limits);
}

/* IPv4 address number `number`. */
static struct limits_key numbered(uint32_t number) {
    struct address address = { .bytes = { [10] = 0xff, [11] = 0xff } };
    for (size_t i = 0; i < 4; i++)
        address.bytes[12 + i] = (uint8_t)(number >> (8 * (3 - i)));
    return limits_key_address(&address, 0);
}

static void the_table_is_bounded_and_forgets_the_stalest(void **state) {
    (void)state;
    enum { MAX = 1600 };
    struct limits *limits = limits_new(MAX);
    const struct limits_key kept = numbered(0xffffffff);
    limits_block(limits, &kept, UINT64_MAX);
    for (uint32_t i = 0; i < 50 * MAX; i++) {
        const struct limits_key key = numbered(i);
        assert_int_equal(try_at(limits, &key, T), 0);
        assert_true(limits_count(limits) <= MAX);
        /* Whoever is heard of now and then is not forgotten. */
        if (i % 10 == 0) assert_true(limits_blocked(limits, &kept, T) > 0);
    }
    assert_in_range(limits_count(limits), MAX / 2, MAX);
    const struct limits_key first = numbered(0), last = numbered(50 * MAX - 1);
    for (int i = 1; i < PER_MINUTE; i++)
        assert_int_equal(try_at(limits, &last, T), 0);
    assert_true(try_at(limits, &last, T) > 0); /* remembered from the loop */
    for (int i = 0; i < PER_MINUTE; i++)
        assert_int_equal(try_at(limits, &first, T), 0); /* forgotten long ago */
    limits_free(limits);
}

static void the_smallest_table_works(void **state) {
    (void)state;
    for (uint32_t max = 0; max < 3; max++) {
        struct limits *limits = limits_new(max);
        for (uint32_t i = 0; i < 1000; i++) {
            const struct limits_key key = numbered(i);
            limits_block(limits, &key, T + 1);
            assert_int_equal(limits_blocked(limits, &key, T), 1);
        }
        limits_free(limits);
    }
    limits_free(NULL);
}

/* Who cannot be remembered is let in: better than refusing everybody. */
static void without_memory_nobody_is_refused(void **state) {
    (void)state;
    struct limits *limits = limits_new(100000);
    const struct limits_key key = numbered(1);
    for (uint64_t nth = 1; nth <= 2; nth++) {
        mem_fail_nth(nth);
        assert_int_equal(try_at(limits, &key, T), 0);
        mem_fail_nth(0);
    }
    assert_int_equal(limits_count(limits), 0);
    assert_int_equal(try_at(limits, &key, T), 0);
    assert_int_equal(limits_count(limits), 1);
    limits_free(limits);
}

enum { THREADS = 4, TRIES = 20000 };

struct trier {
    pthread_t thread;
    struct limits *limits;
    uint64_t let_in;
};

static void *try_often(void *arg) {
    struct trier *trier = arg;
    for (uint32_t i = 0; i < TRIES; i++) {
        const struct limits_key mine = numbered(i), shared = numbered(0xeeeeeeee);
        (void)try_at(trier->limits, &mine, T + i);
        trier->let_in += limits_attempt(trier->limits, &shared, 100, BLOCK_MS, T) == 0;
    }
    return NULL;
}

static void threads_count_together(void **state) {
    (void)state;
    struct limits *limits = limits_new(100000);
    struct trier triers[THREADS];
    uint64_t let_in = 0;
    for (size_t i = 0; i < THREADS; i++) {
        triers[i] = (struct trier){ .limits = limits };
        assert_int_equal(pthread_create(&triers[i].thread, NULL, try_often, &triers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(triers[i].thread, NULL);
        let_in += triers[i].let_in;
    }
    assert_int_equal(let_in, 100);
    limits_free(limits);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minute_begins_with_its_first_attempt),
        cmocka_unit_test(a_block_is_not_prolonged_and_then_all_starts_afresh),
        cmocka_unit_test(a_clock_that_lags_does_not_forgive),
        cmocka_unit_test(without_a_limit_only_blocks_count),
        cmocka_unit_test(the_later_end_of_two_blocks_stands),
        cmocka_unit_test(who_is_counted_together),
        cmocka_unit_test(users_are_no_addresses),
        cmocka_unit_test(the_table_is_bounded_and_forgets_the_stalest),
        cmocka_unit_test(the_smallest_table_works),
        cmocka_unit_test(without_memory_nobody_is_refused),
        cmocka_unit_test(threads_count_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
