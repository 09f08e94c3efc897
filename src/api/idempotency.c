/* SPDX-License-Identifier: MIT */
/*
 * api/idempotency.c: a chained hash table whose entries also stand in a row by age.
 *
 * All live equally long, so the row's head is what expires next and what is forgotten first. A call
 * is recognised by its key as it stands and by a keyed hash of its body, which nobody can make
 * collide without the process's secret.
 */
#include "api/idempotency_priv.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"

#include <pthread.h>

enum { BUCKETS_MAX = 1 << 20 };

enum entry_state {
    ENTRY_RUNNING,
    ENTRY_DONE,
    ENTRY_UNANSWERABLE, /* done, but the answer was lost */
};

struct idempotency_entry {
    struct idempotency_entry *next; /* in its bucket */
    struct idempotency_entry *older, *newer;
    uint64_t hash;
    uint64_t expires_ns;
    uint64_t body_hash;
    char *answer;
    size_t answer_len;
    uint64_t owner;
    enum entry_state state;
    uint32_t key_len;
    char key[];
};

struct idempotency {
    pthread_mutex_t lock;
    size_t entries_max, bytes_max;
    size_t count, bytes;
    struct idempotency_entry *oldest, *newest;
    size_t bucket_mask;
    struct idempotency_entry *buckets[];
};

struct idempotency *idempotency_new(size_t entries_max, size_t bytes_max) {
    size_t buckets = 1;
    while (buckets < entries_max && buckets < BUCKETS_MAX)
        buckets *= 2;
    struct idempotency *table = mem_new(sizeof *table + buckets * sizeof table->buckets[0]);
    (void)pthread_mutex_init(&table->lock, NULL);
    table->entries_max = entries_max;
    table->bytes_max = bytes_max;
    table->bucket_mask = buckets - 1;
    return table;
}

static size_t entry_bytes(const struct idempotency_entry *entry) {
    return sizeof *entry + entry->key_len + entry->answer_len;
}

static struct idempotency_entry **bucket_of(struct idempotency *table, uint64_t hash) {
    return &table->buckets[hash & table->bucket_mask];
}

static void forget(struct idempotency *table, struct idempotency_entry *entry) {
    struct idempotency_entry **at = bucket_of(table, entry->hash);
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    *(entry->older ? &entry->older->newer : &table->oldest) = entry->newer;
    *(entry->newer ? &entry->newer->older : &table->newest) = entry->older;
    table->count--;
    table->bytes -= entry_bytes(entry);
    mem_free(entry->answer);
    mem_free(entry);
}

void idempotency_free(struct idempotency *table) {
    if (!table) return;
    while (table->oldest)
        forget(table, table->oldest);
    (void)pthread_mutex_destroy(&table->lock);
    mem_free(table);
}

static void forget_expired(struct idempotency *table, uint64_t now_ns) {
    for (struct idempotency_entry *entry = table->oldest, *newer; entry; entry = newer) {
        newer = entry->newer;
        if (entry->expires_ns > now_ns) break;
        /* One that still runs belongs to a worker, which gives it back. */
        if (entry->state != ENTRY_RUNNING) forget(table, entry);
    }
}

/* Forgets the oldest until one more entry, or `bytes` more, fit; false when those that are left all
 * run. */
static bool make_room(struct idempotency *table, size_t entries, size_t bytes) {
    struct idempotency_entry *entry = table->oldest;
    if (bytes > table->bytes_max) return false; /* no use in forgetting anything for that */
    while (table->count + entries > table->entries_max || table->bytes + bytes > table->bytes_max) {
        if (!entry) return false;
        struct idempotency_entry *newer = entry->newer;
        if (entry->state != ENTRY_RUNNING) forget(table, entry);
        entry = newer;
    }
    return true;
}

/* A call with its hashes, which are reckoned before the lock is taken. */
struct hashed {
    const struct idempotency_call *call;
    uint64_t key;
    uint64_t body;
};

static struct idempotency_entry *find(struct idempotency *table, const struct hashed *hashed) {
    const struct idempotency_call *call = hashed->call;
    for (struct idempotency_entry *e = *bucket_of(table, hashed->key); e; e = e->next) {
        if (e->hash == hashed->key && e->owner == call->owner &&
            span_eq(span_of(e->key, e->key_len), call->key)) {
            return e;
        }
    }
    return NULL;
}

