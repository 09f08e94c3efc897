/* SPDX-License-Identifier: MIT */
/*
 * base/map.h: a hash table of things that carry their own link. It compares nothing and owns
 * nothing: whoever looks up goes through those of one hash.
 *
 *     for (n = map_first(m, hash); n; n = map_next(n)) if (is_it(n)) return n;
 */
#ifndef TIDINGS_BASE_MAP_H
#define TIDINGS_BASE_MAP_H

#include "base/base.h"

struct map_node {
    struct map_node *next;
    uint32_t hash;
};

enum { MAP_FEW = 16 };

/* Zeroed is empty. */
struct map {
    struct map_node **many; /* NULL: the buckets are the few */
    struct map_node *few[MAP_FEW];
    uint32_t many_count; /* a power of two */
    uint32_t count;
};

/* Frees the buckets; the nodes are their owners'. */
void map_finish(struct map *m);

/* Without memory for more buckets the table goes on with those it has. */
void map_insert(struct map *m, struct map_node *node, uint32_t hash);
/* `node` must be in it. */
void map_remove(struct map *m, struct map_node *node);

struct map_node *map_first(const struct map *m, uint32_t hash);
/* The next of the same hash. */
struct map_node *map_next(const struct map_node *node);

/* Takes any node out, NULL when it is empty; for emptying it. */
struct map_node *map_pop(struct map *m);

#endif
