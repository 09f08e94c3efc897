/* SPDX-License-Identifier: MIT */
/*
 * base/json_text.c: strings and integers out of a judged JSON text, and strings into one.
 */
#include "base/json.h"
#include "base/json_priv.h"
#include "base/utf8.h"

/* What stands between the quotes. */
static struct span string_inside(const struct json_value *value) {
    return span_of(value->raw.at + 1, value->raw.len - 2);
}

static uint32_t hex_unit(const char *at) {
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        unit = unit << 4 | (uint32_t)digit;
    }
    return unit;
}

static size_t utf8_encode(uint32_t point, char ret[4]) {
    static const uint8_t leads[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        ret[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    ret[0] = (char)(leads[len] | point);
    return len;
}

/* The character that the escape at the head of `s` stands for; the escape is passed. Returns its
 * bytes, 0 for half of a surrogate pair. The escape has been judged before. */
static size_t decode_escape(struct span *s, char ret[4]) {
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    if (s->at[1] != 'u') {
        ret[0] = to[strchr(from, s->at[1]) - from];
        *s = span_skip(*s, 2);
        return 1;
    }
    uint32_t point = hex_unit(s->at + 2);
    *s = span_skip(*s, 6);
    if (point < 0xD800 || point > 0xDFFF) return utf8_encode(point, ret);
    if (point > 0xDBFF || s->len < 6 || s->at[0] != '\\' || s->at[1] != 'u') return 0;
    uint32_t low = hex_unit(s->at + 2);
    if (low < 0xDC00 || low > 0xDFFF) return 0;
    *s = span_skip(*s, 6);
    return utf8_encode(0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00), ret);
}

bool json_text_is(const struct json_value *value, struct span text) {
    if (value->kind != JSON_KIND_STRING) return false;
    struct span inside = string_inside(value);
    if (likely(!value->has_escapes)) return span_eq(inside, text);
    while (inside.len > 0) {
        char decoded[4] = { inside.at[0] };
        size_t len = 1;
        if (inside.at[0] == '\\') {
            len = decode_escape(&inside, decoded);
            if (len == 0) return false;
        } else {
            inside = span_skip(inside, 1);
        }
        if (!span_starts(text, span_of(decoded, len))) return false;
        text = span_skip(text, len);
    }
    return text.len == 0;
}

enum err json_text(const struct json_value *value, struct buf *room, struct span *ret) {
    if (value->kind != JSON_KIND_STRING) return ERR_INVALID;
    struct span inside = string_inside(value);
    if (likely(!value->has_escapes)) {
        *ret = inside;
        return ERR_OK;
    }
    buf_clear(room);
    while (inside.len > 0) {
        size_t plain = span_find(inside, '\\');
        buf_append(room, inside.at, plain);
        inside = span_skip(inside, plain);
        if (inside.len > 0) {
            char decoded[4];
            size_t len = decode_escape(&inside, decoded);
            if (len == 0) return ERR_INVALID;
            buf_append(room, decoded, len);
        }
    }
    if (buf_err(room)) return buf_err(room);
    *ret = buf_span(room);
    return ERR_OK;
}

bool json_int(const struct json_value *value, int64_t min, int64_t max, int64_t *ret) {
    if (value->kind != JSON_KIND_NUMBER) return false;
    bool is_negative = value->raw.at[0] == '-';
    uint64_t size;
    /* The size of INT64_MIN is one more than INT64_MAX. */
    uint64_t most = (uint64_t)INT64_MAX + (is_negative ? 1 : 0);
    if (!span_to_uint(span_skip(value->raw, is_negative ? 1 : 0), most, &size)) return false;
    if (is_negative && size == 0) return false;
    int64_t number = is_negative ? -(int64_t)(size - 1) - 1 : (int64_t)size;
    if (number < min || number > max) return false;
    *ret = number;
    return true;
}

static void append_escape(struct buf *b, char c) {
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    static const char hex[] = "0123456789abcdef";
    const char *known = c ? strchr(from, c) : NULL;
    if (known) {
        const char text[] = { '\\', to[known - from] };
        buf_append(b, text, sizeof text);
    } else {
        const char text[] = { '\\', 'u', '0', '0', hex[(uint8_t)c >> 4], hex[(uint8_t)c & 15] };
        buf_append(b, text, sizeof text);
    }
}

/* Appends what is no plain character at the head of `s`; returns the bytes it stood for. */
static size_t append_special(struct buf *b, struct span s) {
    static const char unknown[] = "\xEF\xBF\xBD";
    if ((uint8_t)s.at[0] < 0x80) {
        append_escape(b, s.at[0]);
        return 1;
    }
    size_t len = utf8_char_len(s);
    buf_append(b, len ? s.at : unknown, len ? len : sizeof unknown - 1);
    return len ? len : 1;
}

void json_append_string(struct buf *b, struct span s) {
    buf_append_char(b, '"');
    while (s.len > 0) {
        size_t plain = (size_t)(json_skip_plain(s.at, s.at + s.len) - s.at);
        buf_append(b, s.at, plain);
        s = span_skip(s, plain);
        if (s.len > 0) s = span_skip(s, append_special(b, s));
    }
    buf_append_char(b, '"');
}

bool json_find_all(struct span object, struct json_wanted *wanted, size_t count) {
    struct json_walk walk = json_walk(object);
    struct json_value name, value;
    enum json_step step;
    for (size_t i = 0; i < count; i++)
        wanted[i].is_there = false;
    while ((step = json_member(&walk, &name, &value)) == JSON_ITEM) {
        for (size_t i = 0; i < count; i++) {
            if (!json_text_is(&name, wanted[i].name)) continue;
            wanted[i].value = value;
            wanted[i].is_there = true;
        }
    }
    return step == JSON_END;
}

bool json_find(struct span object, struct span name, struct json_value *ret) {
    struct json_wanted wanted = { .name = name };
    (void)json_find_all(object, &wanted, 1);
    if (wanted.is_there) *ret = wanted.value;
    return wanted.is_there;
}
