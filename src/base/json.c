/* SPDX-License-Identifier: MIT */
/*
 * base/json.c: one pass over a JSON text by recursive descent, sixteen bytes of a string at a time.
 */
#include "base/json.h"

#include "base/json_priv.h"
#include "base/utf8.h"

/*
 * A scanning function takes where it begins and returns where it ended, NULL when it failed. The
 * position thus stays in a register; kept in this struct it cost a quarter more.
 */
struct scan {
    const char *end;
    const char *failed_at; /* after a failure: where `expected` should have stood */
    const char *expected;
};

/* What differs between an object and an array around their items. */
struct shape {
    char open;
    char close;
    bool has_names;
    const char *whole;
    const char *first;
    const char *more;
};

static const struct shape OBJECT = { '{',         '}', true, "an object", "a member name or '}'",
                                     "',' or '}'" };
static const struct shape ARRAY = { '[', ']', false, "an array", "a value or ']'", "',' or ']'" };

static const char *fail(struct scan *s, const char *at, const char *expected) {
    s->failed_at = at;
    s->expected = expected;
    return NULL;
}

static inline bool is_next(const struct scan *s, const char *at, char c) {
    return at < s->end && *at == c;
}

static inline bool is_digit(const struct scan *s, const char *at) {
    return at < s->end && *at >= '0' && *at <= '9';
}

static inline bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *skip_space(const struct scan *s, const char *at) {
    while (at < s->end && is_space(*at))
        at++;
    return at;
}

static bool is_hex_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* `at` is a backslash. */
static const char *scan_escape(struct scan *s, const char *at) {
    at++;
    if (at == s->end || !*at || !strchr("\"\\/bfnrtu", *at)) {
        return fail(s, at, "one of \"\\/bfnrtu after the backslash");
    }
    if (*at == 'u') {
        for (int i = 0; i < 4; i++) {
            at++;
            if (at == s->end || !is_hex_digit(*at)) return fail(s, at, "four hexadecimal digits");
        }
    }
    return at + 1;
}

/* What may stand in a string besides plain characters. */
static const char *scan_special(struct scan *s, const char *at) {
    if (at == s->end) return fail(s, at, "the closing quote of a string");
    if (*at == '\\') return scan_escape(s, at);
    if ((uint8_t)*at < 0x20) return fail(s, at, "an escape instead of a control character");
    size_t len = utf8_char_len(span_of(at, (size_t)(s->end - at)));
    return len ? at + len : fail(s, at, "valid UTF-8");
}

/* `at` is the opening quote. */
static inline const char *scan_string(struct scan *s, const char *at, bool *ret_has_escapes) {
    bool has_escapes = false;
    at = json_skip_plain(at + 1, s->end);
    while (unlikely(!is_next(s, at, '"'))) {
        has_escapes |= is_next(s, at, '\\');
        at = scan_special(s, at);
        if (!at) return NULL;
        at = json_skip_plain(at, s->end);
    }
    *ret_has_escapes = has_escapes;
    return at + 1;
}

static const char *scan_digits(struct scan *s, const char *at) {
    if (!is_digit(s, at)) return fail(s, at, "a digit");
    do {
        at++;
    } while (is_digit(s, at));
    return at;
}

static const char *scan_number(struct scan *s, const char *at) {
    if (*at == '-') at++;
    /* After a leading 0 no further digit: 01 is no number. */
    at = is_next(s, at, '0') ? at + 1 : scan_digits(s, at);
    if (at && is_next(s, at, '.')) at = scan_digits(s, at + 1);
    if (at && (is_next(s, at, 'e') || is_next(s, at, 'E'))) {
        at++;
        if (is_next(s, at, '+') || is_next(s, at, '-')) at++;
        at = scan_digits(s, at);
    }
    return at;
}

static const char *scan_word(struct scan *s, const char *at, struct span word) {
    struct span rest = span_of(at, (size_t)(s->end - at));
    return span_starts(rest, word) ? at + word.len : fail(s, at, "a value");
}

/* Goes to the next item of an object or an array whose opening bracket is passed; `*ret_is_end`
 * when its closing bracket came instead, which is passed then. */
static inline const char *next_item(struct scan *s, const char *at, const struct shape *shape,
                                    bool is_first, bool *ret_is_end) {
    at = skip_space(s, at);
    *ret_is_end = is_next(s, at, shape->close);
    if (*ret_is_end) return at + 1;
    if (is_first) return at;
    if (!is_next(s, at, ',')) return fail(s, at, shape->more);
    return skip_space(s, at + 1);
}

/* A member's name, the colon behind it and the white space behind that. `expected` is said when
 * there is no name. */
static inline const char *scan_name(struct scan *s, const char *at, const char *expected,
                                    struct json_value *ret) {
    const char *start = at;
    if (!is_next(s, at, '"')) return fail(s, at, expected);
    at = scan_string(s, at, &ret->has_escapes);
    if (!at) return NULL;
    ret->kind = JSON_KIND_STRING;
    ret->raw = span_of(start, (size_t)(at - start));
    at = skip_space(s, at);
    if (!is_next(s, at, ':')) return fail(s, at, "':'");
    return skip_space(s, at + 1);
}

static const char *scan_value(struct scan *s, const char *at, unsigned depth, const char *expected,
                              struct json_value *ret);

