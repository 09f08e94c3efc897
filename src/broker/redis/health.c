/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/health.c: whether the broker is up. A link that stands may still deliver nothing, so
 * the node sends itself a message through pub/sub every few seconds; until the first has come back,
 * and from when one does not, the broker is down.
 */
#include "broker/redis/asking_priv.h"

#include "base/clock.h"
#include "base/log.h"

enum { PING_EVERY_SECONDS = 2, PING_LOST_SECONDS = 5, PING_BYTES = 32 };

static void set_problem(struct broker_redis *redis, const char *why, const char *where) {
    struct broker_redis_state *state = &redis->health.state;
    pthread_mutex_lock(&redis->health.lock);
    (void)snprintf(state->problem, sizeof state->problem, "%s%s%s%s", why, *where ? " (" : "",
                   where, *where ? ")" : "");
    pthread_mutex_unlock(&redis->health.lock);
}

static void change(struct broker_redis *redis, bool is_up, const char *why) {
    struct health *h = &redis->health;
    struct broker_redis_state *state = &h->state;
    h->is_up = is_up;
    set_problem(redis, why, "");
    pthread_mutex_lock(&h->lock);
    state->is_up = is_up;
    state->changed_ms = (uint64_t)clock_wall_ms();
    if (is_up && h->was_up) state->reconnects++;
    pthread_mutex_unlock(&h->lock);
    channels_set_up(redis, is_up);
    redis->hooks->changed(redis->owner, is_up);
}

static void set_up(struct broker_redis *redis) {
    struct health *h = &redis->health;
    if (h->is_up) return;
    log_line(LOG_INFO, h->was_up ? "Redis is back" : "Redis is there",
             log_uint("after_ms", (clock_now_ns() - h->down_ns) / NS_PER_MS));
    change(redis, true, "");
    h->was_up = true;
}

static void set_down(struct broker_redis *redis, const char *why) {
    struct health *h = &redis->health;
    if (!h->is_up) return;
    h->down_ns = clock_now_ns();
    log_line(LOG_WARNING, "Redis is lost", log_text("why", why));
    change(redis, false, why);
}

/* ---- the ping ---- */

static void on_ping_answered(struct redis_command *command, const struct redis_reply *reply) {
    (void)reply; /* that it comes back is what counts */
    container_of(command, struct health, ping)->is_pinging = false;
}

static void ping(struct broker_redis *redis) {
    struct health *h = &redis->health;
    if (h->is_pinging) return;
    char text[PING_BYTES];
    int len = snprintf(text, sizeof text, "ping %llu", (unsigned long long)(h->number + 1));
    h->ping.answered = on_ping_answered;
    struct span payload = span_of(text, (size_t)len);
    if (redis_publish(redis->link, &h->ping, h->node.subscription.name, payload)) return;
    h->is_pinging = h->is_awaited = true;
    h->number++;
    h->sent_ns = clock_now_ns();
    h->due_ns = h->sent_ns + PING_LOST_SECONDS * NS_PER_S;
    loop_wake(redis->loop);
}

static void on_node_message(struct broker_redis *redis, struct listener *listener,
                            struct span payload) {
    struct health *h = container_of(listener, struct health, node);
    struct span word;
    uint64_t number;
    struct span rest = payload;
    if (!span_next(&rest, ' ', &word)) return;
    if (!span_eq(word, SPAN("ping"))) {
        askings_answer(redis, payload);
        return;
    }
    if (!h->is_awaited || !span_to_uint(rest, UINT64_MAX, &number) || number != h->number) {
        return;
    }
    h->is_awaited = false;
    pthread_mutex_lock(&h->lock);
    h->state.ping_ns = clock_now_ns() - h->sent_ns;
    pthread_mutex_unlock(&h->lock);
    if (h->is_link_up) set_up(redis);
}

static void ping_is_lost(struct broker_redis *redis) {
    static const char WHY[] = "what this node published did not come back to it";
    redis->health.is_awaited = false;
    set_down(redis, WHY);
    redis_link_reset(redis->link, WHY);
    loop_wake(redis->loop);
}

void health_tick(struct broker_redis *redis) {
    struct health *h = &redis->health;
    uint64_t now_ns = clock_now_ns();
    bool is_late = now_ns - h->judged_ns > NS_PER_S;
    h->judged_ns = now_ns;
    if (!h->is_link_up) return;
    if (!h->is_awaited) {
        if (now_ns - h->sent_ns >= PING_EVERY_SECONDS * NS_PER_S) ping(redis);
    } else if (is_late || delivery_is_behind(redis)) {
        /* Nothing was read meanwhile: it may well be there. */
        h->due_ns = now_ns + PING_LOST_SECONDS * NS_PER_S;
    } else if (now_ns >= h->due_ns) {
        ping_is_lost(redis);
    }
}

/* ---- the link ---- */

void health_link_up(struct broker_redis *redis) {
    redis->health.is_link_up = true;
    ping(redis);
}

void health_link_down(struct broker_redis *redis, const char *why) {
    redis->health.is_link_up = false;
    redis->health.is_awaited = false;
    set_down(redis, why);
}

void health_link_said(struct broker_redis *redis, int level, const char *what, const char *server) {
    log_line((enum log_level)level, what, log_text("redis", server));
    if (level <= LOG_WARNING && !redis->health.is_up) set_problem(redis, what, server);
}

/* ---- for others ---- */

void broker_redis_state(struct broker_redis *redis, struct broker_redis_state *ret) {
    pthread_mutex_lock(&redis->health.lock);
    *ret = redis->health.state;
    pthread_mutex_unlock(&redis->health.lock);
    ret->channels = channels_count(redis);
}

void health_init(struct broker_redis *redis) {
    struct health *h = &redis->health;
    (void)pthread_mutex_init(&h->lock, NULL);
    h->state.changed_ms = (uint64_t)clock_wall_ms();
    h->state.nodes = 1;
    h->down_ns = h->judged_ns = clock_now_ns();
    set_problem(redis, "Redis has not answered yet", "");
}

void health_begin(struct broker_redis *redis) {
    static const struct listener_kind kind = { on_node_message, NULL, false };
    struct health *h = &redis->health;
    char name[sizeof "tidings:node:" + NODE_TEXT_BYTES];
    (void)snprintf(name, sizeof name, "tidings:node:%s", redis->node);
    struct span key;
    bool fits = key_plain(redis, h->node_key, span_str(name), &key);
    assert(fits);
    (void)fits;
    listener_begin(redis, &h->node, &kind, key);
}

void health_finish(struct health *h) {
    pthread_mutex_destroy(&h->lock);
}
