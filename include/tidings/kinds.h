/* SPDX-License-Identifier: MIT */
/*
 * tidings/kinds.h: the 27 kinds of message in catalogue/, each with a struct of what it says and a
 * function that makes the message. Written by tools/kinds: change catalogue/ and run it.
 *
 *     struct tidings_ocr_progress_fields fields = { 0 };
 *     struct tidings_json json;
 *     char problem[TIDINGS_PROBLEM_MAX];
 *     fields.book_id = "book-1";
 *     fields.processed_pages = 35;
 *     fields.total_pages = 100;
 *     fields.status = "processing";
 *     if (tidings_ocr_progress(&fields, &json, problem) == TIDINGS_OK) {
 *         tidings_publish_user(publisher, user, json.text, json.len);
 *         tidings_json_free(&json);
 *     }
 *
 * Each of these functions writes a message that its schema takes, or none. TIDINGS_OK: `ret` holds
 * it, for `tidings_json_free`. Else `ret` is empty: TIDINGS_INVALID, and `problem`
 * (TIDINGS_PROBLEM_MAX bytes, or NULL) says which member of the message is wrong and how,
 * "payload.bookId: must not be empty"; TIDINGS_TOO_BIG, over 16 MiB; TIDINGS_NO_MEMORY. Fields are
 * only read, and copied. The functions know no publisher and may be called by any thread.
 *
 * Set all of a struct to zero, then what there is to say. A pointer whose comment does not say what
 * NULL means must be given, and so must a choice without a word for 0. What the catalogue does not
 * name goes into `more_json`. Texts are UTF-8; times are in UTC, as RFC 3339 has them:
 * 2025-01-31T09:00:00Z.
 */
#ifndef TIDINGS_KINDS_H
#define TIDINGS_KINDS_H

#include "tidings/tidings.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A message: JSON, with a terminator behind it. */
struct tidings_json {
    char *text;
    size_t len;
};

/* Frees the message and leaves it empty. An empty one is fine. */
TIDINGS_API void tidings_json_free(struct tidings_json *json);

/* Whether `json` is a message of the catalogue. Returns the name of its kind, a constant; NULL:
 * `problem` (as above) says what is wrong first, after the kind where there is one: "ocr_progress:
 * payload.progress: must be at most 100". */
TIDINGS_API const char *tidings_check(const char *json, size_t json_len, char *problem);

enum tidings_answer { TIDINGS_ANSWER_USUAL, TIDINGS_ANSWER_YES, TIDINGS_ANSWER_NO };

enum tidings_category {
    TIDINGS_CATEGORY_USUAL,
    TIDINGS_CATEGORY_BATCH_PROGRESS,
    TIDINGS_CATEGORY_PROCESSING_RESULTS,
    TIDINGS_CATEGORY_FILE_OPERATIONS,
    TIDINGS_CATEGORY_CLASS_MANAGEMENT,
    TIDINGS_CATEGORY_STUDENT_WORKFLOW,
    TIDINGS_CATEGORY_SYSTEM_ALERTS
};
enum tidings_priority {
    TIDINGS_PRIORITY_USUAL,
    TIDINGS_PRIORITY_CRITICAL,
    TIDINGS_PRIORITY_IMMEDIATE,
    TIDINGS_PRIORITY_HIGH,
    TIDINGS_PRIORITY_STANDARD,
    TIDINGS_PRIORITY_LOW
};

