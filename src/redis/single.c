/* SPDX-License-Identifier: MIT */
/*
 * redis/single.c: one server for everything; its name is looked up anew each time.
 */
#include "redis/link_priv.h"

static struct redis_shard *shard_of(struct redis_link *link, uint16_t slot) {
    (void)slot;
    return link->shards;
}

static void place(struct redis_link *link, struct redis_subscription *s) {
    redis_pubsub_add(&link->shards->pubsub, s, REDIS_PLAIN);
}

static bool is_complete(struct redis_link *link) {
    (void)link; /* when its shard is up */
    return true;
}

static void open_it(struct redis_link *link, struct redis_shard *shard) {
    struct redis_server server;
    if (redis_server_set(&server, span_str(link->options.host), link->options.port)) {
        redis_shard_open(shard, &server);
    } else {
        redis_link_blame(link, "no server is configured");
    }
}

static void begin(struct redis_link *link) {
    open_it(link, redis_shard_new(link));
}

static void shard_lost(struct redis_link *link, struct redis_shard *shard) {
    (void)link;
    redis_shard_retry(shard);
}

const struct redis_topology redis_single = {
    .begin = begin,
    .shard_of = shard_of,
    .place = place,
    .is_complete = is_complete,
    .shard_lost = shard_lost,
    .due = open_it,
};
