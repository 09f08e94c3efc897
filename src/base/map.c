/* SPDX-License-Identifier: MIT */
/*
 * base/map.c: chained buckets that double.
 */
#include "base/map.h"

#include "base/mem.h"

void map_finish(struct map *m) {
    mem_free(m->many);
    *m = (struct map){ 0 };
}

static uint32_t bucket_count(const struct map *m) {
    return m->many ? m->many_count : MAP_FEW;
}

static struct map_node *const *buckets(const struct map *m) {
    return m->many ? m->many : m->few;
}

static struct map_node **bucket_of(struct map *m, uint32_t hash) {
    return &(m->many ? m->many : m->few)[hash & (bucket_count(m) - 1)];
}

static void link_node(struct map *m, struct map_node *node) {
    struct map_node **bucket = bucket_of(m, node->hash);
    node->next = *bucket;
    *bucket = node;
}

static void grow(struct map *m) {
    struct map old = *m;
    uint32_t count = bucket_count(&old) * 2;
    struct map_node **many = mem_try(count * sizeof(struct map_node *));
    if (!many) return;
    memset(many, 0, count * sizeof(struct map_node *));
    m->many = many;
    m->many_count = count;
    for (uint32_t i = 0; i < bucket_count(&old); i++) {
        for (struct map_node *node = buckets(&old)[i]; node;) {
            struct map_node *next = node->next;
            link_node(m, node);
            node = next;
        }
    }
    mem_free(old.many);
}

void map_insert(struct map *m, struct map_node *node, uint32_t hash) {
    if (m->count >= bucket_count(m)) grow(m);
    node->hash = hash;
    link_node(m, node);
    m->count++;
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
    return of_hash(buckets(m)[hash & (bucket_count(m) - 1)], hash);
}

struct map_node *map_next(const struct map_node *node) {
    return of_hash(node->next, node->hash);
}

struct map_node *map_pop(struct map *m) {
    for (uint32_t i = 0; i < bucket_count(m); i++) {
        struct map_node *node = buckets(m)[i];
        if (!node) continue;
        map_remove(m, node);
        return node;
    }
    return NULL;
}
