/* SPDX-License-Identifier: MIT */
/*
 * base/map.c: chained buckets that double.
 */
#include "base/map.h"

#include "base/mem.h"

enum { FIRST_BUCKETS = 16 };

void map_finish(struct map *m) {
    mem_free(m->buckets);
    *m = (struct map){ 0 };
}

static struct map_node **bucket_of(const struct map *m, uint32_t hash) {
    return &m->buckets[hash & (m->bucket_count - 1)];
}

static void link_node(struct map *m, struct map_node *node) {
    struct map_node **bucket = bucket_of(m, node->hash);
    node->next = *bucket;
    *bucket = node;
}

static bool grow(struct map *m) {
    uint32_t count = m->bucket_count ? m->bucket_count * 2 : FIRST_BUCKETS;
    struct map_node **buckets = mem_try(count * sizeof(struct map_node *));
    if (!buckets) return m->bucket_count > 0;
    memset(buckets, 0, count * sizeof(struct map_node *));
    struct map old = *m;
    m->buckets = buckets;
    m->bucket_count = count;
    for (uint32_t i = 0; i < old.bucket_count; i++) {
        for (struct map_node *node = old.buckets[i]; node;) {
            struct map_node *next = node->next;
            link_node(m, node);
            node = next;
        }
    }
    mem_free(old.buckets);
    return true;
}

bool map_insert(struct map *m, struct map_node *node, uint32_t hash) {
    if (m->count >= m->bucket_count && !grow(m)) return false;
    node->hash = hash;
    link_node(m, node);
    m->count++;
    return true;
}

void map_remove(struct map *m, struct map_node *node) {
    struct map_node **link = bucket_of(m, node->hash);
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    m->count--;
}

static struct map_node *of_hash(struct map_node *node, uint32_t hash) {
    while (node && node->hash != hash)
        node = node->next;
    return node;
}

struct map_node *map_first(const struct map *m, uint32_t hash) {
    return m->bucket_count ? of_hash(*bucket_of(m, hash), hash) : NULL;
}

struct map_node *map_next(const struct map_node *node) {
    return of_hash(node->next, node->hash);
}

struct map_node *map_pop(struct map *m) {
    for (uint32_t i = 0; i < m->bucket_count; i++) {
        struct map_node *node = m->buckets[i];
        if (!node) continue;
        map_remove(m, node);
        return node;
    }
    return NULL;
}
