/* SPDX-License-Identifier: MIT */
/*
 * Counters, histograms and the places of codes in their lists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/count.h"

static void counters(void **state) {
    (void)state;
    struct counter c = { 0 };
    counter_add(&c, 5);
    counter_sub(&c, 2);
    assert_int_equal(counter_read(&c), 3);
    counter_sub(&c, 3);
    assert_int_equal(counter_read(&c), 0);
}

static void values_on_a_bound_belong_below_it(void **state) {
    (void)state;
    const struct histogram_shape *shapes[] = { &histogram_latency, &histogram_duration,
                                               &histogram_size };
    for (size_t s = 0; s < countof(shapes); s++) {
        const struct histogram_shape *shape = shapes[s];
        assert_in_range(shape->count, 1, HISTOGRAM_BOUNDS_MAX);
        uint64_t sum = 0;
        struct histogram h = { 0 };
        for (size_t i = 0; i < shape->count; i++) {
            if (i > 0) assert_true(shape->bounds[i] > shape->bounds[i - 1]);
            histogram_add(&h, shape, shape->bounds[i], 2);
            histogram_add(&h, shape, shape->bounds[i] + 1, 1);
            sum += 3 * shape->bounds[i] + 1;
        }
        assert_int_equal(counter_read(&h.buckets[0]), 2);
        for (size_t i = 1; i < shape->count; i++)
            assert_int_equal(counter_read(&h.buckets[i]), 3);
        assert_int_equal(counter_read(&h.buckets[shape->count]), 1);
        assert_int_equal(counter_read(&h.sum), sum);
        histogram_add(&h, shape, 0, 1);
        assert_int_equal(counter_read(&h.buckets[0]), 3);
    }
}

static void quantiles_lie_evenly_in_a_bucket(void **state) {
    (void)state;
    static const struct histogram_shape shape = { .bounds = { 10, 20, 40 }, .count = 3 };
    static const struct {
        uint64_t buckets[HISTOGRAM_BOUNDS_MAX + 1];
        double part;
        double value;
    } cases[] = {
        { { 0 }, 0.5, 0 },
        { { 4 }, 0.5, 5 },
        { { 4 }, 1, 10 },
        { { 0, 4 }, 0, 10 },
        { { 0, 4 }, 0.25, 12.5 },
        { { 10, 0, 10 }, 0.5, 10 },
        { { 10, 0, 10 }, 0.51, 20.4 },
        { { 10, 0, 10 }, 0.99, 39.6 },
        { { 50, 40, 10 }, 0.5, 10 },
        { { 50, 40, 10 }, 0.9, 20 },
        { { 50, 40, 10 }, 0.95, 30 },
        { { 98, 0, 0, 2 }, 0.98, 10 },
        { { 98, 0, 0, 2 }, 0.99, 40 },
        { { 0, 0, 0, 2 }, 0.01, 40 },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        double value = histogram_quantile(&shape, cases[i].buckets, cases[i].part);
        if (value < cases[i].value - 1e-9 || value > cases[i].value + 1e-9)
            fail_msg("case %zu: %g, not %g", i, value, cases[i].value);
    }
}

static void codes_have_places(void **state) {
    (void)state;
    assert_int_equal(count_close_kind(1000), COUNT_CLOSE_1000);
    assert_int_equal(count_close_kind(4029), COUNT_CLOSE_4029);
    assert_int_equal(count_close_kind(1004), COUNT_CLOSE_OTHER);
    assert_int_equal(count_close_kind(0), COUNT_CLOSE_OTHER);
    assert_int_equal(count_close_kind(65535), COUNT_CLOSE_OTHER);
    assert_int_equal(count_status_kind(200), COUNT_STATUS_200);
    assert_int_equal(count_status_kind(503), COUNT_STATUS_503);
    assert_int_equal(count_status_kind(418), COUNT_STATUS_OTHER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters),
        cmocka_unit_test(values_on_a_bound_belong_below_it),
        cmocka_unit_test(quantiles_lie_evenly_in_a_bucket),
        cmocka_unit_test(codes_have_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