static inline const char *scan_item(struct scan *s, const char *at, unsigned depth,
                                    const struct shape *shape, bool is_first,
                                    struct json_value *ret_name, struct json_value *ret) {
    if (!shape->has_names) {
        return scan_value(s, at, depth, is_first ? shape->first : "a value", ret);
    }
    at = scan_name(s, at, is_first ? shape->first : "a member name", ret_name);
    return at ? scan_value(s, at, depth, "a value", ret) : NULL;
}

/* `at` is the opening bracket. */
static const char *scan_items(struct scan *s, const char *at, unsigned depth,
                              const struct shape *shape) {
    if (depth == JSON_DEPTH_MAX) return fail(s, at, "at most 128 levels of nesting");
    at++;
    for (bool is_first = true;; is_first = false) {
        struct json_value name;
        struct json_value value;
        bool is_end;
        at = next_item(s, at, shape, is_first, &is_end);
        if (!at || is_end) return at;
        at = scan_item(s, at, depth + 1, shape, is_first, &name, &value);
        if (!at) return NULL;
    }
}

/* The value at `at`, where no white space stands. */
static const char *scan_value(struct scan *s, const char *at, unsigned depth, const char *expected,
                              struct json_value *ret) {
    const char *start = at;
    if (at == s->end) return fail(s, at, expected);
    ret->has_escapes = false;
    switch (*at) {
    case '"':
        ret->kind = JSON_KIND_STRING;
        at = scan_string(s, at, &ret->has_escapes);
        break;
    case '{':
        ret->kind = JSON_KIND_OBJECT;
        at = scan_items(s, at, depth, &OBJECT);
        break;
    case '[':
        ret->kind = JSON_KIND_ARRAY;
        at = scan_items(s, at, depth, &ARRAY);
        break;
    case 't':
        ret->kind = JSON_KIND_TRUE;
        at = scan_word(s, at, SPAN("true"));
        break;
    case 'f':
        ret->kind = JSON_KIND_FALSE;
        at = scan_word(s, at, SPAN("false"));
        break;
    case 'n':
        ret->kind = JSON_KIND_NULL;
        at = scan_word(s, at, SPAN("null"));
        break;
    default:
        if (*at != '-' && !is_digit(s, at)) return fail(s, at, expected);
        ret->kind = JSON_KIND_NUMBER;
        at = scan_number(s, at);
        break;
    }
    if (at) ret->raw = span_of(start, (size_t)(at - start));
    return at;
}

static const char *span_end(struct span s) {
    return s.len ? s.at + s.len : s.at;
}

/* Passes white space up to the end of the text. */
static const char *scan_end(struct scan *s, const char *at) {
    at = skip_space(s, at);
    return at == s->end ? at : fail(s, at, "the end of the text");
}

bool json_parse(struct span text, struct json_value *ret, struct json_error *ret_error) {
    struct scan s = { .end = span_end(text) };
    struct json_value value;
    const char *at = scan_value(&s, skip_space(&s, text.at), 0, "a value", &value);
    /* An empty text may begin at NULL, so `expected` tells of failure, not `at`. */
    if (!s.expected) (void)scan_end(&s, at);
    if (s.expected) {
        *ret_error = (struct json_error){ (size_t)(s.failed_at - text.at), s.expected };
        return false;
    }
    *ret = value;
    return true;
}

void json_position(struct span text, size_t offset, size_t *ret_line, size_t *ret_column) {
    size_t line = 1;
    size_t column = 1;
    for (size_t i = 0; i < offset && i < text.len; i++) {
        if (text.at[i] == '\n') {
            line++;
            column = 1;
        } else if (((uint8_t)text.at[i] & 0xC0) != 0x80) {
            column++;
        }
    }
    *ret_line = line;
    *ret_column = column;
}

struct json_walk json_walk(struct span text) {
    return (struct json_walk){ .start = text.at, .at = text.at, .end = span_end(text) };
}

/* Up to the first item of a walked value. */
static const char *walk_begin(struct json_walk *walk, struct scan *s, const struct shape *shape) {
    const char *at = skip_space(s, walk->at);
    if (!is_next(s, at, shape->open)) return fail(s, at, shape->whole);
    walk->is_begun = true;
    return at + 1;
}

static inline enum json_step walk_on(struct json_walk *walk, const struct shape *shape,
                                     struct json_value *ret_name, struct json_value *ret) {
    struct scan s = { .end = walk->end };
    bool is_first = !walk->is_begun;
    bool is_end = false;
    const char *at = is_first ? walk_begin(walk, &s, shape) : walk->at;
    if (at) at = next_item(&s, at, shape, is_first, &is_end);
    if (at) {
        at = is_end ? scan_end(&s, at) : scan_item(&s, at, 0, shape, is_first, ret_name, ret);
    }
    if (!at) {
        walk->error = (struct json_error){ (size_t)(s.failed_at - walk->start), s.expected };
        return JSON_FAIL;
    }
    walk->at = at;
    return is_end ? JSON_END : JSON_ITEM;
}

enum json_step json_member(struct json_walk *walk, struct json_value *ret_name,
                           struct json_value *ret) {
    return walk_on(walk, &OBJECT, ret_name, ret);
}

enum json_step json_element(struct json_walk *walk, struct json_value *ret) {
    struct json_value no_name;
    return walk_on(walk, &ARRAY, &no_name, ret);
}
