/* SPDX-License-Identifier: MIT */
/*
 * base/slab.c: pages of equal pieces and a chain of the free ones.
 */
#include "base/slab.h"

#include "base/mem.h"

void slab_init(struct slab *s, size_t item_bytes, uint32_t max) {
    *s = (struct slab){ .item_bytes = size_max(item_bytes, sizeof(uint32_t)),
                        .fresh = 1,
                        .max = max };
}

void slab_finish(struct slab *s) {
    for (uint32_t i = 0; i < s->page_count; i++)
        mem_free(s->pages[i]);
    mem_free(s->pages);
    slab_init(s, s->item_bytes, s->max);
}

static enum err add_page(struct slab *s) {
    if (s->page_count == s->page_cap) {
        uint32_t cap = s->page_cap ? s->page_cap * 2 : 8;
        char **pages = mem_try_resize(s->pages, cap * sizeof *pages);
        if (!pages) return ERR_NOMEM;
        s->pages = pages;
        s->page_cap = cap;
    }
    char *page = mem_try(SLAB_PAGE_ITEMS * s->item_bytes);
    if (!page) return ERR_NOMEM;
    s->pages[s->page_count++] = page;
    return ERR_OK;
}

enum err slab_take(struct slab *s, uint32_t *ret_index) {
    if (s->used >= s->max) return ERR_LIMIT;
    uint32_t index = s->spare;
    if (index) {
        memcpy(&s->spare, slab_at(s, index), sizeof s->spare);
    } else {
        if (s->fresh >> SLAB_PAGE_BITS == s->page_count) {
            enum err e = add_page(s);
            if (e) return e;
        }
        index = s->fresh++;
    }
    memset(slab_at(s, index), 0, s->item_bytes);
    s->used++;
    *ret_index = index;
    return ERR_OK;
}

void slab_give(struct slab *s, uint32_t index) {
    assert(index != 0 && index < s->fresh && s->used > 0);
    memcpy(slab_at(s, index), &s->spare, sizeof s->spare);
    s->spare = index;
    s->used--;
}
