/* SPDX-License-Identifier: MIT */
/*
 * store/batch_table.c: records by user and batch, in a list by when they were last told of.
 */
#include "store/batch_table.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "dialect/batch.h"
#include "store/batch_record.h"

#include <pthread.h>
#include <stdatomic.h>

struct entry {
    struct map_node node;
    struct entry *older, *newer;
    struct batch_record record;
    uint32_t told_s;
    uint32_t user_len, id_len;
    char names[]; /* the user's and the batch's */
};

struct batch_table {
    struct batch_table_options options;
    struct batch_watch watch;
    pthread_mutex_t lock;
    struct map map;
    struct entry *oldest, *newest;
    struct buf id, delta; /* of the notification that is read */
    _Atomic uint64_t entries, bytes;
};

struct batch_table *batch_table_new(const struct batch_table_options *options) {
    struct batch_table *table = mem_new(sizeof *table);
    table->options = *options;
    (void)pthread_mutex_init(&table->lock, NULL);
    buf_init(&table->id, BATCH_ID_MAX);
    buf_init(&table->delta, BATCH_DELTA_MAX);
    return table;
}

static struct span user_of(const struct entry *entry) {
    return span_of(entry->names, entry->user_len);
}
static struct span id_of(const struct entry *entry) {
    return span_of(entry->names + entry->user_len, entry->id_len);
}

static size_t bytes_of(const struct entry *entry) {
    return sizeof *entry + entry->user_len + entry->id_len + entry->record.bytes;
}

static void unlink_entry(struct batch_table *table, struct entry *entry) {
    *(entry->older ? &entry->older->newer : &table->oldest) = entry->newer;
    *(entry->newer ? &entry->newer->older : &table->newest) = entry->older;
}

static void link_newest(struct batch_table *table, struct entry *entry) {
    entry->older = table->newest;
    entry->newer = NULL;
    *(table->newest ? &table->newest->newer : &table->oldest) = entry;
    table->newest = entry;
}

static void forget(struct batch_table *table, struct entry *entry) {
    if (table->watch.forgotten)
        table->watch.forgotten(table->watch.owner, user_of(entry), id_of(entry));
    unlink_entry(table, entry);
    map_remove(&table->map, &entry->node);
    table->entries--;
    table->bytes -= bytes_of(entry);
    batch_record_finish(&entry->record);
    mem_free(entry);
}

void batch_table_free(struct batch_table *table) {
    if (!table) return;
    table->watch = (struct batch_watch){ 0 };
    while (table->oldest)
        forget(table, table->oldest);
    map_finish(&table->map);
    buf_finish(&table->id);
    buf_finish(&table->delta);
    (void)pthread_mutex_destroy(&table->lock);
    mem_free(table);
}

void batch_table_watch(struct batch_table *table, const struct batch_watch *watch) {
    table->watch = watch ? *watch : (struct batch_watch){ 0 };
}

static uint32_t hash_of(struct span user, struct span id) {
    return (uint32_t)(hash_span(id) ^ hash_span(user) * 3);
}

static struct entry *find(const struct batch_table *table, struct span user, struct span id) {
    struct map_node *node = map_first(&table->map, hash_of(user, id));
    for (; node; node = map_next(node)) {
        struct entry *entry = container_of(node, struct entry, node);
        if (span_eq(user_of(entry), user) && span_eq(id_of(entry), id)) return entry;
    }
    return NULL;
}

/* NULL: there is no memory. */
static struct entry *add(struct batch_table *table, struct span user, struct span id) {
    struct entry *entry = mem_try(sizeof *entry + user.len + id.len);
    if (!entry) return NULL;
    *entry = (struct entry){ .user_len = (uint32_t)user.len, .id_len = (uint32_t)id.len };
    if (user.len > 0) memcpy(entry->names, user.at, user.len);
    memcpy(entry->names + user.len, id.at, id.len);
    map_insert(&table->map, &entry->node, hash_of(user, id));
    link_newest(table, entry);
    table->entries++;
    table->bytes += bytes_of(entry);
    return entry;
}

/* Whatever was told longest ago, but for what has just been told. */
static void make_room(struct batch_table *table) {
    while (
        (table->entries > table->options.entries_max || table->bytes > table->options.bytes_max) &&
        table->oldest != table->newest)
        forget(table, table->oldest);
}

static void keep(struct batch_table *table, struct span user, struct span id, struct span delta,
                 uint32_t now_s) {
    struct entry *entry = find(table, user, id);
    if (!entry) entry = add(table, user, id);
    if (!entry) return;
    unlink_entry(table, entry);
    link_newest(table, entry);
    entry->told_s = now_s;
    size_t before = entry->record.bytes;
    (void)!batch_record_apply(&entry->record, delta); /* what finds no room is left out */
    table->bytes += entry->record.bytes - before;
    if (table->watch.told) table->watch.told(table->watch.owner, user, id, delta);
    make_room(table);
}

void batch_table_tell(struct batch_table *table, struct span user, struct span payload,
                      uint32_t now_s) {
    pthread_mutex_lock(&table->lock);
    if (batch_fold(payload, &table->id, &table->delta) == ERR_OK) {
        struct span id = buf_span(&table->id), delta = buf_span(&table->delta);
        keep(table, user, id, delta, now_s);
        keep(table, SPAN(""), id, delta, now_s);
    }
    pthread_mutex_unlock(&table->lock);
}

void batch_table_restore(struct batch_table *table, struct span user, struct span id,
                         struct span delta, uint32_t now_s) {
    pthread_mutex_lock(&table->lock);
    keep(table, user, id, delta, now_s);
    pthread_mutex_unlock(&table->lock);
}

bool batch_table_write(struct batch_table *table, struct span user, struct span id,
                       struct buf *out) {
    pthread_mutex_lock(&table->lock);
    const struct entry *entry = find(table, user, id);
    if (entry) batch_record_write(&entry->record, id, out);
    pthread_mutex_unlock(&table->lock);
    return entry != NULL;
}

void batch_table_sweep(struct batch_table *table, uint32_t now_s) {
    pthread_mutex_lock(&table->lock);
    while (table->oldest && now_s - table->oldest->told_s >= table->options.keep_seconds)
        forget(table, table->oldest);
    pthread_mutex_unlock(&table->lock);
}

uint64_t batch_table_entries(const struct batch_table *table) {
    return table->entries;
}
uint64_t batch_table_bytes(const struct batch_table *table) {
    return table->bytes;
}
