/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/asking_priv.h: questions to all nodes, those of this one and those of others.
 */
#ifndef TIDINGS_BROKER_REDIS_ASKING_PRIV_H
#define TIDINGS_BROKER_REDIS_ASKING_PRIV_H

#include "broker/redis/redis_priv.h"

struct askings;

/* Never NULL. */
struct askings *askings_new(struct broker_redis *redis);
/* When no command is under way any more. NULL is fine. */
void askings_free(struct askings *askings);

/* There is a link. */
void askings_begin(struct broker_redis *redis);
/* Every TICK_MS. */
void askings_tick(struct broker_redis *redis);
/* A part of each turn: answers of this node go out. */
void askings_turn(struct broker_redis *redis);
/* The link is gone and the broker ends: nobody waits any more. */
void askings_end(struct broker_redis *redis);
/* Something came on this node's own channel. */
void askings_answer(struct broker_redis *redis, struct span payload);

#endif
