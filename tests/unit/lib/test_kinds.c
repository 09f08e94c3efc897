/* SPDX-License-Identifier: MIT */
/*
 * The constructors make the samples of the catalogue, member for member; what they fill in by
 * themselves; and what each refuses, in which words.
 */
#include "base/base.h"
#include "tidings/kinds.h"

#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CORRELATION "550e8400-e29b-41d4-a716-446655440000"

/* ---- the samples ---------------------------------------------------------------------------- */

static const int64_t page = 43;
static const int64_t slot = 3;
static const double score = 87.5;
static const struct tidings_notification_action action = { "Read more", "/news/maintenance" };
static const struct tidings_review_reminder_item items[] = {
    { "w-1", "apprivoiser", "to tame", "2025-03-02T00:00:00Z",
      TIDINGS_REVIEW_REMINDER_ITEM_PRIORITY_URGENT },
    { "w-2", "le renard", NULL, "2025-03-03T00:00:00Z",
      TIDINGS_REVIEW_REMINDER_ITEM_PRIORITY_OPTIONAL },
};
static const char *const completed_phases[] = { "spellcheck", "cj_assessment" };
static const char *const validation_errors[] = { "Invalid file format",
                                                 "Missing student associations" };
static const char *const suggestions[] = { "Check network configuration", "Verify port bindings" };

#define BUILD(kind, ...)                                                                           \
    static int build_##kind(struct tidings_json *ret, char *problem) {                             \
        const struct tidings_##kind##_fields fields = { __VA_ARGS__ };                             \
        return tidings_##kind(&fields, ret, problem);                                              \
    }

BUILD(book_ready, .book_id = "0d9f1b56-5a4c-4c8e-9f5e-8f1f6d1a2b3c", .title = "Le Petit Prince",
      .total_pages = 96, .message = "Your book is ready", .timestamp = "2025-03-02T08:15:00Z")
BUILD(connection_established, .user_id = "6f1c2a34-8b1d-4c55-9a30-0c2f7a9b1e21",
      .message = "WebSocket connection established", .timestamp = "2025-03-02T08:15:00Z")
BUILD(error, .code = "ocr_failed", .message = "A page could not be read",
      .details_json = " { \"page\" : 17 } ", .timestamp = "2025-03-02T08:15:00Z")
BUILD(learning_update, .session_id = "s-77", .book_id = "0d9f1b56-5a4c-4c8e-9f5e-8f1f6d1a2b3c",
      .stats = { .total_time = 1260,
                 .completed_pages = 4,
                 .mastered_words = 18,
                 .pronunciation_score = &score,
                 .streak_days = 6,
                 .last_studied_at = "2025-03-02T08:14:30Z" },
      .message = "Six days in a row", .timestamp = "2025-03-02T08:15:00Z")
BUILD(notification, .title = "System Update", .message = "System maintenance scheduled for tonight",
      .level = TIDINGS_NOTIFICATION_LEVEL_INFO, .action = &action,
      .timestamp = "2025-03-02T08:15:00Z")
BUILD(ocr_progress, .book_id = "0d9f1b56-5a4c-4c8e-9f5e-8f1f6d1a2b3c", .total_pages = 120,
      .processed_pages = 42, .current_page = &page, .status = "processing",
      .message = "Processing page...", .timestamp = "2025-03-02T08:15:00Z")
BUILD(review_reminder, .count = 2, .items = items, .items_count = countof(items),
      .message = "2 words are waiting", .timestamp = "2025-03-02T08:15:00Z")
BUILD(batch_status_updated, .batch_id = "uuid-here", .status = "completed",
      .timestamp = "2025-01-18T10:30:00Z")
BUILD(batch_assessment_completed, .timestamp = "2024-01-15T12:30:00Z", .batch_id = "batch_123",
      .total_essays = 15, .completed_assessments = 15, .overall_completion_rate = 1.0,
      .correlation_id = CORRELATION)
