/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/nodes_priv.h: which nodes there are.
 */
#ifndef TIDINGS_BROKER_REDIS_NODES_PRIV_H
#define TIDINGS_BROKER_REDIS_NODES_PRIV_H

#include "broker/redis/redis_priv.h"

enum { NODES_MAX = 256 }; /* that are known of at a time */

struct nodes;

/* Never NULL. */
struct nodes *nodes_new(struct broker_redis *redis);
/* When no command is under way any more. NULL is fine. */
void nodes_free(struct nodes *nodes);

/* Every TICK_MS. */
void nodes_tick(struct broker_redis *redis);
void nodes_link_up(struct broker_redis *redis);
/* This node goes: others need not find that out. False: nothing is to be sent (any more). */
bool nodes_leave(struct broker_redis *redis);

/* Fills in the names of up to NODES_MAX living nodes; lent. False: there may be more that are
 * alive, since Redis was away until lately, or is. */
bool nodes_living(const struct nodes *nodes, struct span *ret_names, size_t *ret_count);

#endif
