/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/mirror_priv.h: histories as this node has them.
 */
#ifndef TIDINGS_BROKER_REDIS_MIRROR_PRIV_H
#define TIDINGS_BROKER_REDIS_MIRROR_PRIV_H

#include "broker/redis/redis_priv.h"

struct mirror;

/* Never NULL. */
struct mirror *mirror_new(struct broker_redis *redis);
/* After all channels. NULL is fine. */
void mirror_free(struct mirror *mirror);

/* Finishes `call` when the history of its channel has been delivered here. */
void mirror_fetch(struct broker_redis *redis, struct broker_call *call);
/* Every TICK_MS, and when the link stands. */
void mirror_tick(struct broker_redis *redis);
/* The link is gone, or the broker ends: nobody waits for a history any more. */
void mirror_link_down(struct broker_redis *redis);

#endif
