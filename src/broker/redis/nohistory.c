/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/nohistory.c: a node that does not keep histories.
 */
#include "broker/redis/redis_priv.h"

void history_begin(struct broker_redis *redis, struct channel *channel) {
    channel_is_loaded(redis, channel);
}

void history_live(struct broker_redis *redis, struct channel *channel, struct span payload) {
    struct broker_arrival arrival = { .channel = channel->name, .payload = payload };
    deliver(redis, &arrival);
}

void history_end(struct broker_redis *redis, struct channel *channel) {
    (void)redis;
    (void)channel;
}
