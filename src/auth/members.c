/* SPDX-License-Identifier: MIT */
/*
 * auth/members.c: the walk through an object, and the names that it must not meet again.
 */
#include "auth/members_priv.h"
#include "base/hash.h"

/* Names of the objects that the walk is in. One costs at least five bytes of text, so no token has
 * as many. */
#define NAMES_MAX 2048
/* Bytes of a name that is written with escapes. */
#define NAME_MAX_BYTES 8192

struct names {
    struct buf room; /* for names with escapes */
    size_t count;
    uint64_t hashes[NAMES_MAX];
};

/* Notes a name of the object whose first name is number `first`. Hashes stand for the names:
 * strangers do not know the key, and what collides by chance (once in 2^64) is refused like a
 * repetition. */
static bool is_new(struct names *names, size_t first, const struct json_value *name) {
    struct span text;
    if (names->count == NAMES_MAX || json_text(name, &names->room, &text)) return false;
    uint64_t hash = hash_span(text);
    for (size_t i = first; i < names->count; i++) {
        if (names->hashes[i] == hash) return false;
    }
    names->hashes[names->count++] = hash;
    return true;
}

static bool value_is_sound(struct names *names, const struct json_value *value, unsigned depth);

static bool object_is_sound(struct names *names, struct span text, unsigned depth) {
    struct json_walk walk = json_walk(text);
    struct json_value name, value;
    size_t first = names->count;
    enum json_step step;
    while ((step = json_member(&walk, &name, &value)) == JSON_ITEM) {
        if (!is_new(names, first, &name) || !value_is_sound(names, &value, depth)) return false;
    }
    names->count = first;
    return step == JSON_END;
}

static bool array_is_sound(struct names *names, struct span text, unsigned depth) {
    struct json_walk walk = json_walk(text);
    struct json_value value;
    enum json_step step;
    while ((step = json_element(&walk, &value)) == JSON_ITEM) {
        if (!value_is_sound(names, &value, depth)) return false;
    }
    return step == JSON_END;
}

/* `depth`: how many objects and arrays the value is in. */
static bool value_is_sound(struct names *names, const struct json_value *value, unsigned depth) {
    if (value->kind != JSON_KIND_OBJECT && value->kind != JSON_KIND_ARRAY) return true;
    if (depth == MEMBERS_DEPTH_MAX) return false;
    return value->kind == JSON_KIND_OBJECT ? object_is_sound(names, value->raw, depth + 1)
                                           : array_is_sound(names, value->raw, depth + 1);
}

size_t members_bound(struct span text) {
    size_t commas = 0;
    for (size_t i = 0; i < text.len; i++)
        commas += text.at[i] == ',';
    return commas + 1;
}

static bool read_all(struct names *names, struct span text, struct member *list, size_t room,
                     size_t *ret_count) {
    struct json_walk walk = json_walk(text);
    struct member member;
    size_t count = 0;
    enum json_step step;
    while ((step = json_member(&walk, &member.name, &member.value)) == JSON_ITEM) {
        if (count == room || !is_new(names, 0, &member.name)) return false;
        list[count++] = member;
    }
    if (step != JSON_END) return false;
    for (size_t i = 0; i < count; i++) {
        if (!value_is_sound(names, &list[i].value, 1)) return false;
    }
    *ret_count = count;
    return true;
}

bool members_read(struct span text, struct member *list, size_t room, size_t *ret_count) {
    struct names names;
    names.count = 0; /* the hashes are left as they are: 16 KiB */
    buf_init(&names.room, NAME_MAX_BYTES);
    bool is_good = read_all(&names, text, list, room, ret_count);
    buf_finish(&names.room);
    return is_good;
}

const struct json_value *members_find(const struct member *list, size_t count, const char *name) {
    struct span wanted = span_str(name);
    for (size_t i = 0; i < count; i++) {
        if (json_text_is(&list[i].name, wanted)) return &list[i].value;
    }
    return NULL;
}