/* Files were uploaded to a batch. */
struct tidings_batch_files_uploaded_fields {
    const char *batch_id;                /* The batch it is about. */
    const char *user_id;                 /* Who uploaded them. */
    int64_t files_uploaded;              /* How many files. */
    int64_t total_size_bytes;            /* Their sizes together. */
    const char *correlation_id;          /* Ties together all that one request caused. */
    const char *timestamp;               /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;      /* 0: file_operations. */
    enum tidings_priority priority;      /* 0: standard. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: no. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int
tidings_batch_files_uploaded(const struct tidings_batch_files_uploaded_fields *fields,
                             struct tidings_json *ret, char *problem);

/* A file was removed from a batch. */
struct tidings_batch_file_removed_fields {
    const char *batch_id;                /* The batch it is about. */
    const char *file_id;                 /* The file that is gone. */
    const char *filename;                /* Its name. */
    const char *correlation_id;          /* Ties together all that one request caused. */
    const char *timestamp;               /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;      /* 0: file_operations. */
    enum tidings_priority priority;      /* 0: standard. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: no. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_batch_file_removed(const struct tidings_batch_file_removed_fields *fields,
                                           struct tidings_json *ret, char *problem);

/* A batch did not pass validation. */
struct tidings_batch_validation_failed_fields {
    const char *batch_id;                 /* The batch it is about. */
    const char *const *validation_errors; /* What is wrong, a sentence each. */
    size_t validation_errors_count;
    const char *error_message;           /* The same in one sentence. */
    const char *correlation_id;          /* Ties together all that one request caused. */
    const char *timestamp;               /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;      /* 0: system_alerts. */
    enum tidings_priority priority;      /* 0: immediate. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: yes. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int
tidings_batch_validation_failed(const struct tidings_batch_validation_failed_fields *fields,
                                struct tidings_json *ret, char *problem);

/* A class was created. */
struct tidings_class_created_fields {
    const char *class_id;                /* The class. */
    const char *class_name;              /* Its name. */
    const char *teacher_id;              /* Who teaches it. */
    const char *correlation_id;          /* Ties together all that one request caused. */
    const char *timestamp;               /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;      /* 0: class_management. */
    enum tidings_priority priority;      /* 0: standard. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: no. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_class_created(const struct tidings_class_created_fields *fields,
                                      struct tidings_json *ret, char *problem);

/* A student joined a class. */
struct tidings_student_added_to_class_fields {
    const char *class_id;                /* The class. */
    const char *student_id;              /* The student. */
    const char *student_name;            /* The student's name. */
    const char *correlation_id;          /* Ties together all that one request caused. */
    const char *timestamp;               /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;      /* 0: class_management. */
    enum tidings_priority priority;      /* 0: low. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: no. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int
tidings_student_added_to_class(const struct tidings_student_added_to_class_fields *fields,
                               struct tidings_json *ret, char *problem);

/* Nobody confirmed the associations in time, so they were taken as they stood. */
struct tidings_validation_timeout_processed_fields {
    const char *batch_id;                /* The batch it is about. */
    double timeout_duration_seconds;     /* How long was waited. */
    int64_t processed_students;          /* How many students that concerned. */
    const char *correlation_id;          /* Ties together all that one request caused. */
    const char *timestamp;               /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;      /* 0: student_workflow. */
    enum tidings_priority priority;      /* 0: immediate. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: no. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_validation_timeout_processed(
    const struct tidings_validation_timeout_processed_fields *fields, struct tidings_json *ret,
    char *problem);

/* Essays were matched with students. */
struct tidings_student_associations_confirmed_fields {
    const char *batch_id;                /* The batch it is about. */
    int64_t confirmed_associations;      /* How many are certain. */
    int64_t pending_associations;        /* How many are still open. */
    const char *correlation_id;          /* Ties together all that one request caused. */
    const char *timestamp;               /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;      /* 0: student_workflow. */
    enum tidings_priority priority;      /* 0: high. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: no. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_student_associations_confirmed(
    const struct tidings_student_associations_confirmed_fields *fields, struct tidings_json *ret,
    char *problem);

/* The spelling of a batch was checked. */
struct tidings_batch_spellcheck_completed_fields {
    const char *batch_id;                /* The batch it is about. */
    int64_t essays_processed;            /* How many essays. */
    int64_t total_errors_found;          /* Errors in all of them. */
    double processing_duration_seconds;  /* How long it took. */
    const char *correlation_id;          /* Ties together all that one request caused. */
    const char *timestamp;               /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;      /* 0: batch_progress. */
    enum tidings_priority priority;      /* 0: low. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: no. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int
tidings_batch_spellcheck_completed(const struct tidings_batch_spellcheck_completed_fields *fields,
                                   struct tidings_json *ret, char *problem);

/* The essays of a batch were compared and scored. */
struct tidings_batch_cj_assessment_completed_fields {
    const char *batch_id;                /* The batch it is about. */
    int64_t essays_assessed;             /* How many essays. */
    double average_content_score;        /* Mean of their scores. */
    double processing_duration_seconds;  /* How long it took. */
    const char *correlation_id;          /* Ties together all that one request caused. */
    const char *timestamp;               /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;      /* 0: batch_progress. */
    enum tidings_priority priority;      /* 0: standard. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: no. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_batch_cj_assessment_completed(
    const struct tidings_batch_cj_assessment_completed_fields *fields, struct tidings_json *ret,
    char *problem);

/* Work on a batch began. */
struct tidings_batch_processing_started_fields {
    const char *batch_id;                /* The batch it is about. */
    const char *pipeline_phase;          /* The phase it began with. */
    double estimated_duration_minutes;   /* How long it will probably take. */
    const char *correlation_id;          /* Ties together all that one request caused. */
    const char *timestamp;               /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;      /* 0: batch_progress. */
    enum tidings_priority priority;      /* 0: low. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: no. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int
tidings_batch_processing_started(const struct tidings_batch_processing_started_fields *fields,
                                 struct tidings_json *ret, char *problem);

/* The results of a batch can be fetched. */
struct tidings_batch_results_ready_fields {
    const char *batch_id;                /* The batch it is about. */
    int64_t results_count;               /* How many there are. */
    const char *download_url;            /* Where they are; may be a path on the same host. */
    const char *correlation_id;          /* Ties together all that one request caused. */
    const char *timestamp;               /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;      /* 0: processing_results. */
    enum tidings_priority priority;      /* 0: high. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: no. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_batch_results_ready(const struct tidings_batch_results_ready_fields *fields,
                                            struct tidings_json *ret, char *problem);

/* All assessments of a batch are done. */
struct tidings_batch_assessment_completed_fields {
    const char *batch_id;                /* The batch it is about. */
    int64_t total_essays;                /* Essays in the batch. */
    int64_t completed_assessments;       /* Those that were assessed. */
    double overall_completion_rate;      /* The share that was, from 0 to 1. */
    const char *correlation_id;          /* Ties together all that one request caused. */
    const char *timestamp;               /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;      /* 0: processing_results. */
    enum tidings_priority priority;      /* 0: standard. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: no. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int
tidings_batch_assessment_completed(const struct tidings_batch_assessment_completed_fields *fields,
                                   struct tidings_json *ret, char *problem);

/* All phases that were asked for a batch are over. */
struct tidings_batch_pipeline_completed_fields {
    const char *batch_id;                /* The batch it is about. */
    const char *const *completed_phases; /* The phases that ran. */
    size_t completed_phases_count;
    const char *final_status;           /* How it ended; begins with COMPLETED when it went well. */
    double processing_duration_seconds; /* How long it took. */
    int64_t successful_essay_count;     /* Essays that went through. */
    int64_t failed_essay_count;         /* Essays that did not. */
    const char *payload_correlation_id; /* Ties together all that one request caused. NULL: as
                                           `correlation_id`. */
    const char *correlation_id;         /* Ties together all that one request caused. */
    const char *timestamp;              /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;     /* 0: processing_results. */
    enum tidings_priority priority;     /* 0: high. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: no. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int
tidings_batch_pipeline_completed(const struct tidings_batch_pipeline_completed_fields *fields,
                                 struct tidings_json *ret, char *problem);

/* A phase was left out, for instance because it had run before. */
struct tidings_phase_skipped_fields {
    const char *batch_id;                /* The batch it is about. */
    const char *phase_name;              /* The phase. */
    const char *skip_reason;             /* Why. */
    const char *storage_id;              /* Where its earlier result lies. */
    const char *payload_correlation_id;  /* Ties together all that one request caused. NULL: as
                                            `correlation_id`. */
    const char *correlation_id;          /* Ties together all that one request caused. */
    const char *timestamp;               /* A moment in UTC (RFC 3339). NULL: now. */
    enum tidings_category category;      /* 0: batch_progress. */
    enum tidings_priority priority;      /* 0: low. */
    enum tidings_answer action_required; /* Whether the teacher has something to do now. 0: no. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_phase_skipped(const struct tidings_phase_skipped_fields *fields,
                                      struct tidings_json *ret, char *problem);

/* A file was given an essay slot. */
struct tidings_essay_slot_assigned_fields {
    const char *batch_id;        /* The batch it is about. */
    const char *essay_id;        /* The essay, hence the slot. */
    const char *file_upload_id;  /* The uploaded file. */
    const char *filename;        /* The file's name, where it is known. NULL: null. */
    const int64_t *slot_index;   /* Which slot of the batch, from 0. NULL: left out. */
    const char *text_storage_id; /* Where its text lies. NULL: left out. */
    const char *data_timestamp;  /* A moment in UTC (RFC 3339). NULL: left out. */
    const char *correlation_id;  /* Ties together all that one request caused. NULL: left out. */
    const char *timestamp;       /* A moment in UTC (RFC 3339). NULL: now. */
    const char *more_json;       /* Other members of `data`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_essay_slot_assigned(const struct tidings_essay_slot_assigned_fields *fields,
                                            struct tidings_json *ret, char *problem);

/* A batch is in another state. */
struct tidings_batch_status_updated_fields {
    const char *batch_id;  /* The batch it is about. */
    const char *status;    /* The state it is in now: processing, completed, failed. */
    const char *timestamp; /* A moment in UTC (RFC 3339). NULL: now. */
    const char *more_json; /* Other members of the message: a JSON object. NULL: none. */
};
TIDINGS_API int
tidings_batch_status_updated(const struct tidings_batch_status_updated_fields *fields,
                             struct tidings_json *ret, char *problem);

/* How far the recognition of a book is. */
struct tidings_ocr_progress_fields {
    const char *book_id;         /* The book. */
    int64_t total_pages;         /* Pages of the book. */
    int64_t processed_pages;     /* Pages done. */
    const double *progress;      /* The same in percent. NULL: computed from the two before. */
    const int64_t *current_page; /* The page being read. NULL: left out. */
    const char *status;          /* What is being done. */
    const char *message;         /* A sentence for people. NULL: left out. */
    const char *timestamp;       /* A moment in UTC (RFC 3339). NULL: now. */
    const char *more_json;       /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_ocr_progress(const struct tidings_ocr_progress_fields *fields,
                                     struct tidings_json *ret, char *problem);

/* A book can be studied. */
struct tidings_book_ready_fields {
    const char *book_id;   /* The book. */
    const char *title;     /* Its title. */
    int64_t total_pages;   /* Its pages. */
    const char *message;   /* A sentence for people. */
    const char *timestamp; /* A moment in UTC (RFC 3339). NULL: now. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_book_ready(const struct tidings_book_ready_fields *fields,
                                   struct tidings_json *ret, char *problem);

/* Something is due for review. */
enum tidings_review_reminder_item_priority {
    TIDINGS_REVIEW_REMINDER_ITEM_PRIORITY_URGENT = 1,
    TIDINGS_REVIEW_REMINDER_ITEM_PRIORITY_RECOMMENDED,
    TIDINGS_REVIEW_REMINDER_ITEM_PRIORITY_OPTIONAL
};
struct tidings_review_reminder_item {
    const char *id;          /* The item. */
    const char *content;     /* What to review. */
    const char *translation; /* What it means. NULL: left out. */
    const char *due_date;    /* A moment in UTC (RFC 3339). */
    enum tidings_review_reminder_item_priority priority;
};
struct tidings_review_reminder_fields {
    int64_t count;                                    /* How many items are due. */
    const struct tidings_review_reminder_item *items; /* The items, or the first of them. */
    size_t items_count;
    const char *message;   /* A sentence for people. */
    const char *timestamp; /* A moment in UTC (RFC 3339). NULL: now. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_review_reminder(const struct tidings_review_reminder_fields *fields,
                                        struct tidings_json *ret, char *problem);

/* How a learning session goes. */
struct tidings_learning_update_stats {
    double total_time;                 /* Seconds spent. */
    int64_t completed_pages;           /* Pages done. */
    int64_t mastered_words;            /* Words known. */
    const double *pronunciation_score; /* How well they were said. NULL: left out. */
    int64_t streak_days;               /* Days in a row. */
    const char *last_studied_at;       /* A moment in UTC (RFC 3339). NULL: left out. */
};
struct tidings_learning_update_fields {
    const char *session_id; /* The session. */
    const char *book_id;    /* The book. NULL: left out. */
    struct tidings_learning_update_stats stats;
    const char *message;   /* A sentence for people. NULL: left out. */
    const char *timestamp; /* A moment in UTC (RFC 3339). NULL: now. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_learning_update(const struct tidings_learning_update_fields *fields,
                                        struct tidings_json *ret, char *problem);

/* Anything that a person should read. */
enum tidings_notification_level {
    TIDINGS_NOTIFICATION_LEVEL_INFO = 1,
    TIDINGS_NOTIFICATION_LEVEL_SUCCESS,
    TIDINGS_NOTIFICATION_LEVEL_WARNING,
    TIDINGS_NOTIFICATION_LEVEL_ERROR
};
struct tidings_notification_action {
    const char *label; /* What the button says. */
    const char *url;   /* Where it leads. */
};
struct tidings_notification_fields {
    const char *title;   /* In a few words. */
    const char *message; /* A sentence for people. */
    enum tidings_notification_level level;
    const struct tidings_notification_action
        *action;           /* What can be done about it. NULL: left out. */
    const char *timestamp; /* A moment in UTC (RFC 3339). NULL: now. */
    const char *more_json; /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_notification(const struct tidings_notification_fields *fields,
                                     struct tidings_json *ret, char *problem);

/* Something went wrong. */
struct tidings_error_fields {
    const char *code;         /* For programs. */
    const char *message;      /* A sentence for people. */
    const char *details_json; /* Whatever helps to find the cause. JSON. NULL: left out. */
    const char *timestamp;    /* A moment in UTC (RFC 3339). NULL: now. */
    const char *more_json;    /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_error(const struct tidings_error_fields *fields, struct tidings_json *ret,
                              char *problem);

/* The first message on every connection; the server sends it. */
struct tidings_connection_established_fields {
    const char *user_id;           /* Whose connection it is: a UUID. */
    const char *message;           /* A sentence for people. */
    const char *payload_timestamp; /* A moment in UTC (RFC 3339). NULL: as `timestamp`. */
    const char *timestamp;         /* A moment in UTC (RFC 3339). NULL: now. */
    const char *more_json;         /* Other members of `payload`: a JSON object. NULL: none. */
};
TIDINGS_API int
tidings_connection_established(const struct tidings_connection_established_fields *fields,
                               struct tidings_json *ret, char *problem);

/* A submission is in another state. */
struct tidings_status_update_fields {
    int64_t submission_id;
    const char *status;    /* The state it is in now. */
    const char *timestamp; /* A moment in UTC (RFC 3339). NULL: now. */
    const char *more_json; /* Other members of the message: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_status_update(const struct tidings_status_update_fields *fields,
                                      struct tidings_json *ret, char *problem);

/* One test ran. */
struct tidings_test_result_fields {
    int64_t submission_id;
    const char *test_name; /* Its name. */
    const char *status;    /* How it went: passed, failed. */
    double duration_ms;    /* How long it took. */
    const char *timestamp; /* A moment in UTC (RFC 3339). NULL: now. */
    const char *more_json; /* Other members of the message: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_test_result(const struct tidings_test_result_fields *fields,
                                    struct tidings_json *ret, char *problem);

/* Why something failed. */
struct tidings_error_analysis_fields {
    int64_t submission_id;
    const char *error;              /* The error as it came up. */
    const char *analysis;           /* What it means. */
    const char *const *suggestions; /* What might help. */
    size_t suggestions_count;
    const char *timestamp; /* A moment in UTC (RFC 3339). NULL: now. */
    const char *more_json; /* Other members of the message: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_error_analysis(const struct tidings_error_analysis_fields *fields,
                                       struct tidings_json *ret, char *problem);

/* All is done; the server closes the connection after it. */
struct tidings_complete_summary {
    int64_t total_tests; /* Tests in all. */
    int64_t passed;      /* Those that passed. */
    int64_t failed;      /* Those that did not. */
    double duration_ms;  /* How long all took. */
};
struct tidings_complete_fields {
    int64_t submission_id;
    const char *final_status; /* How it ended: passed, failed. */
    struct tidings_complete_summary summary;
    const char *timestamp; /* A moment in UTC (RFC 3339). NULL: now. */
    const char *more_json; /* Other members of the message: a JSON object. NULL: none. */
};
TIDINGS_API int tidings_complete(const struct tidings_complete_fields *fields,
                                 struct tidings_json *ret, char *problem);

#ifdef __cplusplus
}
#endif

#endif
