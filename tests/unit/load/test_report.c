/* SPDX-License-Identifier: MIT */
/*
 * The table and the JSON show the figures of a result, worked out right.
 */
#include "load/report.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct span figure(struct span json, const char *name) {
    struct json_walk walk = json_walk(json);
    struct json_value key, value;
    while (json_member(&walk, &key, &value) == JSON_ITEM) {
        if (json_text_is(&key, span_str(name))) return value.raw;
    }
    return span_of(NULL, 0);
}

static void assert_figure(struct span json, const char *name, const char *wanted) {
    struct span found = figure(json, name);
    if (!span_eq(found, span_str(wanted)))
        fail_msg("%s: %.*s instead of %s", name, SPAN_ARG(found), wanted);
}

/* The report of `result` as JSON, which must be JSON, into `out`. */
static void report_json(const struct load_options *options, const struct load_result *result,
                        struct buf *out) {
    struct load_report *report = mem_new(sizeof *report);
    struct json_value value;
    struct json_error error;
    load_report_make(options, result, report);
    load_report_json(report, out);
    assert_true(json_parse(buf_span(out), &value, &error));
    mem_free(report);
}

static void publishing(void **state) {
    (void)state;
    struct load_options options = { .workload = LOAD_FAN_OUT, .connections = 10 };
    struct load_result *result = mem_new(sizeof *result);
    struct buf out;
    buf_init(&out, 100000);
    assert_int_equal(load_processes_add(&options.processes, 1), ERR_OK);
    result->opened = 10;
    result->seconds = 2;
    result->published = 100;
    result->delivered = 1000;
    result->before.cpu_ns = 5 * NS_PER_MS;
    result->after.cpu_ns = 7 * NS_PER_MS;
    load_histogram_add(&result->latency_ns, 30 * NS_PER_US);
    report_json(&options, result, &out);
    assert_figure(buf_span(&out), "workload", "\"fan-out\"");
    assert_figure(buf_span(&out), "is_clean", "true");
    assert_figure(buf_span(&out), "delivered_per_second", "500");
    assert_figure(buf_span(&out), "published_per_second", "50");
    assert_figure(buf_span(&out), "latency_p50_us", "30");
    assert_figure(buf_span(&out), "server_cpu_us_per_delivery", "2.000");
    assert_figure(buf_span(&out), "server_cpu_percent", "0.1");
    buf_finish(&out);
    mem_free(result);
}

static void idle(void **state) {
    (void)state;
    struct load_options options = { .workload = LOAD_IDLE, .connections = 15000 };
    struct load_result *result = mem_new(sizeof *result);
    struct buf out;
    buf_init(&out, 100000);
    assert_int_equal(load_processes_add(&options.processes, 1), ERR_OK);
    result->opened = 15000;
    result->open_count = 14000;
    result->open_seconds = 0.7;
    result->seconds = 10;
    result->before = (struct load_usage){ 100 * NS_PER_MS, 1000000, 2000000 };
    result->after = (struct load_usage){ 380 * NS_PER_MS, 8000000, 9000000 };
    result->rest.cpu_ns = 430 * NS_PER_MS;
    report_json(&options, result, &out);
    assert_figure(buf_span(&out), "opened_per_second", "20000");
    assert_figure(buf_span(&out), "server_cpu_us_per_connection", "20.00");
    assert_figure(buf_span(&out), "server_bytes_per_connection", "500");
    assert_figure(buf_span(&out), "server_idle_cpu_percent", "0.500");
    assert_figure(buf_span(&out), "server_pss_bytes", "8000000");
    buf_finish(&out);
    mem_free(result);
}

/* Nothing was done in no time: no figure is "nan". */
static void nothing(void **state) {
    (void)state;
    for (enum load_workload w = LOAD_CONNECT; w <= LOAD_UNICAST; w++) {
        struct load_options options = { .workload = w };
        struct load_result *result = mem_new(sizeof *result);
        struct buf out;
        buf_init(&out, 100000);
        assert_int_equal(load_processes_add(&options.processes, 1), ERR_OK);
        report_json(&options, result, &out);
        assert_figure(buf_span(&out), "refused", "0");
        buf_finish(&out);
        mem_free(result);
    }
}

static void table(void **state) {
    (void)state;
    const struct load_options options = { .workload = LOAD_UNICAST };
    struct load_result *result = mem_new(sizeof *result);
    struct load_report *report = mem_new(sizeof *report);
    struct buf out;
    buf_init(&out, 100000);
    result->tally.missing = 3;
    (void)snprintf(result->complaint, sizeof result->complaint, "it \"broke\"");
    load_report_make(&options, result, report);
    load_report_table(report, &out);
    struct span first;
    struct span text = buf_span(&out);
    assert_true(span_next(&text, '\n', &first));
    assert_true(span_eq(first, SPAN("unicast (not clean)")));
    assert_true(span_next(&text, '\n', &first));
    assert_true(span_eq(first, SPAN("  first problem: it \"broke\"")));
    assert_non_null(memmem(out.at, out.len, "lost", 4));
    buf_clear(&out);
    report_json(&options, result, &out);
    assert_figure(buf_span(&out), "complaint", "\"it \\\"broke\\\"\"");
    assert_figure(buf_span(&out), "is_clean", "false");
    assert_figure(buf_span(&out), "lost", "3");
    buf_finish(&out);
    mem_free(report);
    mem_free(result);
}

static void clean_means_nothing_went_wrong(void **state) {
    (void)state;
    struct load_result *r = mem_new(sizeof *r);
    assert_true(load_result_is_clean(r));
    uint64_t *const counts[] = { &r->failed, &r->tally.missing, &r->tally.duplicates,
                                 &r->tally.reordered };
    for (size_t i = 0; i < countof(counts); i++) {
        *counts[i] = 1;
        assert_false(load_result_is_clean(r));
        *counts[i] = 0;
    }
    r->refused = 1;
    assert_false(load_result_is_clean(r));
    r->refused = 0;
    r->broken = 1;
    assert_false(load_result_is_clean(r));
    mem_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publishing),
        cmocka_unit_test(idle),
        cmocka_unit_test(nothing),
        cmocka_unit_test(table),
        cmocka_unit_test(clean_means_nothing_went_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
