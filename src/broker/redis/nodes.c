/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/nodes.c: which nodes there are. Each writes itself into a sorted set by the time at
 * which it did, every few seconds, and reads who else did so lately.
 */
#include "broker/redis/nodes_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/redis/node_text_priv.h"
#include "broker/redis/script_priv.h"

enum {
    SEEN_EVERY_MS = 2000,
    LIVING_MS = 10000, /* seen within that time */
    PRUNED_MS = 60000,
    /* After an outage, all that live have come back after so long. */
    SETTLED_MS = 15000,
    STALE_MS = 3 * SEEN_EVERY_MS,
};

SCRIPT(seen_script, "local seen = KEYS[1]\n"
                    "local t = redis.call('TIME')\n"
                    "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
                    "redis.call('ZADD', seen, now, ARGV[1])\n"
                    "redis.call('EXPIRE', seen, 3600)\n"
                    "redis.call('ZREMRANGEBYSCORE', seen, '-inf', now - tonumber(ARGV[3]))\n"
                    "return redis.call('ZRANGEBYSCORE', seen, now - tonumber(ARGV[2]), '+inf')\n");

struct nodes {
    struct broker_redis *redis;
    struct redis_command seen; /* writes this one and reads the others */
    bool is_under_way;
    struct redis_command gone; /* takes this one out */
    bool is_gone;
    uint64_t asked_ns, read_ns, up_ns;
    char names[NODES_MAX][NODE_NAME_LEN];
    size_t count;
};

struct nodes *nodes_new(struct broker_redis *redis) {
    struct nodes *nodes = mem_new(sizeof *nodes);
    nodes->redis = redis;
    return nodes;
}

void nodes_free(struct nodes *nodes) {
    mem_free(nodes);
}

bool nodes_living(const struct nodes *nodes, struct span *ret_names, size_t *ret_count) {
    for (size_t i = 0; i < nodes->count; i++)
        ret_names[i] = span_of(nodes->names[i], NODE_NAME_LEN);
    *ret_count = nodes->count;
    uint64_t now_ns = clock_now_ns();
    bool has_settled = nodes->up_ns && now_ns - nodes->up_ns >= SETTLED_MS * NS_PER_MS;
    return has_settled && now_ns - nodes->read_ns < STALE_MS * NS_PER_MS;
}

static bool key_of_seen(const struct broker_redis *redis, char room[static KEY_MAX],
                        struct span *ret) {
    return key_plain(redis, room, SPAN("tidings:nodes:seen"), ret);
}

static void take_names(struct nodes *nodes, const struct redis_reply *reply) {
    nodes->count = 0;
    for (size_t i = 0; i < reply->count && nodes->count < NODES_MAX; i++) {
        struct span name = reply->items[i].text;
        if (reply->items[i].kind != REDIS_STRING || !node_name_is_good(name)) continue;
        memcpy(nodes->names[nodes->count++], name.at, NODE_NAME_LEN);
    }
    nodes->read_ns = clock_now_ns();
    struct health *health = &nodes->redis->health;
    pthread_mutex_lock(&health->lock);
    health->state.nodes = nodes->count;
    pthread_mutex_unlock(&health->lock);
}

static void on_seen(struct redis_command *command, const struct redis_reply *reply) {
    struct nodes *nodes = container_of(command, struct nodes, seen);
    nodes->is_under_way = false;
    if (reply && reply->kind == REDIS_ARRAY) take_names(nodes, reply);
}

static void show_up(struct broker_redis *redis) {
    struct nodes *nodes = redis->nodes;
    struct span key;
    char room[KEY_MAX];
    struct script_number living, pruned;
    if (nodes->is_under_way || nodes->is_gone || !key_of_seen(redis, room, &key)) return;
    const struct span args[] = { span_str(redis->node), script_number(&living, LIVING_MS),
                                 script_number(&pruned, PRUNED_MS) };
    nodes->asked_ns = clock_now_ns();
    nodes->seen.answered = on_seen;
    nodes->is_under_way =
        redis_run(redis->link, &nodes->seen, &seen_script, &key, 1, args, countof(args)) == ERR_OK;
}

void nodes_tick(struct broker_redis *redis) {
    if (!redis->health.is_link_up) return;
    if (clock_now_ns() - redis->nodes->asked_ns >= SEEN_EVERY_MS * NS_PER_MS) show_up(redis);
}

void nodes_link_up(struct broker_redis *redis) {
    redis->nodes->up_ns = clock_now_ns();
    show_up(redis);
}

static void on_gone(struct redis_command *command, const struct redis_reply *reply) {
    (void)command;
    (void)reply; /* others find out within LIVING_MS */
}

bool nodes_leave(struct broker_redis *redis) {
    struct nodes *nodes = redis->nodes;
    char room[KEY_MAX];
    struct span key;
    if (nodes->is_gone || !key_of_seen(redis, room, &key)) return false;
    const struct span args[] = { SPAN("ZREM"), key, span_str(redis->node) };
    nodes->gone.answered = on_gone;
    nodes->is_gone = redis_send(redis->link, &nodes->gone, key, args, countof(args)) == ERR_OK;
    return nodes->is_gone;
}
