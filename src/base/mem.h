/* SPDX-License-Identifier: MIT */
/*
 * base/mem.h: the one door to the heap.
 *
 * Small fixed pieces come from `mem_new`, which logs and aborts when there is none: nothing
 * sensible can go on without them. Whatever has a size that a peer chooses comes from `mem_try`,
 * may be NULL and costs that peer its connection. Tests make the n-th `mem_try` fail.
 */
#ifndef TIDINGS_BASE_MEM_H
#define TIDINGS_BASE_MEM_H

#include "base/base.h"

/* `size` zeroed bytes; never NULL. Freed with `mem_free`. */
void *mem_new(size_t size) __attribute__((malloc, returns_nonnull));

/* A copy of `len` bytes with a terminator behind them; never NULL. */
char *mem_new_text(const char *at, size_t len) __attribute__((returns_nonnull));

/* `size` bytes, not zeroed, or NULL. */
MUST_USE
void *mem_try(size_t size) __attribute__((malloc));

/* Grows or shrinks like realloc; on NULL the old piece is still there. */
MUST_USE
void *mem_try_resize(void *piece, size_t size);

/* NULL is fine. */
void mem_free(void *piece);

/* The rest exists in builds with tests only (base/mem_fail.c) and holds for the whole process. */

/* The `nth` allocation that may fail from now on fails, once (0: none). */
void mem_fail_nth(uint64_t nth);
/* That one and all behind it, until the next call of one of the two. */
void mem_fail_from(uint64_t nth);
/* How many allocations that may fail there were since the last of these calls. */
uint64_t mem_tried(void);
/* Lets another process say what fails, and see what was tried: from now on both stand in this file
 * (see struct failing), which must be there and be large enough. False when it is not. */
MUST_USE bool mem_fail_follow(const char *path);

#endif
