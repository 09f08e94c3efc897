/* SPDX-License-Identifier: MIT */
/*
 * The samples of the catalogue: those that are good are of their kind, and of each of the others
 * the place and the fault are named. Then the corners of single values.
 */
#include "dialect/catalogue.h"

#include "base/mem.h"
#include "dialect/catalogue_priv.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const dialects[] = { "huleedu", "huleedu-status", "hailango", "submissions" };

/* ---- samples -------------------------------------------------------------------------------- */

static struct span read_sample(const char *dialect, const char *folder, const char *name) {
    static char room[1 << 16];
    char path[1024];
    (void)snprintf(path, sizeof path, CATALOGUE "/samples/%s/%s%s", dialect, folder, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(room, 1, sizeof room, file);
    (void)fclose(file);
    assert_in_range(len, 1, sizeof room - 1);
    return span_of(room, len);
}

static bool is_sample(const struct dirent *entry) {
    return span_ends(span_str(entry->d_name), SPAN(".json"));
}

/* Gives each sample of a folder to `judge`; returns how many there are. */
static size_t each_sample(const char *folder,
                          void (*judge)(const char *dialect, const char *name, struct span text)) {
    size_t count = 0;
    for (size_t i = 0; i < countof(dialects); i++) {
        char path[512];
        (void)snprintf(path, sizeof path, CATALOGUE "/samples/%s/%s", dialects[i], folder);
        DIR *dir = opendir(path);
        assert_non_null(dir);
        for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
            if (!is_sample(entry)) continue;
            judge(dialects[i], entry->d_name, read_sample(dialects[i], folder, entry->d_name));
            count++;
        }
        (void)closedir(dir);
    }
    return count;
}

static void judge_good(const char *dialect, const char *name, struct span text) {
    const struct catalogue_kind *kind;
    struct err_note note = { "" };
    if (catalogue_check(text, &kind, &note)) fail_msg("%s/%s: %s", dialect, name, note.text);
    assert_true(span_starts(span_str(name), kind->name));
    assert_true(strchr("-.", name[kind->name.len]));
}

static void test_good_samples(void **state) {
    (void)state;
    assert_true(each_sample("", judge_good) >= CATALOGUE_KINDS);
}

