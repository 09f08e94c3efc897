/* SPDX-License-Identifier: MIT */
/*
 * Tests of api/metrics_text: the format, byte for byte.
 */
#include "api/metrics_text_priv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct buf out;

static int set_up(void **unused) {
    (void)unused;
    buf_init(&out, 4096);
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    buf_finish(&out);
    return 0;
}

static void assert_text(const char *expected) {
    if (!span_eq(buf_span(&out), span_str(expected))) {
        fail_msg("%.*s", SPAN_ARG(buf_span(&out)));
    }
}

static void single(void **unused) {
    (void)unused;
    metric_single(&out, "things_total", "counter", "Things.", UINT64_MAX);
    assert_text("# HELP things_total Things.\n"
                "# TYPE things_total counter\n"
                "things_total 18446744073709551615\n");
}

static void labels(void **unused) {
    (void)unused;
    const struct metric_label two[] = { { "a", "plain" }, { "b", "back\\slash \"quoted\"\nnext" } };
    metric_sample(&out, "x", two, 2, 0);
    metric_sample(&out, "x", two, 1, 7);
    assert_text("x{a=\"plain\",b=\"back\\\\slash \\\"quoted\\\"\\nnext\"} 0\n"
                "x{a=\"plain\"} 7\n");
}

static void histogram(void **unused) {
    (void)unused;
    static const struct histogram_shape shape = { .bounds = { 50000, 1000000, 2500000000 },
                                                  .count = 3,
                                                  .unit = 1000000000 };
    const uint64_t buckets[HISTOGRAM_BOUNDS_MAX + 1] = { 1, 0, 2, 4 };
    metric_histogram(&out, "t_seconds", "Time.", &shape, buckets, 12345000000);
    assert_text("# HELP t_seconds Time.\n"
                "# TYPE t_seconds histogram\n"
                "t_seconds_bucket{le=\"5e-05\"} 1\n"
                "t_seconds_bucket{le=\"0.001\"} 1\n"
                "t_seconds_bucket{le=\"2.5\"} 3\n"
                "t_seconds_bucket{le=\"+Inf\"} 7\n"
                "t_seconds_sum 12.345\n"
                "t_seconds_count 7\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(single, set_up, tear_down),
        cmocka_unit_test_setup_teardown(labels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(histogram, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
