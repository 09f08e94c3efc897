/* SPDX-License-Identifier: MIT */
/*
 * lib/kinds_submissions.c: the constructors for the kinds of submissions. Written by tools/kinds:
 * change catalogue/ and run it.
 */
#include "kind_writer_priv.h"

int tidings_status_update(const struct tidings_status_update_fields *fields,
                          struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "type", "status_update");
    kind_integer(&w, "submission_id", fields->submission_id);
    kind_text(&w, "status", fields->status);
    kind_time(&w, "timestamp", fields->timestamp);
    kind_more(&w, fields->more_json);
    return kind_finish(&w, ret, problem);
}

int tidings_test_result(const struct tidings_test_result_fields *fields, struct tidings_json *ret,
                        char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "type", "test_result");
    kind_integer(&w, "submission_id", fields->submission_id);
    kind_text(&w, "test_name", fields->test_name);
    kind_text(&w, "status", fields->status);
    kind_number(&w, "duration_ms", fields->duration_ms);
    kind_time(&w, "timestamp", fields->timestamp);
    kind_more(&w, fields->more_json);
    return kind_finish(&w, ret, problem);
}

int tidings_error_analysis(const struct tidings_error_analysis_fields *fields,
                           struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "type", "error_analysis");
    kind_integer(&w, "submission_id", fields->submission_id);
    kind_text(&w, "error", fields->error);
    kind_text(&w, "analysis", fields->analysis);
    kind_texts(&w, "suggestions", fields->suggestions, fields->suggestions_count);
    kind_time(&w, "timestamp", fields->timestamp);
    kind_more(&w, fields->more_json);
    return kind_finish(&w, ret, problem);
}

int tidings_complete(const struct tidings_complete_fields *fields, struct tidings_json *ret,
                     char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "type", "complete");
    kind_integer(&w, "submission_id", fields->submission_id);
    kind_text(&w, "final_status", fields->final_status);
    kind_open(&w, "summary", '{');
    kind_integer(&w, "total_tests", fields->summary.total_tests);
    kind_integer(&w, "passed", fields->summary.passed);
    kind_integer(&w, "failed", fields->summary.failed);
    kind_number(&w, "duration_ms", fields->summary.duration_ms);
    kind_close(&w, '}');
    kind_time(&w, "timestamp", fields->timestamp);
    kind_more(&w, fields->more_json);
    return kind_finish(&w, ret, problem);
}
