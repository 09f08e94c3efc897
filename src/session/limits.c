/* SPDX-License-Identifier: MIT */
/*
 * session/limits.c: a striped, bounded hash table of counters, the least recently used at the tail.
 */
#include "session/limits.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/slab.h"

#include <pthread.h>
#include <stdatomic.h>

enum { STRIPES = 16, MINUTE_MS = 60000 };

struct entry {
    uint32_t next;         /* in its bucket */
    uint32_t newer, older; /* by use */
    uint32_t attempts;     /* in the minute that runs */
    struct limits_key key;
    uint64_t minute_from_ms; /* when that minute began; meaningless without attempts */
    uint64_t blocked_until_ms;
};

struct stripe {
    pthread_mutex_t lock;
    struct slab entries;
    uint32_t *buckets;
    uint32_t bucket_count; /* a power of two */
    uint32_t newest, oldest;
};

struct limits {
    uint64_t user_keys[2][2];
    _Atomic uint64_t count;
    struct stripe stripes[STRIPES];
};

static uint32_t power_of_two(uint32_t at_least) {
    uint32_t power = 16;
    while (power < at_least)
        power *= 2;
    return power;
}

struct limits *limits_new(uint32_t entries_max) {
    struct limits *limits = mem_new(sizeof *limits);
    random_bytes(limits->user_keys, sizeof limits->user_keys);
    uint32_t each = (entries_max + STRIPES - 1) / STRIPES;
    for (size_t i = 0; i < STRIPES; i++) {
        struct stripe *stripe = &limits->stripes[i];
        (void)pthread_mutex_init(&stripe->lock, NULL);
        slab_init(&stripe->entries, sizeof(struct entry), each ? each : 1);
        stripe->bucket_count = power_of_two(each);
        stripe->buckets = mem_new(stripe->bucket_count * sizeof(uint32_t));
    }
    return limits;
}

void limits_free(struct limits *limits) {
    if (!limits) return;
    for (size_t i = 0; i < STRIPES; i++) {
        slab_finish(&limits->stripes[i].entries);
        mem_free(limits->stripes[i].buckets);
        (void)pthread_mutex_destroy(&limits->stripes[i].lock);
    }
    mem_free(limits);
}

struct limits_key limits_key_address(const struct address *address, uint16_t endpoint) {
    struct limits_key key = { .endpoint = endpoint };
    address_limit_key(address, key.who);
    return key;
}

struct limits_key limits_key_user(const struct limits *limits, struct span user,
                                  uint16_t endpoint) {
    struct limits_key key = { .endpoint = endpoint, .is_user = true };
    for (size_t i = 0; i < 2; i++) {
        uint64_t half = hash_span_keyed(user, limits->user_keys[i]);
        memcpy(key.who + 8 * i, &half, sizeof half);
    }
    return key;
}

static bool key_eq(const struct limits_key *a, const struct limits_key *b) {
    return a->endpoint == b->endpoint && a->is_user == b->is_user &&
           memcmp(a->who, b->who, sizeof a->who) == 0;
}

static uint64_t key_hash(const struct limits_key *key) {
    char bytes[sizeof key->who + sizeof key->endpoint + 1];
    memcpy(bytes, key->who, sizeof key->who);
    memcpy(bytes + sizeof key->who, &key->endpoint, sizeof key->endpoint);
    bytes[sizeof bytes - 1] = (char)key->is_user;
    return hash_span(span_of(bytes, sizeof bytes));
}

static struct entry *entry_at(struct stripe *stripe, uint32_t index) {
    return slab_at(&stripe->entries, index);
}

static uint32_t *bucket_of(struct stripe *stripe, uint64_t hash) {
    return &stripe->buckets[(uint32_t)hash & (stripe->bucket_count - 1)];
}

static void unlink_use(struct stripe *stripe, const struct entry *entry) {
    *(entry->newer ? &entry_at(stripe, entry->newer)->older : &stripe->newest) = entry->older;
    *(entry->older ? &entry_at(stripe, entry->older)->newer : &stripe->oldest) = entry->newer;
}

static void link_newest(struct stripe *stripe, uint32_t index) {
    struct entry *entry = entry_at(stripe, index);
    entry->newer = 0;
    entry->older = stripe->newest;
    *(stripe->newest ? &entry_at(stripe, stripe->newest)->newer : &stripe->oldest) = index;
    stripe->newest = index;
}

