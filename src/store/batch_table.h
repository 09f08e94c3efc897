/* SPDX-License-Identifier: MIT */
/*
 * store/batch_table.h: the state of batches in this process, bounded in number, bytes and age.
 *
 * What a notification says about a batch is kept twice: for the user that it was sent to, who may
 * see no more than that, and for those who may see everything (the user whose name is empty). The
 * least recently updated is forgotten first. Any thread; one lock, held for some microseconds.
 */
#ifndef TIDINGS_STORE_BATCH_TABLE_H
#define TIDINGS_STORE_BATCH_TABLE_H

#include "base/buf.h"
#include "base/err.h"

struct batch_table_options {
    uint32_t entries_max; /* a batch counts twice */
    size_t bytes_max;
    uint32_t keep_seconds; /* since it was last told of */
};

/* Who is told of every change, under the table's lock; `user` may be empty. */
struct batch_watch {
    void (*told)(void *owner, struct span user, struct span id, struct span delta);
    void (*forgotten)(void *owner, struct span user, struct span id);
    void *owner;
};

struct batch_table;

/* Never NULL. Options are copied. */
struct batch_table *batch_table_new(const struct batch_table_options *options);
/* NULL is fine. */
void batch_table_free(struct batch_table *table);
/* Before any other thread knows the table, or when all others have ended. NULL: nobody. */
void batch_table_watch(struct batch_table *table, const struct batch_watch *watch);

/* Keeps what `payload` tells, which was sent to `user` (not empty) and for which `batch_may_tell`
 * holds. Nothing is kept of what tells nothing, or of what there is no room for. `now_s`:
 * a clock that only goes forward. */
void batch_table_tell(struct batch_table *table, struct span user, struct span payload,
                      uint32_t now_s);
/* Puts in what was kept before. In the order in which it was told. */
void batch_table_restore(struct batch_table *table, struct span user, struct span id,
                         struct span delta, uint32_t now_s);

/* Writes what `user` was told of the batch `id`. False: nothing. */
MUST_USE bool batch_table_write(struct batch_table *table, struct span user, struct span id,
                                struct buf *out);

/* Forgets what is too old. */
void batch_table_sweep(struct batch_table *table, uint32_t now_s);

/* For the metrics; any thread. */
uint64_t batch_table_entries(const struct batch_table *table);
uint64_t batch_table_bytes(const struct batch_table *table);

#endif
