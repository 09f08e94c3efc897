/* SPDX-License-Identifier: MIT */
/*
 * lib/kinds_huleedu.c: the constructors for the kinds of huleedu. Written by tools/kinds: change
 * catalogue/ and run it.
 */
#include "kind_writer_priv.h"

static const char *const category_words[] = { "batch_progress",   "processing_results",
                                              "file_operations",  "class_management",
                                              "student_workflow", "system_alerts" };
static const char *const priority_words[] = { "critical", "immediate", "high", "standard", "low" };

int tidings_batch_files_uploaded(const struct tidings_batch_files_uploaded_fields *fields,
                                 struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "batch_files_uploaded");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_FILE_OPERATIONS);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_STANDARD);
    kind_answer(&w, "action_required", fields->action_required, false);
    kind_open(&w, "payload", '{');
    kind_text(&w, "batch_id", fields->batch_id);
    kind_text(&w, "user_id", fields->user_id);
    kind_integer(&w, "files_uploaded", fields->files_uploaded);
    kind_integer(&w, "total_size_bytes", fields->total_size_bytes);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_batch_file_removed(const struct tidings_batch_file_removed_fields *fields,
                               struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "batch_file_removed");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_FILE_OPERATIONS);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_STANDARD);
    kind_answer(&w, "action_required", fields->action_required, false);
    kind_open(&w, "payload", '{');
    kind_text(&w, "batch_id", fields->batch_id);
    kind_text(&w, "file_id", fields->file_id);
    kind_text(&w, "filename", fields->filename);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_batch_validation_failed(const struct tidings_batch_validation_failed_fields *fields,
                                    struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "batch_validation_failed");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_SYSTEM_ALERTS);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_IMMEDIATE);
    kind_answer(&w, "action_required", fields->action_required, true);
    kind_open(&w, "payload", '{');
    kind_text(&w, "batch_id", fields->batch_id);
    kind_texts(&w, "validation_errors", fields->validation_errors, fields->validation_errors_count);
    kind_text(&w, "error_message", fields->error_message);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_class_created(const struct tidings_class_created_fields *fields,
                          struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "class_created");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_CLASS_MANAGEMENT);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_STANDARD);
    kind_answer(&w, "action_required", fields->action_required, false);
    kind_open(&w, "payload", '{');
    kind_text(&w, "class_id", fields->class_id);
    kind_text(&w, "class_name", fields->class_name);
    kind_text(&w, "teacher_id", fields->teacher_id);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_student_added_to_class(const struct tidings_student_added_to_class_fields *fields,
                                   struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "student_added_to_class");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_CLASS_MANAGEMENT);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_LOW);
    kind_answer(&w, "action_required", fields->action_required, false);
    kind_open(&w, "payload", '{');
    kind_text(&w, "class_id", fields->class_id);
    kind_text(&w, "student_id", fields->student_id);
    kind_text(&w, "student_name", fields->student_name);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_validation_timeout_processed(
    const struct tidings_validation_timeout_processed_fields *fields, struct tidings_json *ret,
    char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "validation_timeout_processed");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_STUDENT_WORKFLOW);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_IMMEDIATE);
    kind_answer(&w, "action_required", fields->action_required, false);
    kind_open(&w, "payload", '{');
    kind_text(&w, "batch_id", fields->batch_id);
    kind_number(&w, "timeout_duration_seconds", fields->timeout_duration_seconds);
    kind_integer(&w, "processed_students", fields->processed_students);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_student_associations_confirmed(
    const struct tidings_student_associations_confirmed_fields *fields, struct tidings_json *ret,
    char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "student_associations_confirmed");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_STUDENT_WORKFLOW);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_HIGH);
    kind_answer(&w, "action_required", fields->action_required, false);
    kind_open(&w, "payload", '{');
    kind_text(&w, "batch_id", fields->batch_id);
    kind_integer(&w, "confirmed_associations", fields->confirmed_associations);
    kind_integer(&w, "pending_associations", fields->pending_associations);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_batch_spellcheck_completed(
    const struct tidings_batch_spellcheck_completed_fields *fields, struct tidings_json *ret,
    char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "batch_spellcheck_completed");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_BATCH_PROGRESS);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_LOW);
    kind_answer(&w, "action_required", fields->action_required, false);
    kind_open(&w, "payload", '{');
    kind_text(&w, "batch_id", fields->batch_id);
    kind_integer(&w, "essays_processed", fields->essays_processed);
    kind_integer(&w, "total_errors_found", fields->total_errors_found);
    kind_number(&w, "processing_duration_seconds", fields->processing_duration_seconds);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_batch_cj_assessment_completed(
    const struct tidings_batch_cj_assessment_completed_fields *fields, struct tidings_json *ret,
    char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "batch_cj_assessment_completed");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_BATCH_PROGRESS);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_STANDARD);
    kind_answer(&w, "action_required", fields->action_required, false);
    kind_open(&w, "payload", '{');
    kind_text(&w, "batch_id", fields->batch_id);
    kind_integer(&w, "essays_assessed", fields->essays_assessed);
    kind_number(&w, "average_content_score", fields->average_content_score);
    kind_number(&w, "processing_duration_seconds", fields->processing_duration_seconds);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_batch_processing_started(const struct tidings_batch_processing_started_fields *fields,
                                     struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "batch_processing_started");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_BATCH_PROGRESS);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_LOW);
    kind_answer(&w, "action_required", fields->action_required, false);
    kind_open(&w, "payload", '{');
    kind_text(&w, "batch_id", fields->batch_id);
    kind_text(&w, "pipeline_phase", fields->pipeline_phase);
    kind_number(&w, "estimated_duration_minutes", fields->estimated_duration_minutes);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_batch_results_ready(const struct tidings_batch_results_ready_fields *fields,
                                struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "batch_results_ready");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_PROCESSING_RESULTS);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_HIGH);
    kind_answer(&w, "action_required", fields->action_required, false);
    kind_open(&w, "payload", '{');
    kind_text(&w, "batch_id", fields->batch_id);
    kind_integer(&w, "results_count", fields->results_count);
    kind_text(&w, "download_url", fields->download_url);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_batch_assessment_completed(
    const struct tidings_batch_assessment_completed_fields *fields, struct tidings_json *ret,
    char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "batch_assessment_completed");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_PROCESSING_RESULTS);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_STANDARD);
    kind_answer(&w, "action_required", fields->action_required, false);
    kind_open(&w, "payload", '{');
    kind_text(&w, "batch_id", fields->batch_id);
    kind_integer(&w, "total_essays", fields->total_essays);
    kind_integer(&w, "completed_assessments", fields->completed_assessments);
    kind_number(&w, "overall_completion_rate", fields->overall_completion_rate);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_batch_pipeline_completed(const struct tidings_batch_pipeline_completed_fields *fields,
                                     struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "batch_pipeline_completed");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_PROCESSING_RESULTS);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_HIGH);
    kind_answer(&w, "action_required", fields->action_required, false);
    kind_open(&w, "payload", '{');
    kind_text(&w, "batch_id", fields->batch_id);
    kind_texts(&w, "completed_phases", fields->completed_phases, fields->completed_phases_count);
    kind_text(&w, "final_status", fields->final_status);
    kind_number(&w, "processing_duration_seconds", fields->processing_duration_seconds);
    kind_integer(&w, "successful_essay_count", fields->successful_essay_count);
    kind_integer(&w, "failed_essay_count", fields->failed_essay_count);
    kind_text(&w, "correlation_id",
              fields->payload_correlation_id ? fields->payload_correlation_id
                                             : fields->correlation_id);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_phase_skipped(const struct tidings_phase_skipped_fields *fields,
                          struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "notification_type", "phase_skipped");
    kind_time(&w, "timestamp", fields->timestamp);
    kind_word(&w, "category", category_words, countof(category_words), (unsigned)fields->category,
              TIDINGS_CATEGORY_BATCH_PROGRESS);
    kind_word(&w, "priority", priority_words, countof(priority_words), (unsigned)fields->priority,
              TIDINGS_PRIORITY_LOW);
    kind_answer(&w, "action_required", fields->action_required, false);
    kind_open(&w, "payload", '{');
    kind_text(&w, "batch_id", fields->batch_id);
    kind_text(&w, "phase_name", fields->phase_name);
    kind_text(&w, "skip_reason", fields->skip_reason);
    kind_text(&w, "storage_id", fields->storage_id);
    kind_text(&w, "correlation_id",
              fields->payload_correlation_id ? fields->payload_correlation_id
                                             : fields->correlation_id);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_text(&w, "correlation_id", fields->correlation_id);
    return kind_finish(&w, ret, problem);
}

int tidings_essay_slot_assigned(const struct tidings_essay_slot_assigned_fields *fields,
                                struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "event", "essay_slot_assigned");
    kind_text(&w, "correlation_id", fields->correlation_id);
    kind_time(&w, "timestamp", fields->timestamp);
    kind_open(&w, "data", '{');
    kind_text(&w, "batch_id", fields->batch_id);
    kind_text(&w, "essay_id", fields->essay_id);
    kind_text(&w, "file_upload_id", fields->file_upload_id);
    kind_nullable(&w, "filename", fields->filename);
    if (fields->slot_index) kind_integer(&w, "slot_index", *fields->slot_index);
    kind_text(&w, "text_storage_id", fields->text_storage_id);
    kind_text(&w, "timestamp", fields->data_timestamp);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    return kind_finish(&w, ret, problem);
}
