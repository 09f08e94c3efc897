/* SPDX-License-Identifier: MIT */
/*
 * app/storage.h: where channels that keep history are, and what was told of batches: tables in
 * memory and, where the configuration says so, the file that they survive in.
 */
#ifndef TIDINGS_APP_STORAGE_H
#define TIDINGS_APP_STORAGE_H

#include "app/worker.h"

struct batch_table;
struct config;
struct store;
struct storage;

/* Makes it and reads the file. On failure `note` names the file. */
MUST_USE enum err storage_open(const struct config *config, struct storage **ret,
                               struct err_note *note);
/* Lives until `storage_free`. */
struct store *storage_store(struct storage *storage);
/* The same; NULL: batches are not followed, or a shared broker does. */
struct batch_table *storage_batches(struct storage *storage);
/* What the channels that tell of batches begin with. */
struct span storage_batch_channels(const struct storage *storage);
/* From now on changes are written; each time some are durable the workers, which are borrowed, get
 * a turn. Before the workers start. ERR_LIMIT. */
MUST_USE enum err storage_start(struct storage *storage, struct worker *const *workers,
                                size_t worker_count);
/* When no worker runs any more and before they are freed: writes what waits and closes the file.
 * NULL is fine, here and below. */
void storage_stop(struct storage *storage);
void storage_free(struct storage *storage);

#endif
