/* SPDX-License-Identifier: MIT */
/*
 * store/batch_record.c: fields sorted by name, so that those of one essay stand together.
 */
#include "store/batch_record.h"

#include "base/json.h"
#include "base/mem.h"
#include "dialect/batch.h"

enum { FIELDS_FIRST = 8 };

/* One piece of memory, with name and value behind it. */
struct batch_field {
    uint32_t name_len, value_len;
    char bytes[];
};

static struct span name_of(const struct batch_field *field) {
    return span_of(field->bytes, field->name_len);
}
static struct span value_of(const struct batch_field *field) {
    return span_of(field->bytes + field->name_len, field->value_len);
}

static size_t bytes_of(const struct batch_field *field) {
    return sizeof *field + sizeof field + field->name_len + field->value_len;
}

void batch_record_finish(struct batch_record *record) {
    for (uint32_t i = 0; i < record->count; i++)
        mem_free(record->fields[i]);
    mem_free(record->fields);
    *record = (struct batch_record){ 0 };
}

static int compare(struct span a, struct span b) {
    int order = memcmp(a.at, b.at, size_min(a.len, b.len));
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Where `name` is, or belongs; names are not empty. */
static uint32_t place_of(const struct batch_record *record, struct span name, bool *ret_is_there) {
    uint32_t low = 0, high = record->count;
    *ret_is_there = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare(name_of(record->fields[middle]), name);
        if (order == 0) *ret_is_there = true;
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum err make_room(struct batch_record *record) {
    if (record->count < record->cap) return ERR_OK;
    uint32_t cap = record->cap ? record->cap * 2 : FIELDS_FIRST;
    struct batch_field **fields = mem_try_resize(record->fields, cap * sizeof(void *));
    if (!fields) return ERR_NOMEM;
    record->fields = fields;
    record->cap = cap;
    return ERR_OK;
}

static struct batch_field *field_new(struct span name, struct span value) {
    struct batch_field *field = mem_try(sizeof *field + name.len + value.len);
    if (!field) return NULL;
    field->name_len = (uint32_t)name.len;
    field->value_len = (uint32_t)value.len;
    memcpy(field->bytes, name.at, name.len);
    memcpy(field->bytes + name.len, value.at, value.len);
    return field;
}

static enum err set(struct batch_record *record, struct span name, struct span value) {
    bool is_there;
    uint32_t place = place_of(record, name, &is_there);
    struct batch_field *before = is_there ? record->fields[place] : NULL;
    if (before && span_eq(value_of(before), value)) return ERR_OK;
    size_t freed = before ? bytes_of(before) : 0;
    if (record->bytes - freed + name.len + value.len > BATCH_DELTA_MAX) return ERR_TOO_BIG;
    if (!before && make_room(record) != ERR_OK) return ERR_NOMEM;
    struct batch_field *field = field_new(name, value);
    if (!field) return ERR_NOMEM;
    if (!before) {
        struct batch_field **at = record->fields + place;
        memmove(at + 1, at, (record->count - place) * sizeof *at);
        record->count++;
    }
    mem_free(before);
    record->fields[place] = field;
    record->bytes += bytes_of(field) - freed;
    return ERR_OK;
}

enum err batch_record_apply(struct batch_record *record, struct span delta) {
    struct json_walk walk = json_walk(delta);
    struct json_value name, value;
    enum json_step step;
    struct buf room;
    buf_init(&room, BATCH_DELTA_MAX);
    enum err e = ERR_OK;
    while (!e && (step = json_member(&walk, &name, &value)) == JSON_ITEM) {
        struct span text;
        e = json_text(&name, &room, &text);
        if (!e && text.len == 0) e = ERR_INVALID;
        if (!e) e = set(record, text, value.raw);
    }
    buf_finish(&room);
    if (e) return e;
    return step == JSON_END ? ERR_OK : ERR_INVALID;
}

/* ---- writing -------------------------------------------------------------------------------- */

static struct span find(const struct batch_record *record, struct span name, struct span other) {
    bool is_there;
    uint32_t place = place_of(record, name, &is_there);
    return is_there ? value_of(record->fields[place]) : other;
}

static void append_member(struct buf *out, struct span name, struct span value) {
    if (out->at[out->len - 1] != '{') buf_append_char(out, ',');
    json_append_string(out, name);
    buf_append_char(out, ':');
    buf_append_span(out, value);
}

static void write_details(const struct batch_record *record, struct buf *out) {
    const struct span head = SPAN("details.");
    buf_append_span(out, SPAN("{\"status\":"));
    buf_append_span(out, find(record, SPAN("details.status"), SPAN("\"processing\"")));
    for (uint32_t i = 0; i < record->count && !buf_err(out); i++) {
        struct span name = name_of(record->fields[i]);
        if (!span_starts(name, head) || span_eq(name, SPAN("details.status"))) continue;
        append_member(out, span_skip(name, head.len), value_of(record->fields[i]));
    }
    buf_append_char(out, '}');
}

/* The fields of one essay, which stand together: `essays.ID.NAME`, an id without quotes. */
struct essay {
    struct span id;
    const struct batch_record *record;
    uint32_t first, count;
    uint64_t slot; /* UINT64_MAX: none */
};

static struct span id_of(const struct batch_field *field) {
    const struct span head = SPAN("essays.");
    struct span name = name_of(field);
    const char *dot = memrchr(name.at, '.', name.len);
    size_t end = dot ? (size_t)(dot - name.at) : 0;
    if (!span_starts(name, head) || end <= head.len) return SPAN("");
    return span_of(name.at + head.len, end - head.len);
}

static struct span column(const struct essay *essay, struct span name) {
    for (uint32_t i = essay->first; i < essay->first + essay->count; i++) {
        const struct batch_field *field = essay->record->fields[i];
        if (span_ends(name_of(field), name)) return value_of(field);
    }
    return SPAN("null");
}

static void write_essay(const struct batch_record *record, const struct essay *essay,
                        struct buf *out) {
    const struct span phases[] = { SPAN("spellcheck_status"), SPAN("cj_assessment_status") };
    buf_append_span(out, SPAN("{\"essay_id\":"));
    json_append_string(out, essay->id);
    buf_append_span(out, SPAN(",\"file_upload_id\":"));
    buf_append_span(out, column(essay, SPAN(".file_upload_id")));
    buf_append_span(out, SPAN(",\"filename\":"));
    buf_append_span(out, column(essay, SPAN(".filename")));
    for (size_t i = 0; i < countof(phases); i++)
        append_member(out, phases[i], find(record, phases[i], SPAN("null")));
    append_member(out, SPAN("cj_rank"), column(essay, SPAN(".cj_rank")));
    append_member(out, SPAN("cj_score"), column(essay, SPAN(".cj_score")));
    buf_append_char(out, '}');
}

/* The essay that begins at `first`; its id is empty when none does. */
static struct essay essay_at(const struct batch_record *record, uint32_t first) {
    struct essay essay = { .id = id_of(record->fields[first]), .record = record, .first = first };
    do {
        essay.count++;
    } while (first + essay.count < record->count &&
             span_eq(id_of(record->fields[first + essay.count]), essay.id));
    if (!span_to_uint(column(&essay, SPAN(".slot_index")), UINT64_MAX - 1, &essay.slot))
        essay.slot = UINT64_MAX;
    return essay;
}

static int by_slot(const void *a, const void *b) {
    const struct essay *x = a, *y = b;
    if (x->slot != y->slot) return x->slot < y->slot ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static void write_essays(const struct batch_record *record, struct buf *out) {
    if (record->count == 0) return;
    struct buf room;
    buf_init(&room, (size_t)record->count * sizeof(struct essay));
    size_t count = 0;
    for (uint32_t i = 0; i < record->count;) {
        struct essay essay = essay_at(record, i);
        i += essay.count;
        /* Without that it was never assigned to a slot: there is only talk of it. */
        if (essay.id.len == 0 || column(&essay, SPAN(".file_upload_id")).at[0] != '"') continue;
        buf_append(&room, &essay, sizeof essay);
        count++;
    }
    if (buf_err(&room)) {
        out->fail = ERR_NOMEM;
        return;
    }
    struct essay *essays = (struct essay *)(void *)room.at;
    if (count > 1) qsort(essays, count, sizeof *essays, by_slot);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) buf_append_char(out, ',');
        write_essay(record, &essays[i], out);
    }
    buf_finish(&room);
}

void batch_record_write(const struct batch_record *record, struct span id, struct buf *out) {
    buf_append_span(out, SPAN("{\"batch_id\":"));
    json_append_string(out, id);
    buf_append_span(out, SPAN(",\"details\":"));
    write_details(record, out);
    buf_append_span(out, SPAN(",\"essays\":["));
    write_essays(record, out);
    buf_append_span(out, SPAN("]}"));
}
