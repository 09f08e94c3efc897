/* SPDX-License-Identifier: MIT */
/*
 * config/pool.c: pieces are cut from blocks; a block that is used up is kept on a list.
 */
#include "config/pool_priv.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdatomic.h>

enum { BLOCK_BYTES = 8192 };

struct block {
    struct block *older;
    size_t used, bytes;
    alignas(max_align_t) char at[];
};

struct config_pool {
    _Atomic uint32_t users;
    struct block *newest;
};

struct config_pool *config_pool_new(void) {
    struct config_pool *pool = mem_new(sizeof *pool);
    pool->users = 1;
    return pool;
}

struct config_pool *config_pool_ref(struct config_pool *pool) {
    atomic_fetch_add(&pool->users, 1);
    return pool;
}

void config_pool_unref(struct config_pool *pool) {
    if (!pool || atomic_fetch_sub(&pool->users, 1) > 1) return;
    for (struct block *block = pool->newest, *older; block; block = older) {
        older = block->older;
        explicit_bzero(block->at, block->bytes);
        mem_free(block);
    }
    mem_free(pool);
}

void *config_pool_take(struct config_pool *pool, size_t bytes) {
    size_t need = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct block *block = pool->newest;
    if (!block || block->bytes - block->used < need) {
        size_t room = size_max(need, BLOCK_BYTES);
        block = mem_new(sizeof *block + room);
        block->bytes = room;
        block->older = pool->newest;
        pool->newest = block;
    }
    void *piece = block->at + block->used;
    block->used += need;
    return piece;
}

char *config_pool_text(struct config_pool *pool, struct span text) {
    char *copy = config_pool_take(pool, text.len + 1);
    if (text.len > 0) memcpy(copy, text.at, text.len);
    return copy;
}
