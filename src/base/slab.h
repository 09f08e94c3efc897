/* SPDX-License-Identifier: MIT */
/*
 * base/slab.h: many pieces of one size, named by 32-bit indexes. A piece never moves; half the size
 * of a pointer, and an index can be checked.
 */
#ifndef TIDINGS_BASE_SLAB_H
#define TIDINGS_BASE_SLAB_H

#include "base/err.h"

enum { SLAB_PAGE_BITS = 8, SLAB_PAGE_ITEMS = 1 << SLAB_PAGE_BITS };

struct slab {
    char **pages;
    size_t item_bytes;
    uint32_t page_count;
    uint32_t page_cap;
    uint32_t used;  /* pieces taken and not given back */
    uint32_t fresh; /* the lowest index that was never taken */
    uint32_t spare; /* the first of those given back; 0: none */
    uint32_t max;   /* pieces it may hold */
};

/* Pieces of `item_bytes` (at least 4), at most `max` of them at a time. Allocates nothing yet. */
void slab_init(struct slab *s, size_t item_bytes, uint32_t max);
void slab_finish(struct slab *s);

/* A zeroed piece; its index is never 0. ERR_LIMIT (`max` are taken) or ERR_NOMEM. */
MUST_USE
enum err slab_take(struct slab *s, uint32_t *ret_index);
void slab_give(struct slab *s, uint32_t index);

/* The piece at `index`, which must have been taken. */
static inline void *slab_at(const struct slab *s, uint32_t index) {
    return s->pages[index >> SLAB_PAGE_BITS] + (index & (SLAB_PAGE_ITEMS - 1)) * s->item_bytes;
}

#endif