BUILD(batch_cj_assessment_completed, .timestamp = "2024-01-15T11:15:00Z", .batch_id = "batch_123",
      .essays_assessed = 15, .average_content_score = 7.8, .processing_duration_seconds = 450,
      .correlation_id = CORRELATION)
BUILD(batch_file_removed, .timestamp = "2024-01-15T10:40:00Z", .batch_id = "batch_123",
      .file_id = "file_789", .filename = "essay_student1.pdf", .correlation_id = CORRELATION)
BUILD(batch_files_uploaded, .timestamp = "2024-01-15T10:35:00Z", .batch_id = "batch_123",
      .user_id = "user_456", .files_uploaded = 5, .total_size_bytes = 2048576,
      .correlation_id = CORRELATION)
BUILD(batch_pipeline_completed, .timestamp = "2024-01-15T13:00:00Z", .batch_id = "batch_123",
      .completed_phases = completed_phases, .completed_phases_count = countof(completed_phases),
      .final_status = "COMPLETED_SUCCESSFULLY", .processing_duration_seconds = 1800.5,
      .successful_essay_count = 15, .failed_essay_count = 0, .correlation_id = CORRELATION)
BUILD(batch_processing_started, .timestamp = "2024-01-15T10:00:00Z", .batch_id = "batch_123",
      .pipeline_phase = "spellcheck", .estimated_duration_minutes = 8,
      .correlation_id = CORRELATION)
BUILD(batch_results_ready, .timestamp = "2024-01-15T12:00:00Z", .batch_id = "batch_123",
      .results_count = 15, .download_url = "/api/v1/batches/batch_123/results",
      .correlation_id = CORRELATION)
BUILD(batch_spellcheck_completed, .timestamp = "2024-01-15T10:42:00Z", .batch_id = "batch_123",
      .essays_processed = 15, .total_errors_found = 42, .processing_duration_seconds = 180,
      .correlation_id = CORRELATION)
BUILD(batch_validation_failed, .timestamp = "2024-01-15T10:45:00Z", .batch_id = "batch_123",
      .validation_errors = validation_errors, .validation_errors_count = countof(validation_errors),
      .error_message = "Batch validation failed due to file format issues",
      .correlation_id = CORRELATION)
BUILD(class_created, .timestamp = "2024-01-15T09:15:00Z", .class_id = "class_456",
      .class_name = "English Composition A", .teacher_id = "teacher_789",
      .correlation_id = CORRELATION)
BUILD(essay_slot_assigned, .batch_id = "batch-123", .essay_id = "essay-456",
      .file_upload_id = "upload-789", .filename = "student_essay.txt", .slot_index = &slot,
      .text_storage_id = "text-42", .correlation_id = CORRELATION,
      .timestamp = "2025-07-24T10:30:00.123456+00:00")
BUILD(phase_skipped, .timestamp = "2024-01-15T10:05:00Z", .batch_id = "batch_123",
      .phase_name = "spellcheck", .skip_reason = "already_completed",
      .storage_id = "storage_abc123", .correlation_id = CORRELATION)
BUILD(student_added_to_class, .timestamp = "2024-01-15T09:30:00Z", .class_id = "class_456",
      .student_id = "student_123", .student_name = "John Smith", .correlation_id = CORRELATION)
BUILD(student_associations_confirmed, .timestamp = "2024-01-15T11:15:00Z", .batch_id = "batch_123",
      .confirmed_associations = 12, .pending_associations = 3, .correlation_id = CORRELATION)
BUILD(validation_timeout_processed, .timestamp = "2024-01-15T11:00:00Z", .batch_id = "batch_123",
      .timeout_duration_seconds = 300, .processed_students = 15, .correlation_id = CORRELATION)
BUILD(complete, .submission_id = 123, .final_status = "passed",
      .summary = { .total_tests = 10, .passed = 8, .failed = 2, .duration_ms = 45000 },
      .timestamp = "2024-01-15T10:45:00Z")
BUILD(error_analysis, .submission_id = 123, .error = "Connection refused",
      .analysis = "The node failed to connect to peer", .suggestions = suggestions,
      .suggestions_count = countof(suggestions), .timestamp = "2024-01-15T10:41:00Z")
