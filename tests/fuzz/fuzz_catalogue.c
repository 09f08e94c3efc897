/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the judging of messages. What is refused is told why; what is good has, as another parser
 * reads it, every member that its kind must have, and of the right type.
 */
#include "dialect/catalogue.h"

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_type(const json_t *value, const struct catalogue_field *field) {
    switch (field->type) {
    case CATALOGUE_ANY: return true;
    case CATALOGUE_INTEGER:
    case CATALOGUE_NUMBER: return json_is_number(value);
    case CATALOGUE_BOOLEAN: return json_is_boolean(value);
    case CATALOGUE_LIST: return json_is_array(value);
    case CATALOGUE_OBJECT: return json_is_object(value);
    default: return json_is_string(value);
    }
}

static void look_at(const json_t *object, const struct catalogue_field *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct catalogue_field *field = &fields[i];
        const json_t *value = json_object_get(object, field->name.at);
        if (!value) assert(!(field->flags & CATALOGUE_REQUIRED));
        if (!value || (field->flags & CATALOGUE_NULLABLE && json_is_null(value))) continue;
        assert(has_type(value, field));
        if (field->flags & CATALOGUE_NOT_EMPTY) assert(json_string_length(value) > 0);
        if (field->flags & CATALOGUE_MIN) assert(json_number_value(value) >= (double)field->min);
        if (field->flags & CATALOGUE_MAX) assert(json_number_value(value) <= (double)field->max);
        if (field->type == CATALOGUE_OBJECT) look_at(value, field->inside, field->count);
        for (size_t j = 0; field->type == CATALOGUE_LIST && j < json_array_size(value); j++)
            assert(has_type(json_array_get(value, j), &field->inside[0]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct catalogue_kind *kind;
    struct err_note note = { "" };
    struct span text = span_of((const char *)data, size);
    enum err e = catalogue_check(text, &kind, &note);
    assert((e == ERR_INVALID) == (note.text[0] != 0));
    if (e) return 0;
    /* It takes fewer texts: no NUL in them, no half of a surrogate pair, no 1e400. */
    json_t *message = json_loadb(text.at, text.len, JSON_ALLOW_NUL, NULL);
    if (message) {
        const json_t *name = json_object_get(message, kind->told_by.at);
        assert(span_eq(span_of(json_string_value(name), json_string_length(name)), kind->name));
        look_at(message, kind->fields, kind->count);
    }
    json_decref(message);
    return 0;
}
