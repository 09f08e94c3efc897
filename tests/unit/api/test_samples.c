/* SPDX-License-Identifier: MIT */
/*
 * The ring of samples: growth over so many of them, before it is full and long after.
 */
#include "api/samples_priv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Sample number n was taken at n seconds; its values are squares, so that each step differs. */
static void add(struct samples *samples, uint64_t n) {
    struct sample sample = { .at_ns = n * 1000000000 };
    for (size_t i = 0; i < SAMPLE_KINDS; i++)
        sample.values[i] = n * n * (i + 1);
    sample.latency[0] = n;
    sample.latency[HISTOGRAM_BOUNDS_MAX] = 2 * n;
    samples_add(samples, &sample);
}

static void assert_growth(struct samples *samples, size_t back, uint64_t from, uint64_t to) {
    struct sample grown;
    samples_growth(samples, back, &grown);
    assert_int_equal(grown.at_ns, (to - from) * 1000000000);
    for (size_t i = 0; i < SAMPLE_KINDS; i++)
        assert_int_equal(grown.values[i], (to * to - from * from) * (i + 1));
    assert_int_equal(grown.latency[0], to - from);
    assert_int_equal(grown.latency[1], 0);
    assert_int_equal(grown.latency[HISTOGRAM_BOUNDS_MAX], 2 * (to - from));
}

static void growth(void **unused) {
    (void)unused;
    struct samples samples;
    samples_init(&samples);
    assert_growth(&samples, 10, 0, 0);
    for (uint64_t n = 5; n < 5 + 5 * SAMPLES_BACK_MAX; n++) {
        add(&samples, n);
        uint64_t oldest = n - 5 > SAMPLES_BACK_MAX ? n - SAMPLES_BACK_MAX : 5;
        assert_growth(&samples, 0, n, n);
        assert_growth(&samples, 1, n > 5 ? n - 1 : n, n);
        assert_growth(&samples, 10, n - 10 < oldest || n < 15 ? oldest : n - 10, n);
        assert_growth(&samples, SAMPLES_BACK_MAX, oldest, n);
        assert_growth(&samples, SIZE_MAX, oldest, n);
    }
    samples_finish(&samples);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(growth) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
