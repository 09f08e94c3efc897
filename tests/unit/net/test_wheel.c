/* SPDX-License-Identifier: MIT */
/*
 * Timers of slab items: each goes off in its second, whatever happens to its neighbours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/wheel.h"

struct item {
    uint64_t before;
    struct wheel_node timer;
};

enum { ITEMS = 300, START_S = 1000 };

struct bench {
    struct slab items;
    struct wheel wheel;
};

static void begin(struct bench *b) {
    slab_init(&b->items, sizeof(struct item), ITEMS);
    wheel_init(&b->wheel, &b->items, offsetof(struct item, timer), START_S);
    for (uint32_t i = 1; i <= ITEMS; i++) {
        uint32_t index;
        assert_int_equal(slab_take(&b->items, &index), ERR_OK);
        assert_int_equal(index, i);
    }
}

static uint32_t due_of(const struct bench *b, uint32_t index) {
    return ((const struct item *)slab_at(&b->items, index))->timer.due_s;
}

static void each_goes_off_in_its_second(void **state) {
    (void)state;
    static const uint32_t due[] = { START_S + 1,    START_S + 2,    START_S + 511,
                                    START_S + 512,  START_S + 513,  START_S + 514,
                                    START_S + 1024, START_S + 1025, START_S + 512 * 5 + 2 };
    struct bench b;
    begin(&b);
    for (uint32_t i = 0; i < countof(due); i++)
        wheel_set(&b.wheel, i + 1, due[i]);
    uint32_t gone = 0;
    for (uint32_t now = START_S; now < START_S + 512 * 6; now++) {
        uint32_t index;
        while ((index = wheel_next(&b.wheel, now))) {
            assert_int_equal(due[index - 1], now);
            assert_int_equal(due_of(&b, index), 0);
            gone++;
        }
    }
    assert_int_equal(gone, countof(due));
    slab_finish(&b.items);
}

static void a_second_that_has_passed_is_the_next_one(void **state) {
    (void)state;
    struct bench b;
    begin(&b);
    wheel_set(&b.wheel, 1, 1);
    wheel_set(&b.wheel, 2, START_S);
    assert_int_equal(due_of(&b, 1), START_S + 1);
    assert_int_equal(wheel_next(&b.wheel, START_S), 0);
    uint32_t both = wheel_next(&b.wheel, START_S + 1) + wheel_next(&b.wheel, START_S + 1);
    assert_int_equal(both, 3);
    assert_int_equal(wheel_next(&b.wheel, START_S + 1), 0);
    slab_finish(&b.items);
}

static void a_clock_that_leaps_leaves_nobody_out(void **state) {
    (void)state;
    struct bench b;
    begin(&b);
    for (uint32_t i = 1; i <= ITEMS; i++)
        wheel_set(&b.wheel, i, START_S + 1 + i * 7);
    uint32_t last_due = 0, gone = 0, index;
    while ((index = wheel_next(&b.wheel, START_S + 100000))) {
        uint32_t due = START_S + 1 + index * 7;
        assert_true(due > last_due); /* still in their order */
        last_due = due;
        gone++;
    }
    assert_int_equal(gone, ITEMS);
    slab_finish(&b.items);
}

/* All in one slot: whoever is cancelled, moved or set while the slot is worked off in part. */
static void neighbours_come_and_go_midway(void **state) {
    (void)state;
    for (uint32_t stop = 0; stop < 6; stop++) {
        for (uint32_t other = 1; other <= 6; other++) {
            struct bench b;
            begin(&b);
            bool is_expected[9] = { false };
            for (uint32_t i = 1; i <= 6; i++) {
                wheel_set(&b.wheel, i, START_S + 3);
                is_expected[i] = true;
            }
            wheel_set(&b.wheel, 7, START_S + 3 + 512); /* the same slot, a round later */
            bool has_gone[9] = { false };
            for (uint32_t n = 0; n < stop; n++)
                has_gone[wheel_next(&b.wheel, START_S + 3)] = true;
            /* Set anew while its second runs: the next one. */
            wheel_set(&b.wheel, other, START_S + 3);
            wheel_set(&b.wheel, 8, START_S + 3);
            wheel_cancel(&b.wheel, other % 6 + 1);
            uint32_t index;
            while ((index = wheel_next(&b.wheel, START_S + 3)))
                has_gone[index] = true;
            for (uint32_t i = 1; stop > 0 && i <= 6; i++) {
                if (i == other || i == other % 6 + 1) continue;
                assert_int_equal(has_gone[i], is_expected[i]);
            }
            while ((index = wheel_next(&b.wheel, START_S + 4)))
                has_gone[index] = true;
            assert_true(has_gone[other]);
            assert_true(has_gone[8]);
            assert_false(has_gone[7]);
            while ((index = wheel_next(&b.wheel, START_S + 3 + 511)))
                fail();
            assert_int_equal(wheel_next(&b.wheel, START_S + 3 + 512), 7);
            assert_int_equal(wheel_next(&b.wheel, START_S + 3 + 512), 0);
            slab_finish(&b.items);
        }
    }
}

static void cancelling_twice_is_nothing(void **state) {
    (void)state;
    struct bench b;
    begin(&b);
    wheel_cancel(&b.wheel, 1);
    wheel_set(&b.wheel, 1, START_S + 5);
    wheel_set(&b.wheel, 2, START_S + 5);
    wheel_cancel(&b.wheel, 1);
    wheel_cancel(&b.wheel, 1);
    assert_int_equal(wheel_next(&b.wheel, START_S + 5), 2);
    assert_int_equal(wheel_next(&b.wheel, START_S + 600), 0);
    slab_finish(&b.items);
}

/* Against an array of due times. */
static void it_agrees_with_a_plain_list(void **state) {
    (void)state;
    struct bench b;
    begin(&b);
    uint32_t due[ITEMS + 1] = { 0 };
    uint32_t now = START_S;
    uint64_t random = 88172645463325252u;
    for (int step = 0; step < 20000; step++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint32_t index = 1 + (uint32_t)(random >> 8) % ITEMS;
        uint32_t ahead = 1 + (uint32_t)(random >> 32) % 1500;
        switch (random % 4) {
        case 0:
        case 1:
            wheel_set(&b.wheel, index, now + ahead);
            due[index] = now + ahead;
            break;
        case 2:
            wheel_cancel(&b.wheel, index);
            due[index] = 0;
            break;
        default: {
            now += ahead % 9;
            uint32_t gone;
            while ((gone = wheel_next(&b.wheel, now))) {
                assert_in_range(due[gone], 1, now);
                due[gone] = 0;
            }
            for (uint32_t i = 1; i <= ITEMS; i++)
                assert_true(due[i] == 0 || due[i] > now);
        }
        }
    }
    slab_finish(&b.items);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_goes_off_in_its_second),
        cmocka_unit_test(a_second_that_has_passed_is_the_next_one),
        cmocka_unit_test(a_clock_that_leaps_leaves_nobody_out),
        cmocka_unit_test(neighbours_come_and_go_midway),
        cmocka_unit_test(cancelling_twice_is_nothing),
        cmocka_unit_test(it_agrees_with_a_plain_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
