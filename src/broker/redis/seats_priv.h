/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/seats_priv.h: connections that are counted over all nodes.
 */
#ifndef TIDINGS_BROKER_REDIS_SEATS_PRIV_H
#define TIDINGS_BROKER_REDIS_SEATS_PRIV_H

#include "broker/redis/redis_priv.h"

struct seats;

/* Never NULL. */
struct seats *seats_new(struct broker_redis *redis);
/* When no command is under way any more. NULL is fine. */
void seats_free(struct seats *seats);

/* Every TICK_MS. */
void seats_tick(struct broker_redis *redis);
/* The link stands (again): Redis may have forgotten who sits where. */
void seats_link_up(struct broker_redis *redis);

#endif
