/* SPDX-License-Identifier: MIT */
/*
 * base/span.c: comparing and cutting of borrowed bytes.
 */
#include "base/span.h"

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool span_eq_nocase(struct span a, struct span b) {
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.at[i]) != lower(b.at[i])) return false;
    }
    return true;
}

bool span_starts(struct span s, struct span head) {
    return s.len >= head.len && span_eq(span_of(s.at, head.len), head);
}

bool span_ends(struct span s, struct span tail) {
    return s.len >= tail.len && span_eq(span_skip(s, s.len - tail.len), tail);
}

struct span span_trim(struct span s) {
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t'))
        s = span_skip(s, 1);
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
        s.len--;
    return s;
}

bool span_next(struct span *s, char separator, struct span *ret) {
    if (!s->at) return false;
    size_t cut = span_find(*s, separator);
    *ret = span_of(s->at, cut);
    *s = cut < s->len ? span_skip(*s, cut + 1) : (struct span){ NULL, 0 };
    return true;
}

bool span_to_uint(struct span s, uint64_t max, uint64_t *ret) {
    if (s.len == 0 || (s.len > 1 && s.at[0] == '0')) return false;
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') return false;
        uint64_t digit = (uint64_t)(s.at[i] - '0');
        if (digit > max || value > (max - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}