static const struct {
    const char *sample, *kind, *problem;
} faulty[] = {
    { "hailango/book_ready-without-envelope", "book_ready", "payload: is missing" },
    { "hailango/book_ready-without-title", "book_ready", "payload.title: is missing" },
    { "hailango/connection_established-user-is-no-uuid", "connection_established",
      "payload.userId: must be a UUID" },
    { "hailango/connection_established-without-timestamp", "connection_established",
      "timestamp: is missing" },
    { "hailango/error-without-code", "error", "payload.code: is missing" },
    { "hailango/learning_update-score-as-text", "learning_update",
      "payload.stats.pronunciationScore: must be a number" },
    { "hailango/learning_update-without-stats", "learning_update", "payload.stats: is missing" },
    { "hailango/notification-action-without-url", "notification",
      "payload.action.url: is missing" },
    { "hailango/notification-unknown-level", "notification",
      "payload.level: must be one of info, success, warning, error" },
    { "hailango/ocr_progress-over-100-percent", "ocr_progress",
      "payload.progress: must be at most 100" },
    { "hailango/ocr_progress-snake-case", "ocr_progress", "payload.bookId: is missing" },
    { "hailango/review_reminder-item-without-content", "review_reminder",
      "payload.items[0].content: is missing" },
    { "hailango/review_reminder-unknown-priority", "review_reminder",
      "payload.items[0].priority: must be one of urgent, recommended, optional" },
    { "huleedu-status/batch.status.updated-batch-as-number", "batch.status.updated",
      "batch_id: must be a string" },
    { "huleedu-status/batch.status.updated-other-event", "",
      "event_type: \"batch.status.changed\" is none of the 27 kinds, which a message names in "
      "notification_type, event_type, event or type" },
    { "huleedu-status/batch.status.updated-seconds-since-1970", "batch.status.updated",
      "timestamp: must be a string" },
    { "huleedu-status/batch.status.updated-without-status", "batch.status.updated",
      "status: is missing" },
    { "huleedu/batch_assessment_completed-rate-in-percent", "batch_assessment_completed",
      "payload.overall_completion_rate: must be at most 1" },
    { "huleedu/batch_cj_assessment_completed-without-zone", "batch_cj_assessment_completed",
      "timestamp: must be a time in UTC such as 2025-01-31T09:00:00Z" },
    { "huleedu/batch_file_removed-empty-batch", "batch_file_removed",
      "payload.batch_id: must not be empty" },
    { "huleedu/batch_files_uploaded-count-as-text", "batch_files_uploaded",
      "payload.files_uploaded: must be a whole number" },
    { "huleedu/batch_files_uploaded-fraction-of-a-file", "batch_files_uploaded",
      "payload.files_uploaded: must be a whole number" },
    { "huleedu/batch_files_uploaded-negative-size", "batch_files_uploaded",
      "payload.total_size_bytes: must be at least 0" },
    { "huleedu/batch_files_uploaded-unknown-type", "",
      "notification_type: \"batch_files_downloaded\" is none of the 27 kinds, which a message "
      "names in notification_type, event_type, event or type" },
    { "huleedu/batch_files_uploaded-without-payload", "batch_files_uploaded",
      "payload: is missing" },
    { "huleedu/batch_pipeline_completed-phases-as-numbers", "batch_pipeline_completed",
      "payload.completed_phases[0]: must be a string" },
    { "huleedu/batch_pipeline_completed-without-final-status", "batch_pipeline_completed",
      "payload.final_status: is missing" },
    { "huleedu/batch_processing_started-no-such-month", "batch_processing_started",
      "timestamp: must be a time in UTC such as 2025-01-31T09:00:00Z" },
    { "huleedu/batch_results_ready-action-as-text", "batch_results_ready",
      "action_required: must be true or false" },
    { "huleedu/batch_spellcheck_completed-local-time", "batch_spellcheck_completed",
      "timestamp: must be a time in UTC such as 2025-01-31T09:00:00Z" },
    { "huleedu/batch_validation_failed-errors-as-text", "batch_validation_failed",
      "payload.validation_errors: must be a list" },
    { "huleedu/batch_validation_failed-without-action-required", "batch_validation_failed",
      "action_required: is missing" },
    { "huleedu/class_created-unknown-category", "class_created",
      "category: must be one of batch_progress, processing_results, file_operations, "
      "class_management, student_workflow, system_alerts" },
    { "huleedu/essay_slot_assigned-in-a-list", "", "a message: must be an object" },
    { "huleedu/essay_slot_assigned-slot-as-text", "essay_slot_assigned",
      "data.slot_index: must be a whole number" },
    { "huleedu/essay_slot_assigned-without-batch-id", "essay_slot_assigned",
      "data.batch_id: is missing" },
    { "huleedu/essay_slot_assigned-without-essay-id", "essay_slot_assigned",
      "data.essay_id: is missing" },
    { "huleedu/essay_slot_assigned-without-event", "",
      "a message: must be one of 27 kinds, which a message names in notification_type, event_type, "
      "event or type" },
    { "huleedu/essay_slot_assigned-without-file-upload-id", "essay_slot_assigned",
      "data.file_upload_id: is missing" },
    { "huleedu/phase_skipped-without-reason", "phase_skipped", "payload.skip_reason: is missing" },
    { "huleedu/student_added_to_class-payload-of-another-kind", "student_added_to_class",
      "payload.student_id: is missing" },
    { "huleedu/student_added_to_class-unknown-priority", "student_added_to_class",
      "priority: must be one of critical, immediate, high, standard, low" },
    { "huleedu/student_associations_confirmed-without-correlation",
      "student_associations_confirmed", "correlation_id: is missing" },
    { "huleedu/validation_timeout_processed-without-timestamp", "validation_timeout_processed",
      "timestamp: is missing" },
    { "submissions/complete-id-beyond-javascript", "complete",
      "submission_id: must be at most 9007199254740991" },
    { "submissions/complete-summary-without-total", "complete", "summary.total_tests: is missing" },
    { "submissions/complete-without-summary", "complete", "summary: is missing" },
    { "submissions/error_analysis-suggestions-as-text", "error_analysis",
      "suggestions: must be a list" },
    { "submissions/status_update-id-as-text", "status_update",
      "submission_id: must be a whole number" },
    { "submissions/status_update-unknown-type", "",
      "type: \"status\" is none of the 27 kinds, which a message names in notification_type, "
      "event_type, event or type" },
    { "submissions/status_update-without-status", "status_update", "status: is missing" },
    { "submissions/test_result-negative-duration", "test_result",
      "duration_ms: must be at least 0" },
    { "submissions/test_result-without-name", "test_result", "test_name: is missing" },
};

