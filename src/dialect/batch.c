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

/* Where the message itself has what it says of itself: the name of its kind, the object with the
 * rest, its time. Which members that is, is the kind's affair. */
enum { NOTIFICATION_TYPE, EVENT, EVENT_TYPE, PAYLOAD, DATA, TIMESTAMP, OUTER };
/* And what is wanted of the rest, before the kind's own fields. */
enum { BATCH_ID, ESSAY_ID, ESSAYS, INNER_TIMESTAMP, INNER };

static const struct kind {
    const char *name;
    uint8_t told_by; /* the member that has the name of the kind */
    uint8_t inner;   /* the member that has the rest; OUTER: the message itself */
    struct field fields[FIELDS_A_KIND_MAX];
} kinds[] = {
#define NOTIFICATION(kind) kind, NOTIFICATION_TYPE, PAYLOAD
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
      EVENT,
      DATA,
      { { "file_upload_id", ESSAY "file_upload_id", text },
        { "filename", ESSAY "filename", NULL },
        { "slot_index", ESSAY "slot_index", NULL } } },
    { "batch.status.updated", EVENT_TYPE, OUTER, { { "status", "details.status", text } } },
};

/* Of each element of a list `essays`, whichever kind it comes with. */
static const struct field essay_fields[] = {
    { "cj_rank", ESSAY "cj_rank", NULL },
    { "cj_score", ESSAY "cj_score", NULL },
};

bool batch_may_tell(struct span payload) {
    return memmem(payload.at, payload.len, "\"batch_id\"", sizeof "\"batch_id\"" - 1) != NULL;
}

static const struct kind *kind_of(const struct json_wanted outer[static OUTER]) {
    for (size_t i = 0; i < countof(kinds); i++) {
        const struct json_wanted *told = &outer[kinds[i].told_by];
        if (told->is_there && json_text_is(&told->value, span_str(kinds[i].name))) return &kinds[i];
    }
    return NULL;
}

/* An id as it may stand in the name of a field. */
static bool read_id(const struct json_wanted *wanted, struct buf *room, struct span *ret) {
    return wanted->is_there && json_text(&wanted->value, room, ret) == ERR_OK &&
           utf8_is_name(*ret, BATCH_ID_MAX);
}

/* `"NAME":VALUE`; `essay` comes behind the name's first part. */
static void set(struct buf *delta, const char *name, struct span essay, struct span value) {
    if (value.len == 0 || value.len > BATCH_VALUE_MAX) return;
    buf_append_char(delta, delta->len == 0 ? '{' : ',');
    struct span whole = span_str(name);
    if (span_starts(whole, SPAN(ESSAY))) {
        char room[sizeof ESSAY + BATCH_ID_MAX + 32];
        int len =
            snprintf(room, sizeof room, ESSAY "%.*s.%s", SPAN_ARG(essay), name + sizeof ESSAY - 1);
        json_append_string(delta, span_of(room, (size_t)len));
    } else {
        json_append_string(delta, whole);
    }
    buf_append_char(delta, ':');
    buf_append_span(delta, value);
}

static void set_field(struct buf *delta, const struct field *field,
                      const struct json_wanted *wanted, struct span essay) {
    if (!wanted->is_there) return;
    set(delta, field->to, essay, field->as ? field->as(&wanted->value) : wanted->value.raw);
}

/* So there is no delta that says nothing. */
static void set_last(struct buf *delta, const struct kind *kind) {
    char room[64];
    int len = snprintf(room, sizeof room, "\"%s\"", kind->name);
    set(delta, "details.last_notification", SPAN(""), span_of(room, (size_t)len));
}

