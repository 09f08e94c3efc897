/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes base/json: it must judge as jansson does wherever the two mean to agree, a walk must judge
 * as a whole reading does, and every string must survive being decoded and written again.
 */
#include "base/json.h"

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* jansson builds values, so it also refuses what the grammar allows but it cannot hold. */
static bool is_only_unbuildable(const json_error_t *error) {
    switch (json_error_code(error)) {
    case json_error_numeric_overflow:
    case json_error_null_byte_in_key: return true;
    default: return strncmp(error->text, "invalid Unicode '\\u", 19) == 0;
    }
}

static void compare_with_jansson(struct span text, bool is_good, const struct json_error *error) {
    /* It takes a NUL for the end of the text. */
    if (text.len && memchr(text.at, 0, text.len)) return;
    json_error_t theirs;
    json_t *value =
        json_loadb(text.len ? text.at : "", text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &theirs);
    if (value && !is_good) assert(strstr(error->expected, "nesting"));
    if (!value && is_good) assert(is_only_unbuildable(&theirs));
    json_decref(value);
}

static void write_again(const struct json_value *value) {
    struct buf room;
    buf_init(&room, value->raw.len);
    struct span decoded;
    if (json_text(value, &room, &decoded) == ERR_OK) {
        assert(json_text_is(value, decoded));
        struct buf written;
        buf_init(&written, 6 * decoded.len + 2);
        json_append_string(&written, decoded);
        struct json_value again;
        struct json_error error;
        bool is_good = json_parse(buf_span(&written), &again, &error);
        assert(is_good && json_text_is(&again, decoded));
        buf_finish(&written);
    }
    buf_finish(&room);
}

static bool walk(struct span text, bool is_object, unsigned depth) {
    struct json_walk w = json_walk(text);
    struct json_value name;
    struct json_value value;
    enum json_step step;
    while ((step = is_object ? json_member(&w, &name, &value) : json_element(&w, &value)) ==
           JSON_ITEM) {
        if (is_object) write_again(&name);
        int64_t number;
        if (json_int(&value, -1000, 1000, &number)) assert(number >= -1000 && number <= 1000);
        if (value.kind == JSON_KIND_STRING) write_again(&value);
        if (value.kind >= JSON_KIND_ARRAY && depth < 4) {
            /* What was judged as part of the whole is good by itself. */
            bool is_good = walk(value.raw, value.kind == JSON_KIND_OBJECT, depth + 1);
            assert(is_good);
        }
    }
    if (step == JSON_FAIL) assert(w.error.offset <= text.len);
    return step == JSON_END;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span text = span_of((const char *)data, size);
    struct json_value value;
    struct json_error error = { 0 };
    bool is_good = json_parse(text, &value, &error);
    if (!is_good) {
        size_t line;
        size_t column;
        assert(error.offset <= size);
        json_position(text, error.offset, &line, &column);
        assert(line >= 1 && column >= 1 && line + column <= size + 2);
    }
    compare_with_jansson(text, is_good, &error);
    if (is_good && value.kind == JSON_KIND_STRING) write_again(&value);
    bool is_object = walk(text, true, 0);
    bool is_array = walk(text, false, 0);
    if (is_good) {
        assert(is_object == (value.kind == JSON_KIND_OBJECT));
        assert(is_array == (value.kind == JSON_KIND_ARRAY));
    } else if (is_object || is_array) {
        assert(strstr(error.expected, "nesting")); /* the walk itself does not count */
    }
    return 0;
}
