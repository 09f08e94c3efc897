/* SPDX-License-Identifier: MIT */
/*
 * hub/interest.c: a striped hash table of channel and user entries.
 */
#include "hub/interest.h"

#include "base/hash.h"
#include "base/mem.h"

void interest_table_init(struct interest_table *table) {
    memset(table, 0, sizeof *table);
    for (size_t i = 0; i < INTEREST_STRIPES; i++) {
        (void)pthread_mutex_init(&table->stripes[i].lock, NULL);
    }
}

static void entry_free(struct interest *entry) {
    if (entry->listening_count > 1) mem_free(entry->listening.many);
    if (entry->seat_count > 1) mem_free(entry->seats.many);
    mem_free(entry);
}

void interest_table_finish(struct interest_table *table) {
    for (size_t i = 0; i < INTEREST_STRIPES; i++) {
        struct interest_stripe *stripe = &table->stripes[i];
        struct map_node *node;
        while ((node = map_pop(&stripe->entries))) {
            entry_free(container_of(node, struct interest, node));
        }
        map_finish(&stripe->entries);
        (void)pthread_mutex_destroy(&stripe->lock);
    }
}

struct interest_stripe *interest_lock(struct interest_table *table, struct span name,
                                      uint32_t *ret_hash) {
    uint64_t hash = hash_span(name);
    struct interest_stripe *stripe = &table->stripes[(hash >> 32) % INTEREST_STRIPES];
    *ret_hash = (uint32_t)hash;
    pthread_mutex_lock(&stripe->lock);
    return stripe;
}

void interest_unlock(struct interest_stripe *stripe) {
    pthread_mutex_unlock(&stripe->lock);
}

struct interest *interest_find(const struct interest_stripe *stripe, struct span name,
                               uint32_t hash) {
    struct map_node *node = map_first(&stripe->entries, hash);
    while (node) {
        struct interest *entry = container_of(node, struct interest, node);
        if (span_eq(interest_name(entry), name)) return entry;
        node = map_next(node);
    }
    return NULL;
}

struct interest *interest_obtain(struct interest_stripe *stripe, struct span name, uint32_t hash) {
    assert(name.len <= INTEREST_NAME_MAX);
    struct interest *entry = interest_find(stripe, name, hash);
    if (entry) return entry;
    entry = mem_try(sizeof *entry + name.len);
    if (!entry) return NULL;
    memset(entry, 0, sizeof *entry);
    entry->name_len = (uint8_t)name.len;
    if (name.len) memcpy(entry->name, name.at, name.len);
    map_insert(&stripe->entries, &entry->node, hash);
    return entry;
}

void interest_settle(struct interest_stripe *stripe, struct interest *entry) {
    if (entry->listening_count > 0 || entry->seat_count > 0) return;
    map_remove(&stripe->entries, &entry->node);
    entry_free(entry);
}

bool interest_add_listening(struct interest *entry, struct listening record) {
    size_t count = entry->listening_count;
    if (count == UINT16_MAX) return false;
    if (count == 0) {
        entry->listening.one = record;
    } else {
        struct listening *many =
            mem_try_resize(count > 1 ? entry->listening.many : NULL, (count + 1) * sizeof *many);
        if (!many) return false;
        if (count == 1) many[0] = entry->listening.one;
        many[count] = record;
        entry->listening.many = many;
    }
    entry->listening_count++;
    return true;
}

void interest_remove_listening(struct interest *entry, size_t at) {
    size_t last = (size_t)entry->listening_count - 1;
    if (last > 0) {
        struct listening *many = entry->listening.many;
        many[at] = many[last];
        if (last == 1) {
            struct listening left = many[0];
            mem_free(many);
            entry->listening.one = left;
        }
    }
    entry->listening_count--;
}

bool interest_add_seat(struct interest *entry, struct seat seat) {
    size_t count = entry->seat_count;
    if (count == UINT8_MAX) return false;
    if (count == 0) {
        entry->seats.one = seat;
    } else {
        struct seat *many =
            mem_try_resize(count > 1 ? entry->seats.many : NULL, (count + 1) * sizeof *many);
        if (!many) return false;
        if (count == 1) many[0] = entry->seats.one;
        many[count] = seat;
        entry->seats.many = many;
    }
    entry->seat_count++;
    return true;
}

void interest_remove_seat(struct interest *entry, size_t at) {
    size_t last = (size_t)entry->seat_count - 1;
    if (last > 0) {
        struct seat *many = entry->seats.many;
        many[at] = many[last];
        if (last == 1) {
            struct seat left = many[0];
            mem_free(many);
            entry->seats.one = left;
        }
    }
    entry->seat_count--;
}
