/* SPDX-License-Identifier: MIT */
/*
 * cli/duration.c: a number and a letter to seconds.
 */
#include "cli/duration.h"

enum { DAY_S = 86400 };
static const uint64_t MAX_S = 36525ull * DAY_S;

bool cli_duration(struct span text, int64_t *ret_seconds) {
    static const struct {
        char letter;
        uint32_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', DAY_S } };
    for (size_t i = 0; i < countof(units) && text.len > 0; i++) {
        uint64_t number;
        struct span digits = span_of(text.at, text.len - 1);
        if (text.at[digits.len] != units[i].letter ||
            !span_to_uint(digits, MAX_S / units[i].seconds, &number) || number == 0)
            continue;
        *ret_seconds = (int64_t)(number * units[i].seconds);
        return true;
    }
    return false;
}