BUILD(status_update, .submission_id = 123, .status = "testing", .timestamp = "2024-01-15T10:38:00Z")
BUILD(test_result, .submission_id = 123, .test_name = "Leader Election", .status = "passed",
      .duration_ms = 1250, .timestamp = "2024-01-15T10:40:00Z")

static const struct {
    const char *sample;
    int (*build)(struct tidings_json *ret, char *problem);
} samples[] = {
    { "hailango/book_ready", build_book_ready },
    { "hailango/connection_established", build_connection_established },
    { "hailango/error", build_error },
    { "hailango/learning_update", build_learning_update },
    { "hailango/notification", build_notification },
    { "hailango/ocr_progress", build_ocr_progress },
    { "hailango/review_reminder", build_review_reminder },
    { "huleedu-status/batch.status.updated", build_batch_status_updated },
    { "huleedu/batch_assessment_completed", build_batch_assessment_completed },
    { "huleedu/batch_cj_assessment_completed", build_batch_cj_assessment_completed },
    { "huleedu/batch_file_removed", build_batch_file_removed },
    { "huleedu/batch_files_uploaded", build_batch_files_uploaded },
    { "huleedu/batch_pipeline_completed", build_batch_pipeline_completed },
    { "huleedu/batch_processing_started", build_batch_processing_started },
    { "huleedu/batch_results_ready", build_batch_results_ready },
    { "huleedu/batch_spellcheck_completed", build_batch_spellcheck_completed },
    { "huleedu/batch_validation_failed", build_batch_validation_failed },
    { "huleedu/class_created", build_class_created },
    { "huleedu/essay_slot_assigned-envelope", build_essay_slot_assigned },
    { "huleedu/phase_skipped", build_phase_skipped },
    { "huleedu/student_added_to_class", build_student_added_to_class },
    { "huleedu/student_associations_confirmed", build_student_associations_confirmed },
    { "huleedu/validation_timeout_processed", build_validation_timeout_processed },
    { "submissions/complete", build_complete },
    { "submissions/error_analysis", build_error_analysis },
    { "submissions/status_update", build_status_update },
    { "submissions/test_result", build_test_result },
};

static void assert_like(const char *text, const char *sample) {
    json_t *built = json_loads(text, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);
    json_t *wanted = json_load_file(sample, JSON_DECODE_INT_AS_REAL, NULL);
    assert_non_null(wanted);
    if (!json_equal(built, wanted)) fail_msg("%s is not %s", text, sample);
    json_decref(built);
    json_decref(wanted);
}

static void test_samples(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(samples); i++) {
        struct tidings_json json;
        char problem[TIDINGS_PROBLEM_MAX] = "";
        char path[512];
        (void)snprintf(path, sizeof path, CATALOGUE "/samples/%s.json", samples[i].sample);
        if (samples[i].build(&json, problem)) fail_msg("%s: %s", samples[i].sample, problem);
        assert_int_equal(strlen(json.text), json.len);
        assert_like(json.text, path);
        assert_non_null(tidings_check(json.text, json.len, problem));
        tidings_json_free(&json);
        assert_null(json.text);
    }
}

/* ---- what is filled in ---------------------------------------------------------------------- */

/* The message without its timestamp, which must be one of now. */
static void assert_text(struct tidings_json *json, const char *wanted) {
    static const char name[] = "\"timestamp\":\"";
    char *at = strstr(json->text, name);
    assert_non_null(at);
    char *time = at + sizeof name - 1;
    assert_true(strncmp(time, "2026-", 5) >= 0);
    char *end = strchr(time, '"');
    assert_int_equal(end - time, strlen("2025-01-31T09:00:00.000Z"));
    memmove(time, end, strlen(end) + 1);
    assert_string_equal(json->text, wanted);
    tidings_json_free(json);
}

