/* SPDX-License-Identifier: MIT */
/*
 * base/span.h: bytes that somebody else owns, with their length; not terminated.
 */
#ifndef TIDINGS_BASE_SPAN_H
#define TIDINGS_BASE_SPAN_H

#include "base/base.h"

struct span {
    const char *at;
    size_t len;
};

/* A string literal as a span, without its terminator. */
#define SPAN(literal) ((struct span){ "" literal, sizeof(literal) - 1 })
/* For printf: `printf("%.*s", SPAN_ARG(s))`. */
#define SPAN_ARG(s) ((int)(s).len), ((s).at ? (s).at : "")

static inline struct span span_of(const char *at, size_t len) {
    return (struct span){ at, len };
}

/* A terminated string as a span; NULL gives the empty one. */
static inline struct span span_str(const char *text) {
    return (struct span){ text, text ? strlen(text) : 0 };
}

static inline bool span_eq(struct span a, struct span b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Equal but for the case of ASCII letters, as header names and tokens are compared. */
bool span_eq_nocase(struct span a, struct span b);

bool span_starts(struct span s, struct span head);
bool span_ends(struct span s, struct span tail);

/* `s` without its first `n` bytes (all of them when it has fewer). */
static inline struct span span_skip(struct span s, size_t n) {
    size_t cut = size_min(n, s.len);
    return (struct span){ s.len ? s.at + cut : s.at, s.len - cut };
}

/* `s` without leading and trailing spaces and tabs (the OWS of RFC 9110 §5.6.3). */
struct span span_trim(struct span s);

/* Takes off what stands before the next `separator` and the separator itself; all of `s` when
 * there is none. False when `s` was already used up (`at` is NULL). */
bool span_next(struct span *s, char separator, struct span *ret);

/* The first `needle` in `s` as an index, or `s.len`. */
static inline size_t span_find(struct span s, char needle) {
    const char *hit = s.len ? memchr(s.at, needle, s.len) : NULL;
    return hit ? (size_t)(hit - s.at) : s.len;
}

/* Decimal digits only, no sign, no leading zero unless it is "0", at most `max`. */
MUST_USE
bool span_to_uint(struct span s, uint64_t max, uint64_t *ret);

#endif
