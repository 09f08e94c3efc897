/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/entry.c: reads what the script of history.c wrote.
 */
#include "broker/redis/entry_priv.h"

#include "base/utf8.h"

/* What a script can count with: its numbers are doubles. */
#define NUMBER_MAX ((UINT64_C(1) << 53) - 1)

static bool read_numbers(struct span number, struct span before, struct span last,
                         struct entry *entry) {
    if (!span_to_uint(number, NUMBER_MAX, &entry->number)) return false;
    if (!span_to_uint(before, NUMBER_MAX, &entry->before)) return false;
    if (last.len != 1 || (last.at[0] != '0' && last.at[0] != '1')) return false;
    entry->is_last = last.at[0] == '1';
    return entry->before < entry->number;
}

bool entry_read(struct span text, struct entry *ret) {
    struct span parts[3];
    for (size_t i = 0; i < countof(parts); i++) {
        size_t end = span_find(text, ' ');
        if (end == text.len) return false;
        parts[i] = span_of(text.at, end);
        text = span_skip(text, end + 1);
    }
    struct entry entry = { .payload = text };
    if (!read_numbers(parts[0], parts[1], parts[2], &entry) || !utf8_is_valid(text)) return false;
    *ret = entry;
    return true;
}

/* The value of a field, NULL when there is none. */
static const struct redis_reply *field_of(const struct redis_reply *fields, const char *name) {
    for (size_t i = 0; i + 1 < fields->count; i += 2) {
        if (fields->items[i + 1].kind != REDIS_STRING) continue;
        if (span_eq(fields->items[i].text, span_str(name))) return &fields->items[i + 1];
    }
    return NULL;
}

bool entry_number_kept(const struct redis_reply *item, uint64_t *ret) {
    if (item->kind != REDIS_ARRAY || item->count == 0) return false;
    if (item->items[0].kind != REDIS_STRING) return false;
    struct span id = item->items[0].text;
    return span_to_uint(span_of(id.at, span_find(id, '-')), NUMBER_MAX, ret);
}

bool entry_read_kept(const struct redis_reply *item, struct entry *ret) {
    if (item->kind != REDIS_ARRAY || item->count != 2) return false;
    const struct redis_reply *id = &item->items[0], *fields = &item->items[1];
    if (id->kind != REDIS_STRING || !span_ends(id->text, SPAN("-0"))) return false;
    if (fields->kind != REDIS_ARRAY) return false;
    const struct redis_reply *payload = field_of(fields, "payload");
    const struct redis_reply *last = field_of(fields, "last");
    const struct redis_reply *before = field_of(fields, "before");
    if (!payload || !last || !before) return false;
    struct span number = span_of(id->text.at, id->text.len - 2);
    struct entry entry = { .payload = payload->text };
    if (!read_numbers(number, before->text, last->text, &entry)) return false;
    if (!utf8_is_valid(entry.payload)) return false;
    *ret = entry;
    return true;
}
