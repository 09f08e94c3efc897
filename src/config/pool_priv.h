/* SPDX-License-Identifier: MIT */
/*
 * config/pool_priv.h: memory for many small pieces that are freed together, wiped, since secrets
 * are among them. What goes in is bounded by the sizes of the sources.
 */
#ifndef TIDINGS_CONFIG_POOL_PRIV_H
#define TIDINGS_CONFIG_POOL_PRIV_H

#include "base/span.h"

struct config_pool;

/* With one user. Never NULL. */
struct config_pool *config_pool_new(void);
/* One more user of what is in it, in any thread; returns it. */
struct config_pool *config_pool_ref(struct config_pool *pool);
/* One user less; the last one frees every piece. NULL is fine. */
void config_pool_unref(struct config_pool *pool);

/* `bytes` zeroed bytes, aligned for anything; never NULL. */
void *config_pool_take(struct config_pool *pool, size_t bytes);
/* A terminated copy. */
char *config_pool_text(struct config_pool *pool, struct span text);

#endif