static struct idempotency_entry *add(struct idempotency *table, const struct hashed *hashed,
                                     uint64_t now_ns) {
    const struct idempotency_call *call = hashed->call;
    if (!make_room(table, 1, sizeof(struct idempotency_entry) + call->key.len)) return NULL;
    struct idempotency_entry *entry = mem_try(sizeof *entry + call->key.len);
    if (!entry) return NULL;
    struct idempotency_entry **bucket = bucket_of(table, hashed->key);
    *entry = (struct idempotency_entry){
        .next = *bucket,
        .older = table->newest,
        .hash = hashed->key,
        .expires_ns = now_ns + IDEMPOTENCY_SECONDS * NS_PER_S,
        .body_hash = hashed->body,
        .owner = call->owner,
        .state = ENTRY_RUNNING,
        .key_len = (uint32_t)call->key.len,
    };
    memcpy(entry->key, call->key.at, call->key.len);
    *bucket = entry;
    *(table->newest ? &table->newest->newer : &table->oldest) = entry;
    table->newest = entry;
    table->count++;
    table->bytes += entry_bytes(entry);
    return entry;
}

static enum idempotency_verdict judge(const struct idempotency_entry *entry,
                                      const struct hashed *hashed, struct buf *ret_answer) {
    if (entry->body_hash != hashed->body) return IDEMPOTENCY_OTHER;
    if (entry->state != ENTRY_DONE) return IDEMPOTENCY_RUNNING;
    buf_clear(ret_answer);
    buf_append(ret_answer, entry->answer, entry->answer_len);
    return buf_err(ret_answer) ? IDEMPOTENCY_NO_MEMORY : IDEMPOTENCY_AGAIN;
}

enum idempotency_verdict idempotency_begin(struct idempotency *table,
                                           const struct idempotency_call *call, uint64_t now_ns,
                                           struct idempotency_entry **ret_entry,
                                           struct buf *ret_answer) {
    enum idempotency_verdict verdict = IDEMPOTENCY_FIRST;
    const struct hashed hashed = { call, hash_span(call->key) + call->owner,
                                   hash_span(call->body) };
    (void)pthread_mutex_lock(&table->lock);
    forget_expired(table, now_ns);
    struct idempotency_entry *entry = find(table, &hashed);
    if (entry) {
        verdict = judge(entry, &hashed, ret_answer);
    } else {
        entry = add(table, &hashed, now_ns);
        if (!entry) verdict = IDEMPOTENCY_NO_MEMORY;
    }
    (void)pthread_mutex_unlock(&table->lock);
    if (verdict == IDEMPOTENCY_FIRST) *ret_entry = entry;
    return verdict;
}

void idempotency_finish(struct idempotency *table, struct idempotency_entry *entry,
                        struct span answer) {
    char *copy = answer.len > 0 ? mem_try(answer.len) : NULL;
    if (copy) memcpy(copy, answer.at, answer.len);
    (void)pthread_mutex_lock(&table->lock);
    if (copy && make_room(table, 0, answer.len)) {
        entry->answer = copy;
        entry->answer_len = answer.len;
        entry->state = ENTRY_DONE;
        table->bytes += answer.len;
        copy = NULL; /* given to the entry */
    } else {
        entry->state = ENTRY_UNANSWERABLE;
    }
    (void)pthread_mutex_unlock(&table->lock);
    mem_free(copy);
}

void idempotency_abandon(struct idempotency *table, struct idempotency_entry *entry) {
    (void)pthread_mutex_lock(&table->lock);
    forget(table, entry);
    (void)pthread_mutex_unlock(&table->lock);
}

size_t idempotency_count(struct idempotency *table) {
    (void)pthread_mutex_lock(&table->lock);
    size_t count = table->count;
    (void)pthread_mutex_unlock(&table->lock);
    return count;
}

size_t idempotency_bytes(struct idempotency *table) {
    (void)pthread_mutex_lock(&table->lock);
    size_t bytes = table->bytes;
    (void)pthread_mutex_unlock(&table->lock);
    return bytes;
}
