/* SPDX-License-Identifier: MIT */
/*
 * dialect/catalogue_kinds.c: the table of the kinds. Written by tools/kinds: change catalogue/ and
 * run it.
 */
#include "dialect/catalogue.h"

#include "dialect/dialect_priv.h"

static const struct span category_words[] = {
    TEXT("batch_progress"),   TEXT("processing_results"), TEXT("file_operations"),
    TEXT("class_management"), TEXT("student_workflow"),   TEXT("system_alerts"),
};
static const struct span priority_words[] = {
    TEXT("critical"), TEXT("immediate"), TEXT("high"), TEXT("standard"), TEXT("low"),
};
static const struct catalogue_field batch_files_uploaded_payload[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("user_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("files_uploaded"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("total_size_bytes"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
};
static const struct catalogue_field batch_files_uploaded[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = batch_files_uploaded_payload,
      .count = countof(batch_files_uploaded_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field batch_file_removed_payload[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("file_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("filename"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field batch_file_removed[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = batch_file_removed_payload,
      .count = countof(batch_file_removed_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field batch_validation_failed_payload_validation_errors[] = {
    { TEXT(""), CATALOGUE_TEXT, CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field batch_validation_failed_payload[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("validation_errors"), CATALOGUE_LIST, CATALOGUE_REQUIRED,
      .inside = batch_validation_failed_payload_validation_errors,
      .count = countof(batch_validation_failed_payload_validation_errors) },
    { TEXT("error_message"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field batch_validation_failed[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED,
      .inside = batch_validation_failed_payload,
      .count = countof(batch_validation_failed_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field class_created_payload[] = {
    { TEXT("class_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("class_name"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("teacher_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field class_created[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = class_created_payload,
      .count = countof(class_created_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field student_added_to_class_payload[] = {
    { TEXT("class_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("student_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("student_name"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field student_added_to_class[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED,
      .inside = student_added_to_class_payload, .count = countof(student_added_to_class_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field validation_timeout_processed_payload[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("timeout_duration_seconds"), CATALOGUE_NUMBER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("processed_students"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
};
static const struct catalogue_field validation_timeout_processed[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED,
      .inside = validation_timeout_processed_payload,
      .count = countof(validation_timeout_processed_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field student_associations_confirmed_payload[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("confirmed_associations"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("pending_associations"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
};
static const struct catalogue_field student_associations_confirmed[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED,
      .inside = student_associations_confirmed_payload,
      .count = countof(student_associations_confirmed_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field batch_spellcheck_completed_payload[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("essays_processed"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("total_errors_found"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("processing_duration_seconds"), CATALOGUE_NUMBER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
};
static const struct catalogue_field batch_spellcheck_completed[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED,
      .inside = batch_spellcheck_completed_payload,
      .count = countof(batch_spellcheck_completed_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field batch_cj_assessment_completed_payload[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("essays_assessed"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("average_content_score"), CATALOGUE_NUMBER, CATALOGUE_REQUIRED },
    { TEXT("processing_duration_seconds"), CATALOGUE_NUMBER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
};
static const struct catalogue_field batch_cj_assessment_completed[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED,
      .inside = batch_cj_assessment_completed_payload,
      .count = countof(batch_cj_assessment_completed_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field batch_processing_started_payload[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("pipeline_phase"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("estimated_duration_minutes"), CATALOGUE_NUMBER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
};
static const struct catalogue_field batch_processing_started[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED,
      .inside = batch_processing_started_payload,
      .count = countof(batch_processing_started_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field batch_results_ready_payload[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("results_count"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("download_url"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field batch_results_ready[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = batch_results_ready_payload,
      .count = countof(batch_results_ready_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field batch_assessment_completed_payload[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("total_essays"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("completed_assessments"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("overall_completion_rate"), CATALOGUE_NUMBER,
      CATALOGUE_REQUIRED | CATALOGUE_MIN | CATALOGUE_MAX, .max = 1 },
};
static const struct catalogue_field batch_assessment_completed[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED,
      .inside = batch_assessment_completed_payload,
      .count = countof(batch_assessment_completed_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field batch_pipeline_completed_payload[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("completed_phases"), CATALOGUE_LIST, CATALOGUE_REQUIRED,
      .inside = batch_validation_failed_payload_validation_errors,
      .count = countof(batch_validation_failed_payload_validation_errors) },
    { TEXT("final_status"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("processing_duration_seconds"), CATALOGUE_NUMBER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("successful_essay_count"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("failed_essay_count"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field batch_pipeline_completed[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED,
      .inside = batch_pipeline_completed_payload,
      .count = countof(batch_pipeline_completed_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field phase_skipped_payload[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("phase_name"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("skip_reason"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("storage_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field phase_skipped[] = {
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("category"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = category_words,
      .count = countof(category_words) },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = priority_words,
      .count = countof(priority_words) },
    { TEXT("action_required"), CATALOGUE_BOOLEAN, CATALOGUE_REQUIRED },
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = phase_skipped_payload,
      .count = countof(phase_skipped_payload) },
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field essay_slot_assigned_data[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("essay_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("file_upload_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("filename"), CATALOGUE_TEXT, CATALOGUE_NULLABLE },
    { TEXT("slot_index"), CATALOGUE_INTEGER, CATALOGUE_MIN },
    { TEXT("text_storage_id"), CATALOGUE_TEXT, CATALOGUE_NOT_EMPTY },
    { TEXT("timestamp"), CATALOGUE_TIME, 0 },
};
static const struct catalogue_field essay_slot_assigned[] = {
    { TEXT("correlation_id"), CATALOGUE_TEXT, CATALOGUE_NOT_EMPTY },
    { TEXT("timestamp"), CATALOGUE_TIME, 0 },
    { TEXT("data"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = essay_slot_assigned_data,
      .count = countof(essay_slot_assigned_data) },
};
static const struct catalogue_field batch_status_updated[] = {
    { TEXT("batch_id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("status"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
};
static const struct catalogue_field ocr_progress_payload[] = {
    { TEXT("bookId"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("totalPages"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("processedPages"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("progress"), CATALOGUE_NUMBER, CATALOGUE_REQUIRED | CATALOGUE_MIN | CATALOGUE_MAX,
      .max = 100 },
    { TEXT("currentPage"), CATALOGUE_INTEGER, CATALOGUE_MIN },
    { TEXT("status"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("message"), CATALOGUE_TEXT, 0 },
};
static const struct catalogue_field ocr_progress[] = {
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = ocr_progress_payload,
      .count = countof(ocr_progress_payload) },
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
};
static const struct catalogue_field book_ready_payload[] = {
    { TEXT("bookId"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("title"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("totalPages"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("message"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field book_ready[] = {
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = book_ready_payload,
      .count = countof(book_ready_payload) },
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
};
static const struct span review_reminder_payload_items_each_priority_words[] = {
    TEXT("urgent"),
    TEXT("recommended"),
    TEXT("optional"),
};
static const struct catalogue_field review_reminder_payload_items_each[] = {
    { TEXT("id"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("content"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("translation"), CATALOGUE_TEXT, 0 },
    { TEXT("dueDate"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
    { TEXT("priority"), CATALOGUE_WORD, CATALOGUE_REQUIRED,
      .words = review_reminder_payload_items_each_priority_words,
      .count = countof(review_reminder_payload_items_each_priority_words) },
};
static const struct catalogue_field review_reminder_payload_items[] = {
    { TEXT(""), CATALOGUE_OBJECT, 0, .inside = review_reminder_payload_items_each,
      .count = countof(review_reminder_payload_items_each) },
};
static const struct catalogue_field review_reminder_payload[] = {
    { TEXT("count"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("items"), CATALOGUE_LIST, CATALOGUE_REQUIRED, .inside = review_reminder_payload_items,
      .count = countof(review_reminder_payload_items) },
    { TEXT("message"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field review_reminder[] = {
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = review_reminder_payload,
      .count = countof(review_reminder_payload) },
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
};
static const struct catalogue_field learning_update_payload_stats[] = {
    { TEXT("totalTime"), CATALOGUE_NUMBER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("completedPages"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("masteredWords"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("pronunciationScore"), CATALOGUE_NUMBER, 0 },
    { TEXT("streakDays"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("lastStudiedAt"), CATALOGUE_TIME, 0 },
};
static const struct catalogue_field learning_update_payload[] = {
    { TEXT("sessionId"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("bookId"), CATALOGUE_TEXT, CATALOGUE_NOT_EMPTY },
    { TEXT("stats"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = learning_update_payload_stats,
      .count = countof(learning_update_payload_stats) },
    { TEXT("message"), CATALOGUE_TEXT, 0 },
};
static const struct catalogue_field learning_update[] = {
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = learning_update_payload,
      .count = countof(learning_update_payload) },
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
};
static const struct span notification_payload_level_words[] = {
    TEXT("info"),
    TEXT("success"),
    TEXT("warning"),
    TEXT("error"),
};
static const struct catalogue_field notification_payload_action[] = {
    { TEXT("label"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("url"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
};
static const struct catalogue_field notification_payload[] = {
    { TEXT("title"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("message"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("level"), CATALOGUE_WORD, CATALOGUE_REQUIRED, .words = notification_payload_level_words,
      .count = countof(notification_payload_level_words) },
    { TEXT("action"), CATALOGUE_OBJECT, 0, .inside = notification_payload_action,
      .count = countof(notification_payload_action) },
};
static const struct catalogue_field notification[] = {
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = notification_payload,
      .count = countof(notification_payload) },
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
};
static const struct catalogue_field error_payload[] = {
    { TEXT("code"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("message"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("details"), CATALOGUE_ANY, 0 },
};
static const struct catalogue_field error[] = {
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = error_payload,
      .count = countof(error_payload) },
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
};
static const struct catalogue_field connection_established_payload[] = {
    { TEXT("userId"), CATALOGUE_UUID, CATALOGUE_REQUIRED },
    { TEXT("message"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
};
static const struct catalogue_field connection_established[] = {
    { TEXT("payload"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED,
      .inside = connection_established_payload, .count = countof(connection_established_payload) },
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
};
static const struct catalogue_field status_update[] = {
    { TEXT("submission_id"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN | CATALOGUE_MAX,
      .min = 1, .max = 9007199254740991 },
    { TEXT("status"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
};
static const struct catalogue_field test_result[] = {
    { TEXT("submission_id"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN | CATALOGUE_MAX,
      .min = 1, .max = 9007199254740991 },
    { TEXT("test_name"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("status"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("duration_ms"), CATALOGUE_NUMBER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
};
static const struct catalogue_field error_analysis[] = {
    { TEXT("submission_id"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN | CATALOGUE_MAX,
      .min = 1, .max = 9007199254740991 },
    { TEXT("error"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("analysis"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("suggestions"), CATALOGUE_LIST, CATALOGUE_REQUIRED,
      .inside = batch_validation_failed_payload_validation_errors,
      .count = countof(batch_validation_failed_payload_validation_errors) },
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
};
static const struct catalogue_field complete_summary[] = {
    { TEXT("total_tests"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("passed"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("failed"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
    { TEXT("duration_ms"), CATALOGUE_NUMBER, CATALOGUE_REQUIRED | CATALOGUE_MIN },
};
static const struct catalogue_field complete[] = {
    { TEXT("submission_id"), CATALOGUE_INTEGER, CATALOGUE_REQUIRED | CATALOGUE_MIN | CATALOGUE_MAX,
      .min = 1, .max = 9007199254740991 },
    { TEXT("final_status"), CATALOGUE_TEXT, CATALOGUE_REQUIRED | CATALOGUE_NOT_EMPTY },
    { TEXT("summary"), CATALOGUE_OBJECT, CATALOGUE_REQUIRED, .inside = complete_summary,
      .count = countof(complete_summary) },
    { TEXT("timestamp"), CATALOGUE_TIME, CATALOGUE_REQUIRED },
};

const struct catalogue_kind catalogue_kinds[CATALOGUE_KINDS] = {
    { TEXT("batch_files_uploaded"), TEXT("notification_type"), batch_files_uploaded,
      countof(batch_files_uploaded) },
    { TEXT("batch_file_removed"), TEXT("notification_type"), batch_file_removed,
      countof(batch_file_removed) },
    { TEXT("batch_validation_failed"), TEXT("notification_type"), batch_validation_failed,
      countof(batch_validation_failed) },
    { TEXT("class_created"), TEXT("notification_type"), class_created, countof(class_created) },
    { TEXT("student_added_to_class"), TEXT("notification_type"), student_added_to_class,
      countof(student_added_to_class) },
    { TEXT("validation_timeout_processed"), TEXT("notification_type"), validation_timeout_processed,
      countof(validation_timeout_processed) },
    { TEXT("student_associations_confirmed"), TEXT("notification_type"),
      student_associations_confirmed, countof(student_associations_confirmed) },
    { TEXT("batch_spellcheck_completed"), TEXT("notification_type"), batch_spellcheck_completed,
      countof(batch_spellcheck_completed) },
    { TEXT("batch_cj_assessment_completed"), TEXT("notification_type"),
      batch_cj_assessment_completed, countof(batch_cj_assessment_completed) },
    { TEXT("batch_processing_started"), TEXT("notification_type"), batch_processing_started,
      countof(batch_processing_started) },
    { TEXT("batch_results_ready"), TEXT("notification_type"), batch_results_ready,
      countof(batch_results_ready) },
    { TEXT("batch_assessment_completed"), TEXT("notification_type"), batch_assessment_completed,
      countof(batch_assessment_completed) },
    { TEXT("batch_pipeline_completed"), TEXT("notification_type"), batch_pipeline_completed,
      countof(batch_pipeline_completed) },
    { TEXT("phase_skipped"), TEXT("notification_type"), phase_skipped, countof(phase_skipped) },
    { TEXT("essay_slot_assigned"), TEXT("event"), essay_slot_assigned,
      countof(essay_slot_assigned) },
    { TEXT("batch.status.updated"), TEXT("event_type"), batch_status_updated,
      countof(batch_status_updated) },
    { TEXT("ocr_progress"), TEXT("type"), ocr_progress, countof(ocr_progress) },
    { TEXT("book_ready"), TEXT("type"), book_ready, countof(book_ready) },
    { TEXT("review_reminder"), TEXT("type"), review_reminder, countof(review_reminder) },
    { TEXT("learning_update"), TEXT("type"), learning_update, countof(learning_update) },
    { TEXT("notification"), TEXT("type"), notification, countof(notification) },
    { TEXT("error"), TEXT("type"), error, countof(error) },
    { TEXT("connection_established"), TEXT("type"), connection_established,
      countof(connection_established) },
    { TEXT("status_update"), TEXT("type"), status_update, countof(status_update) },
    { TEXT("test_result"), TEXT("type"), test_result, countof(test_result) },
    { TEXT("error_analysis"), TEXT("type"), error_analysis, countof(error_analysis) },
    { TEXT("complete"), TEXT("type"), complete, countof(complete) },
};
