/* SPDX-License-Identifier: MIT */
/*
 * broker/kafka/seen.c: a ring of digests with a table over it.
 */
#include "broker/kafka/seen.h"

#include "base/digest.h"
#include "base/mem.h"

struct seen_id {
    struct map_node node;
    unsigned char digest[DIGEST_BYTES];
    bool is_used;
};

void seen_finish(struct seen *seen) {
    map_finish(&seen->map);
    mem_free(seen->ring);
    *seen = (struct seen){ 0 };
}

/* Digests are as good as drawn at random. */
static uint32_t hash_of(const unsigned char digest[static DIGEST_BYTES]) {
    uint32_t hash;
    memcpy(&hash, digest, sizeof hash);
    return hash;
}

static struct seen_id *find(const struct seen *seen,
                            const unsigned char digest[static DIGEST_BYTES]) {
    struct map_node *node = map_first(&seen->map, hash_of(digest));
    for (; node; node = map_next(node)) {
        struct seen_id *id = container_of(node, struct seen_id, node);
        if (memcmp(id->digest, digest, DIGEST_BYTES) == 0) return id;
    }
    return NULL;
}

static void forget(struct seen *seen, struct seen_id *id) {
    map_remove(&seen->map, &id->node);
    id->is_used = false;
}

static bool obtain_ring(struct seen *seen) {
    if (!seen->ring) {
        seen->ring = mem_try(SEEN_MAX * sizeof *seen->ring);
        if (seen->ring) memset(seen->ring, 0, SEEN_MAX * sizeof *seen->ring);
    }
    return seen->ring != NULL;
}

bool seen_add(struct seen *seen, struct span id) {
    unsigned char digest[DIGEST_BYTES];
    if (!digest_of(id, digest) || !obtain_ring(seen)) return true;
    if (find(seen, digest)) return false;
    struct seen_id *place = &seen->ring[seen->next];
    if (place->is_used) forget(seen, place);
    memcpy(place->digest, digest, DIGEST_BYTES);
    place->is_used = true;
    map_insert(&seen->map, &place->node, hash_of(digest));
    seen->next = (seen->next + 1) % SEEN_MAX;
    return true;
}

void seen_forget(struct seen *seen, struct span id) {
    unsigned char digest[DIGEST_BYTES];
    struct seen_id *known = digest_of(id, digest) && seen->ring ? find(seen, digest) : NULL;
    if (known) forget(seen, known);
}
