/* SPDX-License-Identifier: MIT */
/*
 * http/target.c: the request target, taken apart without being copied.
 *
 * Escapes stay: whoever matches the path cuts it at slashes first, so that an encoded slash is no
 * separator. What could climb out of a path is refused instead of being resolved.
 */
#include "http/target_priv.h"

#include "http/hex_priv.h"

static bool are_escapes_sound(struct span path) {
    for (size_t i = span_find(path, '%'); i < path.len; i++) {
        if (path.at[i] != '%') continue;
        if (path.len - i < 3) return false;
        int byte = http_hex_byte(path.at + i + 1);
        if (byte <= 0) return false;
        i += 2;
    }
    return true;
}

/* Takes one dot, plain or escaped, off the front. */
static bool take_dot(struct span *s) {
    if (span_starts(*s, SPAN("."))) {
        *s = span_skip(*s, 1);
        return true;
    }
    if (s->len >= 3 && span_eq_nocase(span_of(s->at, 3), SPAN("%2e"))) {
        *s = span_skip(*s, 3);
        return true;
    }
    return false;
}

static bool is_dot_segment(struct span segment) {
    if (!take_dot(&segment)) return false;
    return segment.len == 0 || (take_dot(&segment) && segment.len == 0);
}

static bool has_dot_segment(struct span path) {
    struct span segment;
    while (span_next(&path, '/', &segment)) {
        if (is_dot_segment(segment)) return true;
    }
    return false;
}

static const char *read_path(struct span path, struct span *ret) {
    bool has_escapes = span_find(path, '%') < path.len;
    if (has_escapes && !are_escapes_sound(path)) return "malformed escape in the path";
    if ((has_escapes || span_find(path, '.') < path.len) && has_dot_segment(path)) {
        return "dot segment in the path";
    }
    if (path.len > 1 && path.at[path.len - 1] == '/') path.len--;
    *ret = path;
    return NULL;
}

/* Cuts "http://authority" off the front of an absolute target. */
static bool take_authority(struct span *text, struct span *ret) {
    static const struct span SCHEMES[] = { { "http://", 7 }, { "https://", 8 } };
    for (size_t i = 0; i < countof(SCHEMES); i++) {
        size_t len = SCHEMES[i].len;
        if (text->len <= len || !span_eq_nocase(span_of(text->at, len), SCHEMES[i])) continue;
        *text = span_skip(*text, len);
        size_t end = size_min(span_find(*text, '/'), span_find(*text, '?'));
        *ret = span_of(text->at, end);
        *text = span_skip(*text, end);
        return ret->len > 0;
    }
    return false;
}

const char *http_target_read(struct span text, struct http_target *ret) {
    struct http_target target = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    if (span_eq(text, SPAN("*"))) {
        target.path = text;
        *ret = target;
        return NULL;
    }
    if (span_find(text, '#') < text.len) return "fragment in the request target";
    if (!span_starts(text, SPAN("/")) && !take_authority(&text, &target.authority)) {
        return "request target is neither a path nor an http URL";
    }
    size_t mark = span_find(text, '?');
    if (mark < text.len) target.query = span_skip(text, mark + 1);
    if (mark > 0) {
        const char *fault = read_path(span_of(text.at, mark), &target.path);
        if (fault) return fault;
    }
    *ret = target;
    return NULL;
}

static bool may_be_in_host(char c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
    if (c == '.' || c == ':' || c == '-') return true;
    return c != 0 && strchr("_~[]%!$&'()*+,;=", c);
}

bool http_host_is_sound(struct span host) {
    for (size_t i = 0; i < host.len; i++) {
        if (!may_be_in_host(host.at[i])) return false;
    }
    return true;
}
