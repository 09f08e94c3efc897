/* SPDX-License-Identifier: MIT */
/*
 * What each kind of notification sets of a batch, and what is no such notification.
 */
#include "dialect/batch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOTIFICATION(kind, payload)                                                                \
    "{\"notification_type\":\"" kind "\",\"timestamp\":\"2024-01-15T11:15:00Z\",\"payload\":{"     \
    "\"batch_id\":\"b1\"," payload "}}"
#define LAST(kind)                                                                                 \
    "\"details.last_notification\":\"" kind "\",\"details.updated_at\":\"2024-01-15T11:15:00Z\"}"
#define BARE(kind) "\"details.last_notification\":\"" kind "\"}"

static const struct {
    const char *payload, *delta;
} told[] = {
    { NOTIFICATION("batch_files_uploaded", "\"files_uploaded\":5,\"total_size_bytes\":1e2"),
      "{\"details.files_uploaded\":5,\"details.total_size_bytes\":1e2," LAST(
          "batch_files_uploaded") },
    { NOTIFICATION("batch_spellcheck_completed", "\"essays_processed\":15"),
      "{\"spellcheck_status\":\"completed\",\"details.essays_processed\":15," LAST(
          "batch_spellcheck_completed") },
    { NOTIFICATION("batch_cj_assessment_completed",
                   "\"essays\":[{\"essay_id\":\"e.1\",\"cj_rank\":1,\"cj_score\":85.5},7,"
                   "{\"cj_rank\":2},{\"essay_id\":\"e\\\"2\",\"cj_rank\":3}]"),
      "{\"cj_assessment_status\":\"completed\",\"essays.e.1.cj_rank\":1,\"essays.e.1.cj_score\":85."
      "5,\"essays.e\\\"2.cj_rank\":3," LAST("batch_cj_assessment_completed") },
    { NOTIFICATION("batch_pipeline_completed", "\"final_status\":\"COMPLETED_WITH_FAILURES\""),
      "{\"details.status\":\"completed\",\"details.final_status\":\"COMPLETED_WITH_"
      "FAILURES\"," LAST("batch_pipeline_completed") },
    { NOTIFICATION("batch_pipeline_completed", "\"final_status\":\"ABORTED\""),
      "{\"details.status\":\"failed\",\"details.final_status\":\"ABORTED\"," LAST(
          "batch_pipeline_completed") },
    { NOTIFICATION("batch_pipeline_completed", "\"final_status\":7"),
      "{\"details.final_status\":7," LAST("batch_pipeline_completed") },
    { NOTIFICATION("phase_skipped", "\"phase_name\":\"spellcheck\""), "{" LAST("phase_skipped") },
    { "{\"event\":\"essay_slot_assigned\",\"data\":{\"batch_id\":\"b1\",\"essay_id\":\"e1\","
      "\"file_upload_id\":\"f1\",\"filename\":null,\"slot_index\":3}}",
      "{\"essays.e1.file_upload_id\":\"f1\",\"essays.e1.filename\":null,\"essays.e1.slot_index\":"
      "3," BARE("essay_slot_assigned") },
    { "{\"event_type\":\"batch.status.updated\",\"batch_id\":\"\\u0062\\u0031\",\"status\":\"x\"}",
      "{\"details.status\":\"x\"," BARE("batch.status.updated") },
    /* Of two members with one name the last counts. */
    { "{\"event_type\":\"batch.status.updated\",\"batch_id\":\"a\",\"status\":\"x\",\"batch_id\":"
      "\"b1\",\"status\":\"y\"}",
      "{\"details.status\":\"y\"," BARE("batch.status.updated") },
};

static const char *const untold[] = {
    "",
    "7",
    "[\"batch_id\"]",
    "{\"batch_id\":\"b1\"}",
    "{\"event_type\":\"another\",\"batch_id\":\"b1\"}",
    "{\"event_type\":\"batch.status.updated\",\"status\":\"x\"}",
    "{\"event_type\":\"batch.status.updated\",\"batch_id\":7,\"status\":\"x\"}",
    "{\"event_type\":\"batch.status.updated\",\"batch_id\":\"\",\"status\":\"x\"}",
    "{\"event_type\":\"batch.status.updated\",\"batch_id\":\"a\\u0000\",\"status\":\"x\"}",
    "{\"event_type\":\"batch.status.updated\",\"batch_id\":\"b1\",\"status\":\"x\"",
    "{\"notification_type\":\"phase_skipped\",\"batch_id\":\"b1\"}",
    "{\"notification_type\":\"phase_skipped\",\"payload\":[\"batch_id\"]}",
    NOTIFICATION("class_created", "\"class_id\":\"c\""),
};

struct buffers {
    struct buf id, delta;
};

static void buffers_init(struct buffers *b) {
    buf_init(&b->id, BATCH_ID_MAX);
    buf_init(&b->delta, BATCH_DELTA_MAX);
}
static void buffers_finish(struct buffers *b) {
    buf_finish(&b->id);
    buf_finish(&b->delta);
}

static void each_kind_sets_its_fields(void **state) {
    (void)state;
    struct buffers b;
    buffers_init(&b);
    for (size_t i = 0; i < countof(told); i++) {
        assert_true(batch_may_tell(span_str(told[i].payload)));
        assert_int_equal(batch_fold(span_str(told[i].payload), &b.id, &b.delta), ERR_OK);
        assert_true(span_eq(buf_span(&b.id), SPAN("b1")));
        if (!span_eq(buf_span(&b.delta), span_str(told[i].delta)))
            fail_msg("%.*s is not %s", SPAN_ARG(buf_span(&b.delta)), told[i].delta);
    }
    buffers_finish(&b);
}

static void nothing_else_tells(void **state) {
    (void)state;
    struct buffers b;
    buffers_init(&b);
    for (size_t i = 0; i < countof(untold); i++) {
        if (batch_fold(span_str(untold[i]), &b.id, &b.delta) != ERR_NOT_FOUND)
            fail_msg("%s", untold[i]);
    }
    assert_false(batch_may_tell(SPAN("{\"type\":\"ocr_progress\"}")));
    buffers_finish(&b);
}

/* A value that is too large is left out, an id that is too long is none. */
static void large_ones_are_left_out(void **state) {
    (void)state;
    char text[BATCH_VALUE_MAX + 256], long_one[BATCH_VALUE_MAX];
    memset(long_one, 'x', sizeof long_one);
    struct buffers b;
    buffers_init(&b);
    (void)snprintf(text, sizeof text,
                   NOTIFICATION("batch_validation_failed", "\"error_message\":"
                                                           "\"%.*s\""),
                   (int)sizeof long_one, long_one);
    assert_int_equal(batch_fold(span_str(text), &b.id, &b.delta), ERR_OK);
    assert_true(span_eq(buf_span(&b.delta), SPAN("{" LAST("batch_validation_failed"))));
    (void)snprintf(text, sizeof text,
                   "{\"event_type\":\"batch.status.updated\",\"batch_id\":\"%.*s\"}",
                   BATCH_ID_MAX + 1, long_one);
    assert_int_equal(batch_fold(span_str(text), &b.id, &b.delta), ERR_NOT_FOUND);
    buffers_finish(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_sets_its_fields),
        cmocka_unit_test(nothing_else_tells),
        cmocka_unit_test(large_ones_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
