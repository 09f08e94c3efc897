/* SPDX-License-Identifier: MIT */
/*
 * hub/interest.c: a striped hash table of channel and user entries.
 */
#include "hub/interest.h"

#include "base/hash.h"
#include "base/mem.h"

enum { FIRST_BUCKETS = 16 };

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
        for (uint32_t b = 0; b < stripe->bucket_count; b++) {
            for (struct interest *entry = stripe->buckets[b]; entry;) {
                struct interest *next = entry->next;
                entry_free(entry);
                entry = next;
            }
        }
        mem_free(stripe->buckets);
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

static struct interest **bucket_of(const struct interest_stripe *stripe, uint32_t hash) {
    return &stripe->buckets[hash & (stripe->bucket_count - 1)];
}

struct interest *interest_find(const struct interest_stripe *stripe, struct span name,
                               uint32_t hash) {
    if (stripe->bucket_count == 0) return NULL;
    struct interest *entry = *bucket_of(stripe, hash);
    while (entry && !(entry->hash == hash && span_eq(interest_name(entry), name))) {
        entry = entry->next;
    }
    return entry;
}

/* Twice the buckets, so that chains stay at one entry or so. The table may go on with the old ones
 * when there is no memory, unless it has none at all. */
static bool grow(struct interest_stripe *stripe) {
    uint32_t count = stripe->bucket_count ? stripe->bucket_count * 2 : FIRST_BUCKETS;
    struct interest **buckets = mem_try(count * sizeof(struct interest *));
    if (!buckets) return stripe->bucket_count > 0;
    memset(buckets, 0, count * sizeof(struct interest *));
    struct interest_stripe old = *stripe;
    stripe->buckets = buckets;
    stripe->bucket_count = count;
    for (uint32_t b = 0; b < old.bucket_count; b++) {
        for (struct interest *entry = old.buckets[b]; entry;) {
            struct interest *next = entry->next;
            struct interest **bucket = bucket_of(stripe, entry->hash);
            entry->next = *bucket;
            *bucket = entry;
            entry = next;
        }
    }
    mem_free(old.buckets);
    return true;
}

struct interest *interest_obtain(struct interest_stripe *stripe, struct span name, uint32_t hash) {
    assert(name.len <= INTEREST_NAME_MAX);
    struct interest *entry = interest_find(stripe, name, hash);
    if (entry) return entry;
    if (stripe->count >= stripe->bucket_count && !grow(stripe)) return NULL;
    entry = mem_try(sizeof *entry + name.len);
    if (!entry) return NULL;
    memset(entry, 0, sizeof *entry);
    entry->hash = hash;
    entry->name_len = (uint8_t)name.len;
    if (name.len) memcpy(entry->name, name.at, name.len);
    struct interest **bucket = bucket_of(stripe, hash);
    entry->next = *bucket;
    *bucket = entry;
    stripe->count++;
    return entry;
}

void interest_settle(struct interest_stripe *stripe, struct interest *entry) {
    if (entry->listening_count > 0 || entry->seat_count > 0) return;
    struct interest **link = bucket_of(stripe, entry->hash);
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    stripe->count--;
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