static void forget_oldest(struct stripe *stripe) {
    uint32_t index = stripe->oldest;
    struct entry *entry = entry_at(stripe, index);
    unlink_use(stripe, entry);
    uint32_t *link = bucket_of(stripe, key_hash(&entry->key));
    while (*link != index)
        link = &entry_at(stripe, *link)->next;
    *link = entry->next;
    slab_give(&stripe->entries, index);
}

static struct entry *find(struct stripe *stripe, const struct limits_key *key, uint64_t hash) {
    uint32_t index = *bucket_of(stripe, hash);
    while (index && !key_eq(&entry_at(stripe, index)->key, key)) {
        index = entry_at(stripe, index)->next;
    }
    if (!index) return NULL;
    struct entry *entry = entry_at(stripe, index);
    unlink_use(stripe, entry);
    link_newest(stripe, index);
    return entry;
}

/* NULL only when there is neither memory nor an entry to forget. */
static struct entry *obtain(struct limits *limits, struct stripe *stripe,
                            const struct limits_key *key, uint64_t hash) {
    struct entry *entry = find(stripe, key, hash);
    if (entry) return entry;
    uint32_t index;
    if (slab_take(&stripe->entries, &index) != ERR_OK) {
        if (!stripe->oldest) return NULL;
        forget_oldest(stripe);
        if (slab_take(&stripe->entries, &index) != ERR_OK) return NULL;
    } else {
        atomic_fetch_add_explicit(&limits->count, 1, memory_order_relaxed);
    }
    entry = entry_at(stripe, index);
    entry->key = *key;
    uint32_t *bucket = bucket_of(stripe, hash);
    entry->next = *bucket;
    *bucket = index;
    link_newest(stripe, index);
    return entry;
}

static struct stripe *lock_stripe(struct limits *limits, uint64_t hash) {
    struct stripe *stripe = &limits->stripes[(hash >> 32) % STRIPES];
    pthread_mutex_lock(&stripe->lock);
    return stripe;
}

static uint64_t time_left(const struct entry *entry, uint64_t now_ms) {
    return entry->blocked_until_ms > now_ms ? entry->blocked_until_ms - now_ms : 0;
}

static uint64_t count_attempt(struct entry *entry, uint32_t per_minute, uint64_t block_ms,
                              uint64_t now_ms) {
    uint64_t left = time_left(entry, now_ms);
    if (left > 0) return left;
    /* The clocks of two workers differ by a turn: `now_ms` may be before the minute began. */
    if (entry->blocked_until_ms || now_ms >= entry->minute_from_ms + MINUTE_MS) {
        entry->blocked_until_ms = 0; /* a block that ended: it starts afresh */
        entry->attempts = 0;
    }
    if (entry->attempts == 0) entry->minute_from_ms = now_ms;
    if (++entry->attempts <= per_minute) return 0;
    entry->attempts = 0;
    entry->blocked_until_ms = now_ms + block_ms;
    return block_ms > 0 ? block_ms : 1;
}

uint64_t limits_attempt(struct limits *limits, const struct limits_key *key, uint32_t per_minute,
                        uint64_t block_ms, uint64_t now_ms) {
    if (per_minute == 0) return limits_blocked(limits, key, now_ms);
    uint64_t hash = key_hash(key);
    struct stripe *stripe = lock_stripe(limits, hash);
    struct entry *entry = obtain(limits, stripe, key, hash);
    uint64_t left = entry ? count_attempt(entry, per_minute, block_ms, now_ms) : 0;
    pthread_mutex_unlock(&stripe->lock);
    return left;
}

uint64_t limits_blocked(struct limits *limits, const struct limits_key *key, uint64_t now_ms) {
    uint64_t hash = key_hash(key);
    struct stripe *stripe = lock_stripe(limits, hash);
    const struct entry *entry = find(stripe, key, hash);
    uint64_t left = entry ? time_left(entry, now_ms) : 0;
    pthread_mutex_unlock(&stripe->lock);
    return left;
}

void limits_block(struct limits *limits, const struct limits_key *key, uint64_t until_ms) {
    uint64_t hash = key_hash(key);
    struct stripe *stripe = lock_stripe(limits, hash);
    struct entry *entry = obtain(limits, stripe, key, hash);
    if (entry && entry->blocked_until_ms < until_ms) entry->blocked_until_ms = until_ms;
    pthread_mutex_unlock(&stripe->lock);
}

uint64_t limits_count(const struct limits *limits) {
    return atomic_load_explicit(&limits->count, memory_order_relaxed);
}
