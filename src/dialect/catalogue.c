/* SPDX-License-Identifier: MIT */
/*
 * dialect/catalogue.c: walks a message beside the table. What the table does not name is passed
 * over; of two members with one name the last counts, as it does for every reader in JavaScript.
 */
#include "dialect/catalogue.h"

#include "base/json.h"
#include "base/utf8.h"
#include "dialect/catalogue_priv.h"
#include "dialect/dialect_priv.h"

#include <stdarg.h>

enum { PATH_BYTES = 256, WORDS_BYTES = 256, SHOWN_MAX = 64 };

/* A member of an object or, where the name is empty, an element of a list. */
struct step {
    struct span name;
    size_t index;
};

struct checker {
    struct err_note *note;
    size_t depth;
    struct step path[CATALOGUE_DEPTH_MAX];
};

/* A text in a room of fixed size, cut where that ends. */
struct sentence {
    char *at;
    size_t len, cap;
};

static void say(struct sentence *sentence, const char *format, ...) PRINTF_LIKE(2, 3);

static void say(struct sentence *sentence, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(sentence->at + sentence->len, sentence->cap - sentence->len, format, args);
    va_end(args);
    if (len > 0) sentence->len = size_min(sentence->len + (size_t)len, sentence->cap - 1);
}

static enum err refuse(const struct checker *checker, const char *what) {
    char room[PATH_BYTES] = "";
    struct sentence path = { room, 0, sizeof room };
    for (size_t i = 0; i < checker->depth; i++) {
        const struct step *step = &checker->path[i];
        if (step->name.len > 0)
            say(&path, "%s%.*s", i > 0 ? "." : "", SPAN_ARG(step->name));
        else
            say(&path, "[%zu]", step->index);
    }
    return err_note(checker->note, ERR_INVALID, "%s: %s", checker->depth ? room : "a message",
                    what);
}

static enum err check_text(const struct checker *checker, const struct catalogue_field *field,
                           const struct json_value *value) {
    const size_t quotes = 2;
    bool is_empty = value->raw.len == quotes;
    return field->flags & CATALOGUE_NOT_EMPTY && is_empty ? refuse(checker, "must not be empty")
                                                          : ERR_OK;
}

/* A string whose characters `is_good` knows. */
static enum err check_shape(const struct checker *checker, const struct json_value *value,
                            bool (*is_good)(struct span text), const char *problem) {
    struct buf room;
    struct span text;
    buf_init(&room, value->raw.len);
    enum err e = json_text(value, &room, &text);
    if (e == ERR_INVALID || (e == ERR_OK && !is_good(text))) e = refuse(checker, problem);
    if (e == ERR_NOMEM) (void)err_note(checker->note, e, "%s", err_text(e));
    buf_finish(&room);
    return e;
}

static enum err check_word(const struct checker *checker, const struct catalogue_field *field,
                           const struct json_value *value) {
    for (size_t i = 0; i < field->count; i++) {
        if (json_text_is(value, field->words[i])) return ERR_OK;
    }
    char room[WORDS_BYTES];
    struct sentence words = { room, 0, sizeof room };
    for (size_t i = 0; i < field->count; i++)
        say(&words, "%s%.*s", i > 0 ? ", " : "must be one of ", SPAN_ARG(field->words[i]));
    return refuse(checker, room);
}

static enum err check_number(const struct checker *checker, const struct catalogue_field *field,
                             const struct json_value *value) {
    struct catalogue_number number = catalogue_number(value->raw);
    char problem[64];
    if (field->type == CATALOGUE_INTEGER && number.has_fraction)
        return refuse(checker, "must be a whole number");
    if (field->flags & CATALOGUE_MIN && catalogue_compare(&number, field->min) < 0) {
        (void)snprintf(problem, sizeof problem, "must be at least %llu",
                       (unsigned long long)field->min);
        return refuse(checker, problem);
    }
    if (field->flags & CATALOGUE_MAX && catalogue_compare(&number, field->max) > 0) {
        (void)snprintf(problem, sizeof problem, "must be at most %llu",
                       (unsigned long long)field->max);
        return refuse(checker, problem);
    }
    return ERR_OK;
}

/* As deep as the table, at most CATALOGUE_DEPTH_MAX. */
static enum err check_value(struct checker *checker, const struct catalogue_field *field,
                            const struct json_value *value);

/* A value of the object or list that is being checked. */
static enum err check_inside(struct checker *checker, const struct catalogue_field *field,
                             size_t index, const struct json_value *value) {
    assert(checker->depth < countof(checker->path));
    checker->path[checker->depth++] = (struct step){ field->name, index };
    enum err e = value ? check_value(checker, field, value) : refuse(checker, "is missing");
    checker->depth--;
    return e;
}

/* Of each field the last value in `object`; one that is not there has no bytes. */
static void find_members(struct span object, const struct catalogue_field *fields, size_t count,
                         struct json_value *ret) {
    struct json_walk walk = json_walk(object);
    struct json_value name, value;
    memset(ret, 0, count * sizeof *ret);
    while (json_member(&walk, &name, &value) == JSON_ITEM) {
        for (size_t i = 0; i < count; i++) {
            if (json_text_is(&name, fields[i].name)) ret[i] = value;
        }
    }
}

static enum err check_members(struct checker *checker, const struct catalogue_field *fields,
                              size_t count, struct span object) {
    struct json_value values[CATALOGUE_MEMBERS_MAX];
    assert(count <= countof(values));
    find_members(object, fields, count, values);
    enum err e = ERR_OK;
    for (size_t i = 0; i < count && !e; i++) {
        bool is_there = values[i].raw.len > 0;
        if (is_there || fields[i].flags & CATALOGUE_REQUIRED)
            e = check_inside(checker, &fields[i], 0, is_there ? &values[i] : NULL);
    }
    return e;
}

