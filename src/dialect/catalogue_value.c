/* SPDX-License-Identifier: MIT */
/*
 * dialect/catalogue_value.c: numbers, times and UUIDs. Numbers are not converted: a double cannot
 * tell 9007199254740993 from its neighbours, and strtod heeds the locale of whoever links this.
 */
#include "dialect/catalogue_priv.h"

enum { EXPONENT_MAX = 1000000000 };

/* What stands behind the `e`; as good as infinite when it is large. */
static int64_t exponent_of(struct span text) {
    bool is_negative = span_starts(text, SPAN("-"));
    if (is_negative || span_starts(text, SPAN("+"))) text = span_skip(text, 1);
    int64_t exponent = 0;
    for (size_t i = 0; i < text.len && exponent < EXPONENT_MAX; i++)
        exponent = exponent * 10 + (text.at[i] - '0');
    return is_negative ? -exponent : exponent;
}

static void add_digit(struct catalogue_number *number, char digit) {
    bool has_room = number->whole <= (UINT64_MAX - 9) / 10;
    number->whole = has_room ? number->whole * 10 + (uint64_t)(digit - '0') : UINT64_MAX;
}

struct catalogue_number catalogue_number(struct span text) {
    struct catalogue_number number = { .is_negative = span_starts(text, SPAN("-")) };
    text = span_skip(text, number.is_negative ? 1 : 0);
    size_t e = size_min(span_find(text, 'e'), span_find(text, 'E'));
    struct span digits = span_of(text.at, e);
    /* How many of the digits stand before the point, once the exponent has moved it. */
    int64_t before = (int64_t)span_find(digits, '.') + exponent_of(span_skip(text, e + 1));
    int64_t at = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.at[i] == '.') continue;
        if (at < before)
            add_digit(&number, digits.at[i]);
        else if (digits.at[i] != '0')
            number.has_fraction = true;
        at++;
    }
    for (; at < before && number.whole > 0 && number.whole < UINT64_MAX; at++)
        add_digit(&number, '0');
    return number;
}

int catalogue_compare(const struct catalogue_number *number, uint64_t bound) {
    bool is_zero = number->whole == 0 && !number->has_fraction;
    if (number->is_negative && !is_zero) return -1;
    if (number->whole != bound) return number->whole < bound ? -1 : 1;
    return number->has_fraction ? 1 : 0;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Whether `text` has the length of `shape`, digits where that has `0`, and else its characters. */
static bool has_shape(struct span text, struct span shape) {
    if (text.len != shape.len) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (shape.at[i] == '0' ? !is_digit(text.at[i]) : text.at[i] != shape.at[i]) return false;
    }
    return true;
}

/* Whether the two digits at `at` are a number from `min` to `max`. */
static bool is_within(struct span text, size_t at, int min, int max) {
    int number = (text.at[at] - '0') * 10 + (text.at[at + 1] - '0');
    return number >= min && number <= max;
}

static bool is_zone(struct span text) {
    return span_eq(text, SPAN("Z")) || span_eq(text, SPAN("+00:00"));
}

bool catalogue_is_time(struct span text) {
    const struct span shape = SPAN("0000-00-00T00:00:00");
    struct span seconds = span_of(text.at, size_min(text.len, shape.len));
    bool is_good = has_shape(seconds, shape) && is_within(text, 5, 1, 12) &&
                   is_within(text, 8, 1, 31) && is_within(text, 11, 0, 23) &&
                   is_within(text, 14, 0, 59) && is_within(text, 17, 0, 60);
    if (!is_good) return false;
    struct span rest = span_skip(text, shape.len);
    if (!span_starts(rest, SPAN("."))) return is_zone(rest);
    size_t digits = 0;
    while (1 + digits < rest.len && is_digit(rest.at[1 + digits]))
        digits++;
    return digits > 0 && is_zone(span_skip(rest, 1 + digits));
}

bool catalogue_is_uuid(struct span text) {
    const struct span shape = SPAN("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    if (text.len != shape.len) return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool is_hex = is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (shape.at[i] == 'x' ? !is_hex : c != '-') return false;
    }
    return true;
}
