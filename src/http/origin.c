/* SPDX-License-Identifier: MIT */
/*
 * http/origin.c: compares an Origin with the rules.
 */
#include "http/origin.h"

static bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The host of `scheme://host[:port]`. Strict, since what matches a wildcard is sent back in an
 * answer: letters, digits, dots, hyphens and underscores only. */
static bool host_of(struct span origin, struct span *ret) {
    size_t scheme_len = span_find(origin, ':');
    struct span rest = span_skip(origin, scheme_len);
    if (scheme_len == 0 || !span_starts(rest, SPAN("://"))) return false;
    for (size_t i = 0; i < scheme_len; i++) {
        if (!is_letter_or_digit(origin.at[i])) return false;
    }
    rest = span_skip(rest, 3);
    struct span host = span_of(rest.at, span_find(rest, ':'));
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];
        if (!is_letter_or_digit(c) && c != '.' && c != '-' && c != '_') return false;
    }
    uint64_t port;
    bool has_port = host.len < rest.len;
    if (has_port && !span_to_uint(span_skip(rest, host.len + 1), 65535, &port)) return false;
    *ret = host;
    return true;
}

/* `rule` is `*.` and a host. */
static bool is_below(struct span origin, struct span rule) {
    struct span host;
    struct span tail = span_skip(rule, 1);
    if (!host_of(origin, &host) || host.len <= tail.len) return false;
    return span_eq_nocase(span_skip(host, host.len - tail.len), tail);
}

bool http_origin_is_allowed(struct span origin, const char *const *rules, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct span rule = span_str(rules[i]);
        bool is_wild = span_starts(rule, SPAN("*."));
        if (is_wild ? is_below(origin, rule) : span_eq_nocase(origin, rule)) return true;
    }
    return count == 0;
}

void http_origin_append_cors(struct buf *lines, struct span origin, const char *const *rules,
                             size_t count) {
    if (count == 0) {
        buf_append_text(lines, "Access-Control-Allow-Origin: *\r\n"
                               "Access-Control-Expose-Headers: Retry-After\r\n");
        return;
    }
    buf_append_text(lines, "Vary: Origin\r\n");
    if (!http_origin_is_allowed(origin, rules, count)) return;
    buf_append_text(lines, "Access-Control-Allow-Origin: ");
    buf_append_span(lines, origin);
    buf_append_text(lines, "\r\nAccess-Control-Expose-Headers: Retry-After\r\n");
}