static void set_essays(struct buf *delta, const struct json_wanted *list) {
    if (!list->is_there || list->value.kind != JSON_KIND_ARRAY) return;
    enum { ESSAY_FIELDS = countof(essay_fields) };
    struct json_wanted wanted[ESSAY_FIELDS + 1] = { [ESSAY_FIELDS] = { .name = SPAN("essay_id") } };
    for (size_t i = 0; i < ESSAY_FIELDS; i++)
        wanted[i].name = span_str(essay_fields[i].from);
    struct json_walk walk = json_walk(list->value.raw);
    struct json_value essay;
    struct buf room;
    buf_init(&room, BATCH_DELTA_MAX);
    while (json_element(&walk, &essay) == JSON_ITEM) {
        struct span id;
        (void)json_find_all(essay.raw, wanted, countof(wanted));
        if (!read_id(&wanted[ESSAY_FIELDS], &room, &id)) continue;
        for (size_t i = 0; i < ESSAY_FIELDS; i++)
            set_field(delta, &essay_fields[i], &wanted[i], id);
    }
    buf_finish(&room);
}

static size_t count_fields(const struct kind *kind) {
    size_t count = 0;
    while (count < FIELDS_A_KIND_MAX && kind->fields[count].from)
        count++;
    return count;
}

static void set_all(struct buf *delta, const struct kind *kind, const struct json_wanted *inner,
                    const struct json_wanted *timestamp) {
    struct buf room;
    buf_init(&room, BATCH_DELTA_MAX);
    struct span essay = { 0 };
    bool has_essay = read_id(&inner[ESSAY_ID], &room, &essay);
    size_t count = count_fields(kind);
    for (size_t i = 0; i < count; i++) {
        if (has_essay || !span_starts(span_str(kind->fields[i].to), SPAN(ESSAY)))
            set_field(delta, &kind->fields[i], &inner[INNER + i], essay);
    }
    buf_finish(&room);
    set_essays(delta, &inner[ESSAYS]);
    set_last(delta, kind);
    static const struct field when = { "timestamp", "details.updated_at", text };
    set_field(delta, &when, timestamp->is_there ? timestamp : &inner[INNER_TIMESTAMP], SPAN(""));
}

/* The object with the kind's members. */
static bool find_inner(const struct kind *kind, struct span payload,
                       const struct json_wanted outer[static OUTER],
                       struct json_wanted inner[static INNER + FIELDS_A_KIND_MAX]) {
    struct span object = payload;
    if (kind->inner != OUTER) {
        const struct json_wanted *found = &outer[kind->inner];
        if (!found->is_there || found->value.kind != JSON_KIND_OBJECT) return false;
        object = found->value.raw;
    }
    inner[BATCH_ID].name = SPAN("batch_id");
    inner[ESSAY_ID].name = SPAN("essay_id");
    inner[ESSAYS].name = SPAN("essays");
    inner[INNER_TIMESTAMP].name = SPAN("timestamp");
    size_t count = count_fields(kind);
    for (size_t i = 0; i < count; i++)
        inner[INNER + i].name = span_str(kind->fields[i].from);
    return json_find_all(object, inner, INNER + count);
}

enum err batch_fold(struct span payload, struct buf *id, struct buf *delta) {
    buf_clear(id);
    buf_clear(delta);
    struct json_wanted outer[OUTER] = {
        [NOTIFICATION_TYPE] = { .name = SPAN("notification_type") },
        [EVENT] = { .name = SPAN("event") },
        [EVENT_TYPE] = { .name = SPAN("event_type") },
        [PAYLOAD] = { .name = SPAN("payload") },
        [DATA] = { .name = SPAN("data") },
        [TIMESTAMP] = { .name = SPAN("timestamp") },
    };
    if (!json_find_all(payload, outer, OUTER)) return ERR_NOT_FOUND;
    const struct kind *kind = kind_of(outer);
    struct json_wanted inner[INNER + FIELDS_A_KIND_MAX];
    if (!kind || !find_inner(kind, payload, outer, inner)) return ERR_NOT_FOUND;
    struct buf room;
    struct span batch;
    buf_init(&room, BATCH_DELTA_MAX);
    bool is_found = read_id(&inner[BATCH_ID], &room, &batch);
    if (is_found) buf_append_span(id, batch);
    buf_finish(&room);
    if (!is_found) return ERR_NOT_FOUND;
    set_all(delta, kind, inner, &outer[TIMESTAMP]);
    buf_append_char(delta, '}');
    return buf_err(id) ? buf_err(id) : buf_err(delta);
}