static enum err check_elements(struct checker *checker, const struct catalogue_field *field,
                               struct span list) {
    struct json_walk walk = json_walk(list);
    struct json_value value;
    enum err e = ERR_OK;
    for (size_t i = 0; !e && json_element(&walk, &value) == JSON_ITEM; i++)
        e = check_inside(checker, &field->inside[0], i, &value);
    return e;
}

static bool has_type(const struct json_value *value, enum catalogue_type type) {
    switch (type) {
    case CATALOGUE_TEXT:
    case CATALOGUE_TIME:
    case CATALOGUE_UUID:
    case CATALOGUE_WORD: return value->kind == JSON_KIND_STRING;
    case CATALOGUE_INTEGER:
    case CATALOGUE_NUMBER: return value->kind == JSON_KIND_NUMBER;
    case CATALOGUE_BOOLEAN: return value->kind == JSON_KIND_TRUE || value->kind == JSON_KIND_FALSE;
    case CATALOGUE_LIST: return value->kind == JSON_KIND_ARRAY;
    case CATALOGUE_OBJECT: return value->kind == JSON_KIND_OBJECT;
    case CATALOGUE_ANY: break;
    }
    return true;
}

static enum err refuse_type(const struct checker *checker, const struct catalogue_field *field) {
    static const char *const types[] = {
        [CATALOGUE_TEXT] = "a string",         [CATALOGUE_TIME] = "a string",
        [CATALOGUE_UUID] = "a string",         [CATALOGUE_INTEGER] = "a whole number",
        [CATALOGUE_NUMBER] = "a number",       [CATALOGUE_LIST] = "a list",
        [CATALOGUE_BOOLEAN] = "true or false", [CATALOGUE_OBJECT] = "an object",
    };
    char problem[64];
    (void)snprintf(problem, sizeof problem, "must be %s%s", types[field->type],
                   field->flags & CATALOGUE_NULLABLE ? " or null" : "");
    return refuse(checker, problem);
}

static enum err check_value(struct checker *checker, const struct catalogue_field *field,
                            const struct json_value *value) {
    if (field->flags & CATALOGUE_NULLABLE && value->kind == JSON_KIND_NULL) return ERR_OK;
    if (field->type == CATALOGUE_WORD) return check_word(checker, field, value);
    if (!has_type(value, field->type)) return refuse_type(checker, field);
    switch (field->type) {
    case CATALOGUE_TEXT: return check_text(checker, field, value);
    case CATALOGUE_TIME:
        return check_shape(checker, value, catalogue_is_time,
                           "must be a time in UTC such as 2025-01-31T09:00:00Z");
    case CATALOGUE_UUID: return check_shape(checker, value, catalogue_is_uuid, "must be a UUID");
    case CATALOGUE_INTEGER:
    case CATALOGUE_NUMBER: return check_number(checker, field, value);
    case CATALOGUE_LIST: return check_elements(checker, field, value->raw);
    case CATALOGUE_OBJECT: return check_members(checker, field->inside, field->count, value->raw);
    default: return ERR_OK;
    }
}

/* ---- which kind it is ----------------------------------------------------------------------- */

/* The members that kinds are told apart by, and the one that counts where there are several. */
static const struct catalogue_field told_by[] = {
    { .name = TEXT("notification_type") },
    { .name = TEXT("event_type") },
    { .name = TEXT("event") },
    { .name = TEXT("type") },
};

#define NAMED_IN "a message names in notification_type, event_type, event or type"

static const struct catalogue_kind *find_kind(struct span member, const struct json_value *value) {
    for (size_t i = 0; i < countof(catalogue_kinds); i++) {
        const struct catalogue_kind *kind = &catalogue_kinds[i];
        if (span_eq(kind->told_by, member) && json_text_is(value, kind->name)) return kind;
    }
    return NULL;
}

static enum err refuse_kind(const struct json_value *values, struct err_note *note) {
    for (size_t i = 0; i < countof(told_by); i++) {
        struct span shown = values[i].raw;
        if (shown.len == 0) continue;
        shown.len = utf8_cut(shown, SHOWN_MAX);
        return err_note(note, ERR_INVALID, "%.*s: %.*s%s is none of the %d kinds, which " NAMED_IN,
                        SPAN_ARG(told_by[i].name), SPAN_ARG(shown),
                        shown.len < values[i].raw.len ? "…" : "", CATALOGUE_KINDS);
    }
    return err_note(note, ERR_INVALID, "a message: must be one of %d kinds, which " NAMED_IN,
                    CATALOGUE_KINDS);
}

enum err catalogue_check(struct span message, const struct catalogue_kind **ret_kind,
                         struct err_note *note) {
    struct json_value value, values[countof(told_by)];
    struct json_error error;
    struct checker checker = { .note = note };
    *ret_kind = NULL;
    if (!json_parse(message, &value, &error)) {
        size_t line, column;
        json_position(message, error.offset, &line, &column);
        return err_note(note, ERR_INVALID, "no JSON: line %zu, column %zu: expected %s", line,
                        column, error.expected);
    }
    if (value.kind != JSON_KIND_OBJECT) return refuse(&checker, "must be an object");
    find_members(value.raw, told_by, countof(told_by), values);
    for (size_t i = 0; i < countof(told_by); i++) {
        const struct catalogue_kind *kind = find_kind(told_by[i].name, &values[i]);
        if (!kind) continue;
        *ret_kind = kind;
        return check_members(&checker, kind->fields, kind->count, value.raw);
    }
    return refuse_kind(values, note);
}
