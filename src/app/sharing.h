/* SPDX-License-Identifier: MIT */
/*
 * app/sharing.h: the broker that nodes share over Redis, where the configuration asks for one, and
 * what ties it to the workers of this node.
 */
#ifndef TIDINGS_APP_SHARING_H
#define TIDINGS_APP_SHARING_H

#include "app/worker.h"
#include "redis/link.h"

struct config;
struct sharing;

/* How the Redis of a configuration is reached; borrowed from it. */
struct redis_options sharing_link_options(const struct config *config);

/* Makes it; it does not run yet. `*ret` is NULL with an embedded broker. `hub_shared` and `counts`,
 * those of the broker's thread, are borrowed. On failure `note` says what the kernel refused. */
MUST_USE enum err sharing_open(struct settings *settings, struct hub_shared *hub_shared,
                               struct counts *counts, struct sharing **ret, struct err_note *note);
/* What workers join and health asks; NULL for NULL. Lives until `sharing_free`. */
struct broker_redis *sharing_broker(struct sharing *sharing);
/* From now on it runs, for these workers, which are borrowed. ERR_LIMIT. NULL is fine, here and
 * below. */
MUST_USE enum err sharing_start(struct sharing *sharing, struct worker *const *workers,
                                size_t worker_count);
/* What of another configuration holds for it without a restart: the files for TLS. */
void sharing_use(struct sharing *sharing, const struct config *config);
/* When no worker runs any more and before they are freed. */
void sharing_stop(struct sharing *sharing);
/* After the workers are freed. */
void sharing_free(struct sharing *sharing);

#endif