static void judge_bad(const char *dialect, const char *name, struct span text) {
    char sample[512];
    (void)snprintf(sample, sizeof sample, "%s/%.*s", dialect, (int)(strlen(name) - 5), name);
    for (size_t i = 0; i < countof(faulty); i++) {
        if (strcmp(faulty[i].sample, sample) != 0) continue;
        const struct catalogue_kind *kind;
        struct err_note note = { "" };
        assert_int_equal(catalogue_check(text, &kind, &note), ERR_INVALID);
        assert_string_equal(note.text, faulty[i].problem);
        assert_string_equal(kind ? kind->name.at : "", faulty[i].kind);
        return;
    }
    fail_msg("nothing is known of %s", sample);
}

static void test_bad_samples(void **state) {
    (void)state;
    assert_int_equal(each_sample("invalid/", judge_bad), countof(faulty));
}

/* ---- messages ------------------------------------------------------------------------------- */

#define STATUS(rest) "{\"event_type\":\"batch.status.updated\"," rest "}"
#define WHEN         "\"timestamp\":\"2025-01-31T09:00:00Z\""

static const struct {
    const char *message, *problem; /* NULL: it is good */
} messages[] = {
    { STATUS("\"batch_id\":\"b\",\"status\":\"s\"," WHEN), NULL },
    /* However names and words are written. */
    { "{\"\\u0065vent_type\":\"batch\\u002estatus.updated\",\"b\\u0061tch_id\":\"b\","
      "\"status\":\"s\",\"timestamp\":\"2025-01-31T09:00:00\\u005a\"}",
      NULL },
    /* The last of two counts. */
    { STATUS("\"batch_id\":7,\"batch_id\":\"b\",\"status\":\"s\"," WHEN), NULL },
    { STATUS("\"batch_id\":\"b\",\"batch_id\":7,\"status\":\"s\"," WHEN),
      "batch_id: must be a string" },
    { STATUS("\"batch_id\":null,\"status\":\"s\"," WHEN), "batch_id: must be a string" },
    { STATUS("\"batch_id\":\"b\",\"status\":\"s\",\"timestamp\":\"\\ud800\""),
      "timestamp: must be a time in UTC such as 2025-01-31T09:00:00Z" },
    /* Other members are other people's. */
    { STATUS("\"type\":\"error\",\"x\":[{}],\"batch_id\":\"b\",\"status\":\"s\"," WHEN), NULL },
    { "{\"type\":7,\"event\":\"essay_slot_assigned\",\"data\":{\"batch_id\":\"b\","
      "\"essay_id\":\"e\",\"file_upload_id\":\"f\",\"filename\":7}}",
      "data.filename: must be a string or null" },
    { "{\"type\":\"Error\"}", "type: \"Error\" is none of the 27 kinds, which a message names in "
                              "notification_type, event_type, event or type" },
    { "{\"event\":[\"0123456789012345678901234567890123456789012345678901234567890123456789\"]}",
      "event: [\"01234567890123456789012345678901234567890123456789012345678901… is none of the 27 "
      "kinds, which a message names in notification_type, event_type, event or type" },
    { "\"error\"", "a message: must be an object" },
    { "", "no JSON: line 1, column 1: expected a value" },
    { "{\n}}", "no JSON: line 2, column 2: expected the end of the text" },
};

static void test_messages(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(messages); i++) {
        const struct catalogue_kind *kind;
        struct err_note note = { "" };
        enum err e = catalogue_check(span_str(messages[i].message), &kind, &note);
        assert_string_equal(note.text, messages[i].problem ? messages[i].problem : "");
        assert_int_equal(e, messages[i].problem ? ERR_INVALID : ERR_OK);
    }
}

static void test_no_memory(void **state) {
    (void)state;
    const struct catalogue_kind *kind;
    struct err_note note = { "" };
    mem_fail_nth(1);
    /* Only an escape within a time takes memory. */
    enum err e = catalogue_check(SPAN(STATUS("\"batch_id\":\"b\",\"status\":\"s\",\"timestamp\":"
                                             "\"2025-01-31T09:00:00\\u005a\"")),
                                 &kind, &note);
    mem_fail_nth(0);
    assert_int_equal(e, ERR_NOMEM);
    assert_string_equal(note.text, "out of memory");
}

