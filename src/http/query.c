/* SPDX-License-Identifier: MIT */
/*
 * http/query.c: taking escapes out of paths and query strings.
 */
#include "http/query.h"

#include "http/hex_priv.h"

/* One decoded byte off the front of `text`, or -1 for an escape that is broken or means NUL. */
static int take_byte(struct span *text, bool plus_is_space) {
    char c = text->at[0];
    if (c != '%') {
        *text = span_skip(*text, 1);
        return c == '+' && plus_is_space ? ' ' : (unsigned char)c;
    }
    if (text->len < 3) return -1;
    int byte = http_hex_byte(text->at + 1);
    *text = span_skip(*text, 3);
    return byte > 0 ? byte : -1;
}

static enum err decode(struct span text, bool plus_is_space, char *room, size_t room_len,
                       struct span *ret) {
    if (span_find(text, '%') == text.len && (!plus_is_space || span_find(text, '+') == text.len)) {
        *ret = text;
        return ERR_OK;
    }
    size_t len = 0;
    while (text.len > 0) {
        int byte = take_byte(&text, plus_is_space);
        if (byte < 0) return ERR_INVALID;
        if (len == room_len) return ERR_TOO_BIG;
        room[len++] = (char)byte;
    }
    *ret = span_of(room, len);
    return ERR_OK;
}

enum err http_percent_decode(struct span text, char *room, size_t room_len, struct span *ret) {
    return decode(text, false, room, room_len, ret);
}

/* Whether `text`, decoded, is `name`. */
static bool is_named(struct span text, struct span name) {
    while (text.len > 0 && name.len > 0) {
        if (take_byte(&text, true) != (unsigned char)name.at[0]) return false;
        name = span_skip(name, 1);
    }
    return text.len == 0 && name.len == 0;
}

enum err http_query_get(struct span query, struct span name, char *room, size_t room_len,
                        struct span *ret) {
    struct span value = { NULL, 0 };
    struct span pair;
    while (span_next(&query, '&', &pair)) {
        size_t mark = span_find(pair, '=');
        if (!is_named(span_of(pair.at, mark), name)) continue;
        if (value.at) return ERR_INVALID;
        value = span_skip(pair, mark + 1);
    }
    if (!value.at) return ERR_NOT_FOUND;
    return decode(value, true, room, room_len, ret);
}
