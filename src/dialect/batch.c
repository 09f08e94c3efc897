/* SPDX-License-Identifier: MIT */
/*
 * dialect/batch.c: the kinds of notification that tell of batches, and what each of them sets.
 */
#include "dialect/batch.h"

#include "base/json.h"
#include "base/utf8.h"

enum { FIELDS_A_KIND_MAX = 6 };

/* A member of the message (or of `inner`), and the field that it sets. */
struct field {
    const char *from;
    const char *to;
    /* What the member's value becomes; NULL: it stays as it is. Empty: nothing is set. */
    struct span (*as)(const struct json_value *value);
};

static struct span completed(const struct json_value *value) {
    (void)value;
    return SPAN("\"completed\"");
}

/* A final status is good or it is not. */
static struct span outcome(const struct json_value *value) {
    if (value->kind != JSON_KIND_STRING) return SPAN("");
    return span_starts(span_skip(value->raw, 1), SPAN("COMPLETED")) ? SPAN("\"completed\"")
                                                                    : SPAN("\"failed\"");
}

static struct span text(const struct json_value *value) {
    return value->kind == JSON_KIND_STRING ? value->raw : SPAN("");
}

/* `essay` stands for the id of the essay that the message is about. */
#define ESSAY "essays."

static const struct kind {
    const char *name;
    const char *told_by; /* the member that has the name of the kind */
    const char *inner;   /* the member that has the rest; NULL: the message itself */
    struct field fields[FIELDS_A_KIND_MAX];
} kinds[] = {
#define NOTIFICATION(kind) kind, "notification_type", "payload"
    { NOTIFICATION("batch_files_uploaded"),
      { { "files_uploaded", "details.files_uploaded", NULL },
        { "total_size_bytes", "details.total_size_bytes", NULL } } },
    { NOTIFICATION("batch_file_removed"), { { 0 } } },
    { NOTIFICATION("batch_validation_failed"),
      { { "error_message", "details.error_message", NULL },
        { "validation_errors", "details.validation_errors", NULL } } },
    { NOTIFICATION("validation_timeout_processed"), { { 0 } } },
    { NOTIFICATION("student_associations_confirmed"), { { 0 } } },
    { NOTIFICATION("batch_processing_started"),
      { { "pipeline_phase", "details.pipeline_phase", NULL } } },
    { NOTIFICATION("batch_spellcheck_completed"),
      { { "batch_id", "spellcheck_status", completed },
        { "essays_processed", "details.essays_processed", NULL },
        { "total_errors_found", "details.total_errors_found", NULL } } },
    { NOTIFICATION("batch_cj_assessment_completed"),
      { { "batch_id", "cj_assessment_status", completed },
        { "essays_assessed", "details.essays_assessed", NULL },
        { "average_content_score", "details.average_content_score", NULL } } },
    { NOTIFICATION("batch_results_ready"),
      { { "results_count", "details.results_count", NULL },
        { "download_url", "details.download_url", NULL } } },
    { NOTIFICATION("batch_assessment_completed"),
      { { "total_essays", "details.total_essays", NULL },
        { "completed_assessments", "details.completed_assessments", NULL },
        { "overall_completion_rate", "details.overall_completion_rate", NULL } } },
    { NOTIFICATION("batch_pipeline_completed"),
      { { "final_status", "details.status", outcome },
        { "final_status", "details.final_status", NULL },
        { "completed_phases", "details.completed_phases", NULL },
        { "successful_essay_count", "details.successful_essay_count", NULL },
        { "failed_essay_count", "details.failed_essay_count", NULL },
        { "processing_duration_seconds", "details.processing_duration_seconds", NULL } } },
    { NOTIFICATION("phase_skipped"), { { 0 } } },
#undef NOTIFICATION
    { "essay_slot_assigned",
      "event",
      "data",
      { { "file_upload_id", ESSAY "file_upload_id", text },
        { "filename", ESSAY "filename", NULL },
        { "slot_index", ESSAY "slot_index", NULL } } },
    { "batch.status.updated", "event_type", NULL, { { "status", "details.status", text } } },
};

/* Of each element of a list `essays`, whichever kind it comes with. */
static const struct field essay_fields[] = {
    { "cj_rank", ESSAY "cj_rank", NULL },
    { "cj_score", ESSAY "cj_score", NULL },
};

bool batch_may_tell(struct span payload) {
    return memmem(payload.at, payload.len, "\"batch_id\"", sizeof "\"batch_id\"" - 1) != NULL;
}

