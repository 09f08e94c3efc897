/* SPDX-License-Identifier: MIT */
/*
 * Percentiles are those of the sorted values, to within a bucket's width.
 */
#include "load/histogram.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct load_histogram *fresh(void) {
    return mem_new(sizeof(struct load_histogram));
}

static void empty_is_zero(void **state) {
    (void)state;
    struct load_histogram *h = fresh();
    assert_int_equal(load_histogram_at(h, 50), 0);
    assert_int_equal(load_histogram_mean(h), 0);
    assert_int_equal(h->min, 0);
    mem_free(h);
}

static void one_value_is_every_percentile(void **state) {
    (void)state;
    static const uint64_t values[] = { 0, 1, 63, 64, 65, 127, 128, 1000, 123456789, UINT64_MAX };
    for (size_t i = 0; i < countof(values); i++) {
        struct load_histogram *h = fresh();
        load_histogram_add(h, values[i]);
        assert_true(load_histogram_at(h, 0) == values[i]);
        assert_true(load_histogram_at(h, 50) == values[i]);
        assert_true(load_histogram_at(h, 100) == values[i]);
        assert_true(h->min == values[i] && h->max == values[i]);
        mem_free(h);
    }
}

static void small_values_are_exact(void **state) {
    (void)state;
    struct load_histogram *h = fresh();
    for (uint64_t value = 1; value <= 50; value++)
        load_histogram_add(h, value);
    assert_int_equal(load_histogram_at(h, 50), 25);
    assert_int_equal(load_histogram_at(h, 98), 49);
    assert_int_equal(load_histogram_at(h, 99), 50);
    assert_int_equal(load_histogram_mean(h), 25);
    mem_free(h);
}

/* Of 1 … n, the p-th percentile is p·n/100; a bucket is at most 1/64 of it wide. */
static void large_values_are_near(void **state) {
    (void)state;
    static const double percents[] = { 1, 10, 50, 90, 99, 99.9 };
    for (uint64_t step = 1; step <= 100000000; step *= 10) {
        struct load_histogram *h = fresh();
        for (uint64_t i = 1; i <= 10000; i++)
            load_histogram_add(h, i * step);
        for (size_t i = 0; i < countof(percents); i++) {
            double exact = percents[i] * 100 * (double)step;
            double found = (double)load_histogram_at(h, percents[i]);
            assert_true(found >= exact && found <= exact * (1 + 1.0 / 64));
        }
        mem_free(h);
    }
}

static void what_is_past_the_end_is_kept(void **state) {
    (void)state;
    struct load_histogram *h = fresh();
    load_histogram_add(h, (uint64_t)1 << 41);
    load_histogram_add(h, (uint64_t)1 << 42);
    load_histogram_add(h, (uint64_t)1 << 60);
    assert_true(load_histogram_at(h, 33) >= (uint64_t)1 << 41);
    assert_true(load_histogram_at(h, 33) < (uint64_t)1 << 42);
    assert_true(load_histogram_at(h, 90) == (uint64_t)1 << 60);
    mem_free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_is_zero),
        cmocka_unit_test(one_value_is_every_percentile),
        cmocka_unit_test(small_values_are_exact),
        cmocka_unit_test(large_values_are_near),
        cmocka_unit_test(what_is_past_the_end_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