static void test_usual_values(void **state) {
    (void)state;
    struct tidings_json json;
    struct tidings_class_created_fields class = {
        .class_id = "c", .class_name = "\"A\"\n", .teacher_id = "ü", .correlation_id = "r"
    };
    assert_int_equal(tidings_class_created(&class, &json, NULL), TIDINGS_OK);
    assert_text(&json, "{\"notification_type\":\"class_created\",\"timestamp\":\"\","
                       "\"category\":\"class_management\",\"priority\":\"standard\","
                       "\"action_required\":false,\"payload\":{\"class_id\":\"c\","
                       "\"class_name\":\"\\\"A\\\"\\n\",\"teacher_id\":\"ü\"},"
                       "\"correlation_id\":\"r\"}");
    class.category = TIDINGS_CATEGORY_SYSTEM_ALERTS;
    class.priority = TIDINGS_PRIORITY_CRITICAL;
    class.action_required = TIDINGS_ANSWER_YES;
    assert_int_equal(tidings_class_created(&class, &json, NULL), TIDINGS_OK);
    assert_non_null(strstr(json.text, "\"category\":\"system_alerts\",\"priority\":\"critical\","
                                      "\"action_required\":true"));
    tidings_json_free(&json);
    tidings_json_free(&json);
}

static void test_usual_answer(void **state) {
    (void)state;
    struct tidings_json json;
    struct tidings_batch_validation_failed_fields failed = { .batch_id = "b",
                                                             .error_message = "e",
                                                             .correlation_id = "r" };
    assert_int_equal(tidings_batch_validation_failed(&failed, &json, NULL), TIDINGS_OK);
    assert_non_null(strstr(json.text, "\"action_required\":true"));
    assert_non_null(strstr(json.text, "\"validation_errors\":[]"));
    tidings_json_free(&json);
    failed.action_required = TIDINGS_ANSWER_NO;
    assert_int_equal(tidings_batch_validation_failed(&failed, &json, NULL), TIDINGS_OK);
    assert_non_null(strstr(json.text, "\"action_required\":false"));
    tidings_json_free(&json);
}

static void test_slot_without_name(void **state) {
    (void)state;
    struct tidings_json json;
    struct tidings_essay_slot_assigned_fields fields = { .batch_id = "b",
                                                         .essay_id = "e",
                                                         .file_upload_id = "f" };
    assert_int_equal(tidings_essay_slot_assigned(&fields, &json, NULL), TIDINGS_OK);
    assert_text(&json, "{\"event\":\"essay_slot_assigned\",\"timestamp\":\"\",\"data\":{"
                       "\"batch_id\":\"b\",\"essay_id\":\"e\",\"file_upload_id\":\"f\","
                       "\"filename\":null}}");
}

/* ---- numbers -------------------------------------------------------------------------------- */

static const struct {
    int64_t done, whole;
    const char *progress;
} shares[] = {
    { 0, 0, "0" },   { 7, 0, "0" },    { 0, 9, "0" },
    { 9, 9, "100" }, { 1, 8, "12.5" }, { 1, 3, "33.333333333333336" },
    { 7, 100, "7" },
};

static void assert_progress(const struct tidings_ocr_progress_fields *fields, const char *wanted) {
    struct tidings_json json;
    char member[64];
    assert_int_equal(tidings_ocr_progress(fields, &json, NULL), TIDINGS_OK);
    (void)snprintf(member, sizeof member, "\"progress\":%s,", wanted);
    if (!strstr(json.text, member)) fail_msg("%s has no %s", json.text, member);
    tidings_json_free(&json);
}

static void test_progress(void **state) {
    (void)state;
    struct tidings_ocr_progress_fields fields = { .book_id = "b", .status = "s" };
    for (size_t i = 0; i < countof(shares); i++) {
        fields.processed_pages = shares[i].done;
        fields.total_pages = shares[i].whole;
        assert_progress(&fields, shares[i].progress);
    }
    const double given = 0.1;
    fields.progress = &given;
    assert_progress(&fields, "0.1");
    /* Where numbers have a comma, JSON has a point. */
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8")) assert_progress(&fields, "0.1");
    (void)setlocale(LC_NUMERIC, "C");
}

/* ---- what is refused ------------------------------------------------------------------------ */

