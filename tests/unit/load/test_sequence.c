/* SPDX-License-Identifier: MIT */
/*
 * What comes of a numbered series is told apart: in order, lost, late, twice.
 */
#include "load/sequence.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NUMBERS_MAX = 12 };

static void tells_apart(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t count;
        uint64_t numbers[NUMBERS_MAX];
        uint64_t sent;
        struct load_tally wanted;
    } cases[] = {
        { "nothing sent", 0, { 0 }, 0, { 0, 0, 0, 0 } },
        { "in order", 4, { 0, 1, 2, 3 }, 4, { 4, 0, 0, 0 } },
        { "nothing came", 0, { 0 }, 3, { 0, 3, 0, 0 } },
        { "the first is lost", 2, { 1, 2 }, 3, { 2, 1, 0, 0 } },
        { "one in the middle is lost", 3, { 0, 2, 3 }, 4, { 3, 1, 0, 0 } },
        { "the last are lost", 2, { 0, 1 }, 5, { 2, 3, 0, 0 } },
        { "two change places", 4, { 0, 2, 1, 3 }, 4, { 4, 0, 1, 0 } },
        { "backwards", 4, { 3, 2, 1, 0 }, 4, { 4, 0, 3, 0 } },
        { "twice in a row", 3, { 0, 0, 1 }, 2, { 3, 0, 0, 1 } },
        { "twice, later", 4, { 0, 1, 2, 0 }, 3, { 4, 0, 0, 1 } },
        { "late, then again", 4, { 0, 2, 1, 1 }, 3, { 4, 0, 1, 1 } },
        { "lost beside doubled", 3, { 0, 2, 2 }, 3, { 3, 1, 0, 1 } },
        { "a gap wider than the window", 2, { 0, 100 }, 101, { 2, 99, 0, 0 } },
        { "the edge of the window", 3, { 0, 64, 1 }, 65, { 3, 62, 1, 0 } },
        { "twice at the edge of the window", 4, { 0, 64, 1, 1 }, 65, { 4, 62, 1, 1 } },
        { "later than the window", 3, { 0, 70, 1 }, 71, { 3, 68, 1, 0 } },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct load_sequence s = { 0 };
        struct load_tally tally = { 0 };
        for (size_t j = 0; j < cases[i].count; j++)
            load_sequence_seen(&s, cases[i].numbers[j], &tally);
        load_sequence_end(&s, cases[i].sent, &tally);
        if (memcmp(&tally, &cases[i].wanted, sizeof tally) != 0) {
            fail_msg("%s: received %d missing %d reordered %d duplicates %d", cases[i].name,
                     (int)tally.received, (int)tally.missing, (int)tally.reordered,
                     (int)tally.duplicates);
        }
    }
}

static void long_series_stay_in_order(void **state) {
    (void)state;
    struct load_sequence s = { 0 };
    struct load_tally tally = { 0 };
    for (uint64_t i = 0; i < 100000; i++)
        load_sequence_seen(&s, i, &tally);
    load_sequence_seen(&s, 1, &tally);
    load_sequence_end(&s, 100000, &tally);
    assert_int_equal(tally.received, 100001);
    assert_int_equal(tally.duplicates, 1);
    assert_int_equal(tally.missing + tally.reordered, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_apart),
        cmocka_unit_test(long_series_stay_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
