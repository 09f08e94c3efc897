/* SPDX-License-Identifier: MIT */
/*
 * base/mem.c: the heap, with a switch for tests that makes one allocation fail.
 */
#include "base/mem.h"

#include <stdatomic.h>

static _Atomic uint64_t fail_at;
static _Atomic uint64_t tried;
static _Atomic bool is_counting;

static void die(size_t size) {
    /* The log may need memory itself: say it straight. */
    (void)fprintf(stderr, "level=error msg=\"out of memory\" bytes=%zu\n", size);
    abort();
}

static bool must_fail(void) {
    if (!atomic_load_explicit(&is_counting, memory_order_relaxed)) return false;
    uint64_t nth = atomic_fetch_add(&tried, 1) + 1;
    return nth == atomic_load(&fail_at);
}

void *mem_new(size_t size) {
    void *piece = calloc(1, size ? size : 1);
    if (!piece) die(size);
    return piece;
}

char *mem_new_text(const char *at, size_t len) {
    char *text = mem_new(len + 1);
    if (len) memcpy(text, at, len);
    return text;
}

void *mem_try(size_t size) {
    return must_fail() ? NULL : malloc(size ? size : 1);
}

void *mem_try_resize(void *piece, size_t size) {
    return must_fail() ? NULL : realloc(piece, size ? size : 1);
}

void mem_free(void *piece) {
    free(piece);
}

void mem_fail_nth(uint64_t nth) {
    atomic_store(&tried, 0);
    atomic_store(&fail_at, nth);
    atomic_store(&is_counting, true);
}

uint64_t mem_tried(void) {
    return atomic_load(&tried);
}
