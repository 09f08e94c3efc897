/* SPDX-License-Identifier: MIT */
/*
 * http/hex_priv.h: the two hexadecimal digits of an escape.
 */
#ifndef TIDINGS_HTTP_HEX_PRIV_H
#define TIDINGS_HTTP_HEX_PRIV_H

static inline int http_hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte that two digits stand for, or -1. */
static inline int http_hex_byte(const char *digits) {
    int high = http_hex_digit(digits[0]);
    int low = http_hex_digit(digits[1]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

#endif
