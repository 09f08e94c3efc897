/* SPDX-License-Identifier: MIT */
/*
 * broker/kafka/mapping.c: paths through a record, and the object that is made of them. Values are
 * passed on as the bytes that stand there.
 */
#include "broker/kafka/mapping.h"

#include "base/json.h"
#include "base/utf8.h"

bool kafka_mapping_add(struct kafka_mapping *mapping, struct span text) {
    size_t equals = span_find(text, '=');
    if (equals == 0 || equals + 1 >= text.len || mapping->member_count == KAFKA_MEMBERS_MAX)
        return false;
    mapping->members[mapping->member_count++] =
        (struct kafka_member){ span_of(text.at, equals), span_skip(text, equals + 1) };
    return true;
}

/* Of an empty path, all of it. Not there, or null: false. */
static bool value_at(struct span record, struct span path, struct json_value *ret) {
    struct span name;
    *ret = (struct json_value){ .kind = JSON_KIND_OBJECT, .raw = record };
    while (path.len > 0 && span_next(&path, '.', &name)) {
        struct span object = ret->raw;
        if (ret->kind != JSON_KIND_OBJECT || !json_find(object, name, ret)) return false;
    }
    return ret->kind != JSON_KIND_NULL;
}

static bool read_name(struct span record, struct span path, size_t max, struct buf *out) {
    struct json_value value;
    struct span text;
    int64_t number;
    if (path.len == 0 || !value_at(record, path, &value)) return false;
    if (value.kind == JSON_KIND_NUMBER && json_int(&value, INT64_MIN, INT64_MAX, &number)) {
        buf_append_span(out, value.raw);
        return true;
    }
    struct buf room;
    buf_init(&room, value.raw.len);
    bool is_name = json_text(&value, &room, &text) == ERR_OK && utf8_is_name(text, max);
    if (is_name) buf_append_span(out, text);
    buf_finish(&room);
    return is_name;
}

static void append_members(const struct kafka_mapping *mapping, struct span record,
                           struct buf *out) {
    struct json_value value;
    for (size_t i = 0; i < mapping->member_count; i++) {
        const struct kafka_member *from = &mapping->members[i];
        if (!value_at(record, from->path, &value)) continue;
        buf_append_char(out, out->len == 0 ? '{' : ',');
        json_append_string(out, from->name);
        buf_append_char(out, ':');
        buf_append_span(out, value.raw);
    }
    if (out->len > 0) buf_append_char(out, '}');
}

static void append_relayed(const struct kafka_mapping *mapping, struct span record,
                           struct buf *out) {
    struct json_value value;
    if (mapping->member_count > 0) {
        append_members(mapping, record, out);
    } else if (value_at(record, mapping->whole_path, &value)) {
        buf_append_span(out, value.raw);
    }
}

enum err kafka_map(const struct kafka_mapping *mapping, struct span record, struct buf *user,
                   struct buf *id, struct buf *relayed, struct err_note *why) {
    struct json_value value;
    struct json_error error;
    buf_clear(user);
    buf_clear(id);
    buf_clear(relayed);
    if (!json_parse(record, &value, &error))
        return err_note(why, ERR_INVALID, "no JSON: expected %s at byte %zu", error.expected,
                        error.offset);
    if (value.kind != JSON_KIND_OBJECT) return err_note(why, ERR_INVALID, "it is no object");
    if (!read_name(value.raw, mapping->user_path, KAFKA_USER_MAX, user))
        return err_note(why, ERR_NOT_FOUND, "no user at %.*s", SPAN_ARG(mapping->user_path));
    (void)read_name(value.raw, mapping->id_path, KAFKA_ID_MAX, id);
    append_relayed(mapping, value.raw, relayed);
    if (buf_err(user) || buf_err(id) || buf_err(relayed))
        return buf_err(relayed) ? buf_err(relayed) : ERR_NOMEM;
    if (relayed->len == 0) return err_note(why, ERR_INVALID, "there is nothing to relay");
    return ERR_OK;
}