/* ---- values --------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    struct catalogue_number number;
} numbers[] = {
    { "0", { false, 0, false } },
    { "-0", { true, 0, false } },
    { "42", { false, 42, false } },
    { "42.0", { false, 42, false } },
    { "4.2e1", { false, 42, false } },
    { "420E-1", { false, 42, false } },
    { "0.042e+3", { false, 42, false } },
    { "-42.5", { true, 42, true } },
    { "425e-1", { false, 42, true } },
    { "1e-9999999999999999999999", { false, 0, true } },
    { "0e9999999999999999999999", { false, 0, false } },
    { "9007199254740993", { false, 9007199254740993, false } },
    { "18446744073709551616", { false, UINT64_MAX, false } },
    { "1e99", { false, UINT64_MAX, false } },
    { "1e9999999999999999999999", { false, UINT64_MAX, false } },
};

static void test_numbers(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(numbers); i++) {
        struct catalogue_number number = catalogue_number(span_str(numbers[i].text));
        assert_int_equal(number.is_negative, numbers[i].number.is_negative);
        assert_int_equal(number.whole, numbers[i].number.whole);
        assert_int_equal(number.has_fraction, numbers[i].number.has_fraction);
    }
}

static const struct {
    const char *text;
    uint64_t bound;
    int order;
} orders[] = {
    { "-0.0", 0, 0 },     { "-1e-99", 0, -1 }, { "-5", 3, -1 },
    { "0.1", 0, 1 },      { "99.9", 100, -1 }, { "1e2", 100, 0 },
    { "100.01", 100, 1 }, { "101", 100, 1 },   { "1e999", 100, 1 },
};

static void test_comparing(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(orders); i++) {
        struct catalogue_number number = catalogue_number(span_str(orders[i].text));
        assert_int_equal(catalogue_compare(&number, orders[i].bound), orders[i].order);
    }
}

static const char *const times[] = {
    "2025-01-31T09:00:00Z",
    "0000-12-01T23:59:60Z",
    "2025-01-31T09:00:00.1+00:00",
    "2025-01-31T09:00:00.123456789012Z",
};
static const char *const no_times[] = {
    "",
    "2025-01-31",
    "2025-01-31T09:00:00",
    "2025-01-31t09:00:00Z",
    "2025-01-31T09:00:00z",
    "2025-01-31T09:00:00.Z",
    "2025-01-31T09:00:00.1",
    "2025-01-31T09:00:00-00:00",
    "2025-01-31T09:00:00+01:00",
    "2025-01-31T09:00:00ZZ",
    "2025-00-31T09:00:00Z",
    "2025-13-31T09:00:00Z",
    "2025-01-00T09:00:00Z",
    "2025-01-32T09:00:00Z",
    "2025-01-31T24:00:00Z",
    "2025-01-31T09:60:00Z",
    "2025-01-31T09:00:61Z",
    "20250131T09:00:00Z",
    " 2025-01-31T09:00:00Z",
};

static void test_times(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(times); i++)
        assert_true(catalogue_is_time(span_str(times[i])));
    for (size_t i = 0; i < countof(no_times); i++)
        assert_false(catalogue_is_time(span_str(no_times[i])));
    /* Cut anywhere, it is none. */
    for (size_t len = 0; len < strlen(times[2]); len++)
        assert_false(catalogue_is_time(span_of(times[2], len)));
}

static void test_uuids(void **state) {
    (void)state;
    assert_true(catalogue_is_uuid(SPAN("6f1c2a34-8B1d-4c55-9a30-0c2f7a9b1e21")));
    assert_false(catalogue_is_uuid(SPAN("6f1c2a34-8b1d-4c55-9a30-0c2f7a9b1e2")));
    assert_false(catalogue_is_uuid(SPAN("6f1c2a34-8b1d-4c55-9a30-0c2f7a9b1e2g")));
    assert_false(catalogue_is_uuid(SPAN("6f1c2a348-b1d-4c55-9a30-0c2f7a9b1e21")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_samples), cmocka_unit_test(test_bad_samples),
        cmocka_unit_test(test_messages),     cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_numbers),      cmocka_unit_test(test_comparing),
        cmocka_unit_test(test_times),        cmocka_unit_test(test_uuids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
