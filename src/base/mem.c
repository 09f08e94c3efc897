/* SPDX-License-Identifier: MIT */
/*
 * base/mem.c: the heap.
 */
#include "base/mem.h"

#include "base/mem_priv.h"

static void die(size_t size) {
    /* The log may need memory itself: say it straight. */
    (void)fprintf(stderr, "level=error msg=\"out of memory\" bytes=%zu\n", size);
    abort();
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
    return mem_must_fail() ? NULL : malloc(size ? size : 1);
}

void *mem_try_resize(void *piece, size_t size) {
    return mem_must_fail() ? NULL : realloc(piece, size ? size : 1);
}

void mem_free(void *piece) {
    free(piece);
}