static struct tidings_review_reminder_fields reminder;
static struct tidings_review_reminder_item item;

static void assert_refused(const char *wanted) {
    struct tidings_json json = { (char *)1, 1 };
    char problem[TIDINGS_PROBLEM_MAX] = "";
    assert_int_equal(tidings_review_reminder(&reminder, &json, problem), TIDINGS_INVALID);
    assert_string_equal(problem, wanted);
    assert_null(json.text);
    assert_int_equal(json.len, 0);
}

static void test_refused_member(void **state) {
    (void)state;
    item = items[0];
    reminder =
        (struct tidings_review_reminder_fields){ .count = 1, .items = &item, .items_count = 1 };
    assert_refused("payload.message: is missing");
    reminder.message = "";
    assert_refused("payload.message: must not be empty");
    reminder.message = "\xff";
    assert_refused("payload.message: must be UTF-8");
    reminder.message = "m";
    reminder.count = -1;
    assert_refused("payload.count: must be at least 0");
    reminder.count = 1;
    reminder.timestamp = "yesterday";
    assert_refused("timestamp: must be a time in UTC such as 2025-01-31T09:00:00Z");
}

static void test_refused_element(void **state) {
    (void)state;
    item = items[0];
    reminder = (struct tidings_review_reminder_fields){
        .count = 1, .items = &item, .items_count = 1, .message = "m"
    };
    item.priority = 0;
    assert_refused("payload.items[0].priority: is missing");
    item.priority = 4;
    assert_refused("payload.items[0].priority: is no such choice");
    item.priority = 1;
    item.translation = "\xc3";
    assert_refused("payload.items[0].translation: must be UTF-8");
    item.translation = NULL;
    item.due_date = "2025-03-02";
    assert_refused("payload.items[0].dueDate: must be a time in UTC such as 2025-01-31T09:00:00Z");
}

static void test_refused_list(void **state) {
    (void)state;
    const char *const phases[] = { "spellcheck", NULL, "\x80" };
    struct tidings_batch_pipeline_completed_fields fields = { .batch_id = "b",
                                                              .completed_phases = phases,
                                                              .completed_phases_count = 3 };
    struct tidings_json json;
    char problem[TIDINGS_PROBLEM_MAX];
    assert_int_equal(tidings_batch_pipeline_completed(&fields, &json, problem), TIDINGS_INVALID);
    assert_string_equal(problem, "payload.completed_phases[1]: is missing");
}

static void test_refused_number(void **state) {
    (void)state;
    struct tidings_test_result_fields fields = {
        .submission_id = 1, .test_name = "t", .status = "s", .duration_ms = NAN
    };
    struct tidings_json json;
    char problem[TIDINGS_PROBLEM_MAX];
    assert_int_equal(tidings_test_result(&fields, &json, problem), TIDINGS_INVALID);
    assert_string_equal(problem, "duration_ms: must be a finite number");
    fields.duration_ms = 1e300;
    fields.submission_id = 9007199254740992;
    assert_int_equal(tidings_test_result(&fields, &json, problem), TIDINGS_INVALID);
    assert_string_equal(problem, "submission_id: must be at most 9007199254740991");
}

static void test_refused_json(void **state) {
    (void)state;
    struct tidings_error_fields fields = { .code = "c", .message = "m", .details_json = "{}}" };
    struct tidings_json json;
    char problem[TIDINGS_PROBLEM_MAX];
    assert_int_equal(tidings_error(&fields, &json, problem), TIDINGS_INVALID);
    assert_string_equal(problem, "payload.details: must be JSON");
}

