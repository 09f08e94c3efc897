/* SPDX-License-Identifier: MIT */
/*
 * auth/base64url.c: strict decoding, four characters at a time through one table.
 */
#include "auth/base64url_priv.h"

/* What each byte stands for, plus one; 0 for those that stand for nothing. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

/* The six bits of `c`, or more than 63. */
static uint32_t six(char c) {
    return (uint32_t)values[(uint8_t)c] - 1;
}

bool base64url_decode(struct span text, uint8_t *out, size_t *ret_len) {
    const char *in = text.at;
    uint8_t *to = out;
    size_t left = text.len;
    for (; left >= 4; left -= 4, in += 4) {
        uint32_t a = six(in[0]), b = six(in[1]), c = six(in[2]), d = six(in[3]);
        if ((a | b | c | d) > 63) return false;
        uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        *to++ = (uint8_t)(bits >> 16);
        *to++ = (uint8_t)(bits >> 8);
        *to++ = (uint8_t)bits;
    }
    if (left == 1) return false;
    if (left > 0) {
        uint32_t a = six(in[0]), b = six(in[1]), c = left == 3 ? six(in[2]) : 0;
        if ((a | b | c) > 63) return false;
        uint32_t bits = a << 10 | b << 4 | c >> 2;
        /* Bits past the last byte must be zero: RFC 4648 §3.5 leaves it to the decoder to insist.
         */
        if (left == 2 ? (b & 15) != 0 : (c & 3) != 0) return false;
        *to++ = (uint8_t)(bits >> 8);
        if (left == 3) *to++ = (uint8_t)bits;
    }
    *ret_len = (size_t)(to - out);
    return true;
}
