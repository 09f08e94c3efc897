/* SPDX-License-Identifier: MIT */
/*
 * base/base.h: what every file may assume: the C library's common headers, a few attributes and
 * the names that must not be used.
 */
#ifndef TIDINGS_BASE_BASE_H
#define TIDINGS_BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The result must be looked at. */
#define MUST_USE __attribute__((warn_unused_result))
/* Arguments are checked like printf's: position of the format, position of its first argument. */
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

#define countof(array)           (sizeof(array) / sizeof((array)[0]))

/* The struct of `type` whose `member` is at `ptr`. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define likely(claim)                   __builtin_expect(!!(claim), 1)
#define unlikely(claim)                 __builtin_expect(!!(claim), 0)

static inline size_t size_min(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline size_t size_max(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Each of these has a bounded or checked counterpart in base/span.h or base/buf.h. */
/* With clang these two are macros of the C library when it checks lengths (_FORTIFY_SOURCE). */
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol gets

#endif