static const struct kind *kind_of(struct span payload) {
    struct json_walk walk = json_walk(payload);
    struct json_value name, value;
    const struct kind *kind = NULL;
    enum json_step step;
    while ((step = json_member(&walk, &name, &value)) == JSON_ITEM) {
        for (size_t i = 0; i < countof(kinds); i++) {
            if (json_text_is(&name, span_str(kinds[i].told_by)) &&
                json_text_is(&value, span_str(kinds[i].name))) {
                kind = &kinds[i];
            }
        }
    }
    return step == JSON_END ? kind : NULL;
}

/* An id as it may stand in the name of a field. */
static bool read_id(struct span object, const char *name, struct buf *room, struct span *ret) {
    struct json_value value;
    return json_find(object, span_str(name), &value) && json_text(&value, room, ret) == ERR_OK &&
           utf8_is_name(*ret, BATCH_ID_MAX);
}

/* `"NAME":VALUE`; `essay` comes behind the name's first part. */
static void set(struct buf *delta, const char *name, struct span essay, struct span value) {
    if (value.len == 0 || value.len > BATCH_VALUE_MAX) return;
    char room[sizeof ESSAY + BATCH_ID_MAX + 32];
    struct span whole = span_str(name);
    if (span_starts(whole, SPAN(ESSAY))) {
        int len =
            snprintf(room, sizeof room, ESSAY "%.*s.%s", SPAN_ARG(essay), name + sizeof ESSAY - 1);
        whole = span_of(room, (size_t)len);
    }
    buf_append_char(delta, delta->len == 0 ? '{' : ',');
    json_append_string(delta, whole);
    buf_append_char(delta, ':');
    buf_append_span(delta, value);
}

static void set_field(struct buf *delta, const struct field *field, struct span object,
                      struct span essay) {
    struct json_value value;
    if (!json_find(object, span_str(field->from), &value)) return;
    set(delta, field->to, essay, field->as ? field->as(&value) : value.raw);
}

/* So there is no delta that says nothing. */
static void set_last(struct buf *delta, const struct kind *kind) {
    char room[64];
    int len = snprintf(room, sizeof room, "\"%s\"", kind->name);
    set(delta, "details.last_notification", SPAN(""), span_of(room, (size_t)len));
}

static void set_essays(struct buf *delta, struct span object) {
    struct json_value list, essay;
    if (!json_find(object, SPAN("essays"), &list) || list.kind != JSON_KIND_ARRAY) return;
    struct json_walk walk = json_walk(list.raw);
    struct buf room;
    buf_init(&room, BATCH_DELTA_MAX);
    while (json_element(&walk, &essay) == JSON_ITEM) {
        struct span id;
        if (essay.kind != JSON_KIND_OBJECT || !read_id(essay.raw, "essay_id", &room, &id)) continue;
        for (size_t i = 0; i < countof(essay_fields); i++)
            set_field(delta, &essay_fields[i], essay.raw, id);
    }
    buf_finish(&room);
}

static void set_all(struct buf *delta, const struct kind *kind, struct span payload,
                    struct span object) {
    struct buf room;
    buf_init(&room, BATCH_DELTA_MAX);
    struct span essay;
    bool has_essay = read_id(object, "essay_id", &room, &essay);
    for (size_t i = 0; i < FIELDS_A_KIND_MAX && kind->fields[i].from; i++) {
        const struct field *field = &kind->fields[i];
        if (has_essay || !span_starts(span_str(field->to), SPAN(ESSAY)))
            set_field(delta, field, object, has_essay ? essay : SPAN(""));
    }
    buf_finish(&room);
    set_essays(delta, object);
    set_last(delta, kind);
    static const struct field when = { "timestamp", "details.updated_at", text };
    struct json_value value;
    set_field(delta, &when, json_find(payload, span_str(when.from), &value) ? payload : object,
              SPAN(""));
}

enum err batch_fold(struct span payload, struct buf *id, struct buf *delta) {
    buf_clear(id);
    buf_clear(delta);
    const struct kind *kind = kind_of(payload);
    if (!kind) return ERR_NOT_FOUND;
    struct span object = payload;
    if (kind->inner) {
        struct json_value inner;
        if (!json_find(payload, span_str(kind->inner), &inner) || inner.kind != JSON_KIND_OBJECT)
            return ERR_NOT_FOUND;
        object = inner.raw;
    }
    struct buf room;
    struct span batch;
    buf_init(&room, BATCH_DELTA_MAX);
    bool is_found = read_id(object, "batch_id", &room, &batch);
    if (is_found) buf_append_span(id, batch);
    buf_finish(&room);
    if (!is_found) return ERR_NOT_FOUND;
    set_all(delta, kind, payload, object);
    buf_append_char(delta, '}');
    return buf_err(id) ? buf_err(id) : buf_err(delta);
}