static void test_more(void **state) {
    (void)state;
    static const struct {
        const char *more, *problem; /* NULL: it is good */
    } cases[] = {
        { "{}", NULL },
        { " { \"extra\" : [1] , \"\\u0065\":{} } ", NULL },
        { "{\"currentPage\":3}", NULL },
        { "{\"currentPage\":-3}", "payload.currentPage: must be at least 0" },
        { "{\"status\":\"t\"}", "payload.more_json: has what is there already" },
        { "{\"extra\":1,\"extra\":2}", "payload.more_json: has what is there already" },
        { "{\"extra\":1", "payload.more_json: must be a JSON object" },
        { "[]", "payload.more_json: must be a JSON object" },
        { "", "payload.more_json: must be a JSON object" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct tidings_ocr_progress_fields fields = { .book_id = "b", .status = "s" };
        struct tidings_json json;
        char problem[TIDINGS_PROBLEM_MAX] = "";
        fields.more_json = cases[i].more;
        int result = tidings_ocr_progress(&fields, &json, problem);
        assert_string_equal(problem, cases[i].problem ? cases[i].problem : "");
        assert_int_equal(result, cases[i].problem ? TIDINGS_INVALID : TIDINGS_OK);
        tidings_json_free(&json);
    }
}

static void test_more_samples(void **state) {
    (void)state;
    struct tidings_json json;
    const struct tidings_batch_cj_assessment_completed_fields assessed = {
        .batch_id = "batch_123",
        .essays_assessed = 15,
        .average_content_score = 7.8,
        .processing_duration_seconds = 450,
        .correlation_id = CORRELATION,
        .timestamp = "2024-01-15T11:15:00Z",
        .more_json = "{\"essays\":[{\"essay_id\":\"essay-456\",\"cj_rank\":1,\"cj_score\":85.5}]}",
    };
    assert_int_equal(tidings_batch_cj_assessment_completed(&assessed, &json, NULL), TIDINGS_OK);
    assert_like(json.text, CATALOGUE "/samples/huleedu/batch_cj_assessment_completed-essays.json");
    tidings_json_free(&json);
    const struct tidings_status_update_fields update = { .submission_id = 1,
                                                         .status = "s",
                                                         .timestamp = "2025-01-31T09:00:00Z",
                                                         .more_json = "{\"x\":0}" };
    assert_int_equal(tidings_status_update(&update, &json, NULL), TIDINGS_OK);
    assert_string_equal(json.text,
                        "{\"type\":\"status_update\",\"submission_id\":1,\"status\":\"s\","
                        "\"timestamp\":\"2025-01-31T09:00:00Z\",\"x\":0}");
    tidings_json_free(&json);
}

static void test_too_big(void **state) {
    (void)state;
    enum { LARGE = 17 * 1024 * 1024 };
    char *large = malloc(LARGE);
    memset(large, 'x', LARGE);
    large[LARGE - 1] = 0;
    struct tidings_error_fields fields = { .code = "c", .message = large };
    struct tidings_json json;
    char problem[TIDINGS_PROBLEM_MAX];
    assert_int_equal(tidings_error(&fields, &json, problem), TIDINGS_TOO_BIG);
    assert_string_equal(problem, "larger than the limit");
    assert_null(json.text);
    free(large);
}

/* ---- checking ------------------------------------------------------------------------------- */

static void test_check(void **state) {
    (void)state;
    static const char good[] = "{\"event_type\":\"batch.status.updated\",\"batch_id\":\"b\","
                               "\"status\":\"s\",\"timestamp\":\"2025-01-31T09:00:00Z\"}";
    static const char bad[] = "{\"event_type\":\"batch.status.updated\",\"batch_id\":\"\"}";
    char problem[TIDINGS_PROBLEM_MAX] = "";
    assert_string_equal(tidings_check(good, strlen(good), problem), "batch.status.updated");
    assert_null(tidings_check(bad, strlen(bad), problem));
    assert_string_equal(problem, "batch.status.updated: batch_id: must not be empty");
    assert_null(tidings_check("7", 1, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_usual_values),
        cmocka_unit_test(test_usual_answer),
        cmocka_unit_test(test_slot_without_name),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_refused_member),
        cmocka_unit_test(test_refused_element),
        cmocka_unit_test(test_refused_list),
        cmocka_unit_test(test_refused_number),
        cmocka_unit_test(test_refused_json),
        cmocka_unit_test(test_more),
        cmocka_unit_test(test_more_samples),
        cmocka_unit_test(test_too_big),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
