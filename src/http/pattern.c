/* SPDX-License-Identifier: MIT */
/*
 * http/pattern.c: path patterns, walked segment by segment beside the path.
 */
#include "http/pattern.h"

#include "http/query.h"

static struct span pattern_span(const struct http_pattern *pattern) {
    return span_of(pattern->text, pattern->len);
}

/* A well-formed placeholder's name; `at` is NULL for a literal segment. */
static struct span placeholder(struct span segment) {
    if (segment.len < 3 || segment.at[0] != '{') return (struct span){ NULL, 0 };
    return span_of(segment.at + 1, segment.len - 2);
}

static bool is_name(struct span name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
    }
    return name.len > 0;
}

/* What may stand in a path unescaped (RFC 3986 §3.3). */
static bool is_literal(struct span segment) {
    for (size_t i = 0; i < segment.len; i++) {
        char c = segment.at[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_digit = c >= '0' && c <= '9';
        if (!is_letter && !is_digit && (c == 0 || !strchr("-._~!$&'()*+,;=:@", c))) return false;
    }
    return !span_eq(segment, SPAN(".")) && !span_eq(segment, SPAN(".."));
}

static enum err check_segment(struct http_pattern *pattern, struct span segment,
                              struct err_note *note) {
    if (span_find(segment, '{') == segment.len && span_find(segment, '}') == segment.len) {
        if (is_literal(segment)) return ERR_OK;
        return err_note(note, ERR_INVALID, "'%.*s' cannot stand in a path", SPAN_ARG(segment));
    }
    struct span name = placeholder(segment);
    if (!is_name(name) || !span_ends(segment, SPAN("}"))) {
        return err_note(note, ERR_INVALID,
                        "'%.*s': a placeholder is a whole segment: {name}, of a-z, 0-9 and _",
                        SPAN_ARG(segment));
    }
    /* Only the text before this segment is in the pattern yet. */
    if (http_pattern_has(pattern, name)) {
        return err_note(note, ERR_INVALID, "{%.*s} stands there twice", SPAN_ARG(name));
    }
    if (pattern->params == HTTP_PARAMS_MAX) {
        return err_note(note, ERR_INVALID, "more than %d placeholders", HTTP_PARAMS_MAX);
    }
    pattern->params++;
    return ERR_OK;
}

enum err http_pattern_parse(struct span text, struct http_pattern *ret, struct err_note *note) {
    if (!span_starts(text, SPAN("/"))) {
        return err_note(note, ERR_INVALID, "a path begins with '/'");
    }
    if (text.len > HTTP_PATTERN_MAX) {
        return err_note(note, ERR_TOO_BIG, "longer than %d bytes", HTTP_PATTERN_MAX);
    }
    if (text.len > 1 && span_ends(text, SPAN("/"))) text.len--;
    struct http_pattern pattern = { .len = 0 };
    struct span rest = span_skip(text, 1);
    struct span segment;
    while (span_next(&rest, '/', &segment)) {
        if (segment.len == 0 && text.len > 1) {
            return err_note(note, ERR_INVALID, "an empty segment ('//')");
        }
        enum err e = check_segment(&pattern, segment, note);
        if (e) return e;
        pattern.text[pattern.len++] = '/';
        memcpy(pattern.text + pattern.len, segment.at, segment.len);
        pattern.len = (uint8_t)(pattern.len + segment.len);
    }
    *ret = pattern;
    return ERR_OK;
}

/* Decodes one segment behind what `params` has decoded already. */
static bool decode_segment(struct http_params *params, size_t *used, struct span segment,
                           struct span *ret) {
    char *room = params->decoded + *used;
    if (http_percent_decode(segment, room, sizeof params->decoded - *used, ret)) return false;
    if (ret->at == room) *used += ret->len;
    return true;
}

bool http_pattern_match(const struct http_pattern *pattern, struct span path,
                        struct http_params *ret) {
    if (path.len > 1 && span_ends(path, SPAN("/"))) path.len--;
    struct span wanted = pattern_span(pattern);
    size_t used = 0;
    struct span mine;
    struct span theirs;
    ret->count = 0;
    /* What most patterns and most paths come to. */
    if (pattern->params == 0 && span_find(path, '%') == path.len) return span_eq(wanted, path);
    while (span_next(&wanted, '/', &mine)) {
        if (!span_next(&path, '/', &theirs)) return false;
        struct span name = placeholder(mine);
        /* Most paths differ in a literal segment: see that before decoding anything. */
        if (!name.at && span_eq(mine, theirs)) continue;
        if (!name.at && span_find(theirs, '%') == theirs.len) return false;
        struct span value;
        if (!decode_segment(ret, &used, theirs, &value)) return false;
        if (!name.at) {
            if (!span_eq(mine, value)) return false;
            continue;
        }
        if (value.len == 0) return false;
        ret->name[ret->count] = name;
        ret->value[ret->count++] = value;
    }
    return path.at == NULL;
}

bool http_pattern_has(const struct http_pattern *pattern, struct span name) {
    struct span rest = pattern_span(pattern);
    struct span segment;
    while (span_next(&rest, '/', &segment)) {
        struct span found = placeholder(segment);
        if (found.at && span_eq(found, name)) return true;
    }
    return false;
}

bool http_pattern_overlaps(const struct http_pattern *a, const struct http_pattern *b) {
    struct span left = pattern_span(a);
    struct span right = pattern_span(b);
    struct span one;
    struct span other;
    while (span_next(&left, '/', &one)) {
        if (!span_next(&right, '/', &other)) return false;
        bool is_literal_pair = !placeholder(one).at && !placeholder(other).at;
        if (is_literal_pair && !span_eq(one, other)) return false;
        /* A placeholder matches no empty segment, which only "/" has. */
        if (!is_literal_pair && (one.len == 0 || other.len == 0)) return false;
    }
    return right.at == NULL;
}

struct span http_params_get(const struct http_params *params, struct span name) {
    for (size_t i = 0; i < params->count; i++) {
        if (span_eq(params->name[i], name)) return params->value[i];
    }
    return (struct span){ NULL, 0 };
}
