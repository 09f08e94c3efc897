/* SPDX-License-Identifier: MIT */
/*
 * session/session.c: makes, drains and frees a worker's connections and what they share.
 */
#include "session/session.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "session/conn_priv.h"
#include "ws/close.h"

enum {
    SPARE_SLOTS = 64, /* for those that end and begin in one turn */
    TICK_MS = 500,
    LATECOMER_SECONDS = 2, /* to ask something, for who connects in the midst of a drain */
};

struct session_rules *session_rules_new(const struct session_options *options) {
    assert(options->endpoint_count <= COUNT_ENDPOINTS_MAX);
    struct session_rules *rules = mem_new(sizeof *rules);
    rules->options = *options;
    for (size_t i = 0; i < options->endpoint_count; i++) {
        rules->endpoints[i].options = &options->endpoints[i];
        enum err e = http_pattern_parse(span_str(options->endpoints[i].path),
                                        &rules->endpoints[i].path, NULL);
        assert(e == ERR_OK);
        (void)e;
    }
    return rules;
}

void session_rules_free(struct session_rules *rules) {
    mem_free(rules);
}

struct session_shared *session_shared_new(uint32_t addresses_max, uint64_t unfinished_bytes_max) {
    struct session_shared *shared = mem_new(sizeof *shared);
    shared->limits = limits_new(addresses_max);
    shared->unfinished.max = unfinished_bytes_max;
    shared->started_ns = clock_now_ns();
    shared->started_ms = clock_wall_ms();
    shared->mark = (uint32_t)random_u64();
    return shared;
}

void session_shared_free(struct session_shared *shared) {
    if (!shared) return;
    limits_free(shared->limits);
    mem_free(shared);
}

void session_shared_set_unfinished_max(struct session_shared *shared, uint64_t bytes) {
    atomic_store_explicit(&shared->unfinished.max, bytes, memory_order_relaxed);
}

void session_shared_refuse_new(struct session_shared *shared) {
    atomic_store(&shared->refuses_new, true);
}

uint64_t session_shared_connections(const struct session_shared *shared) {
    return atomic_load_explicit(&shared->connections, memory_order_relaxed);
}

uint64_t session_shared_addresses(const struct session_shared *shared) {
    return limits_count(shared->limits);
}

uint64_t session_shared_unfinished_bytes(const struct session_shared *shared) {
    return atomic_load_explicit(&shared->unfinished.used, memory_order_relaxed);
}

uint64_t session_shared_queued_bytes(const struct session_shared *shared) {
    return atomic_load_explicit(&shared->queued_bytes, memory_order_relaxed);
}

uint32_t session_clock(const struct session_shared *shared, uint64_t now_ns) {
    return (uint32_t)((now_ns - shared->started_ns) / NS_PER_S) + 1;
}

/* The turn's end does the work; the tick only makes sure that there is a turn. */
static void on_tick(void *owner) {
    (void)owner;
}

static uint32_t slots_of(const struct session_rules *rules) {
    uint64_t max = rules->options.max_connections + SPARE_CONNECTIONS + SPARE_SLOTS;
    return max < UINT32_MAX ? (uint32_t)max : UINT32_MAX;
}

struct session *session_new(const struct session_parts *parts) {
    static const struct subscriber_ops subscribers = {
        .deliver = relay_deliver,
        .subscriptions = relay_subscriptions,
        .next_of_user = operator_next_of_user,
        .describe = operator_describe,
        .end = operator_end,
        .block_user = operator_block_user,
    };
    struct session *s = mem_new(sizeof *s);
    s->shared = parts->shared;
    s->rules = parts->rules;
    s->loop = parts->loop;
    s->counts = parts->counts;
    s->hub = hub_new(parts->hub_shared, parts->loop, parts->counts, &subscribers, s);
    loop_count_turns(s->loop, &s->counts->turns);
    s->kind = loop_add_kind(s->loop, conn_ready, s);
    s->now_s = session_clock(s->shared, loop_now_ns(s->loop));
    slab_init(&s->conns, sizeof(struct conn), slots_of(s->rules));
    wheel_init(&s->wheel, &s->conns, offsetof(struct conn, timer), s->now_s);
    s->inflater = ws_inflater_new();
    s->drained_to = 1; /* slots count from 1 */
    buf_init(&s->scratch, SCRATCH_MAX);
    loop_add_tick(s->loop, TICK_MS, on_tick, s);
    conn_line_begin(s);
    loop_add_turn(s->loop, heartbeat_turn, s);
    loop_add_turn(s->loop, conn_shake_turn, s);
    loop_add_turn(s->loop, conn_resume_turn, s);
    hub_join_loop(s->hub);
    loop_add_turn(s->loop, notice_turn, s);
    loop_add_turn(s->loop, conn_held_turn, s);
    loop_add_turn(s->loop, conn_flush_turn, s);
    return s;
}

void session_free(struct session *s) {
    if (!s) return;
    for (uint32_t i = 1; i < s->conns.fresh; i++) {
        struct conn *c = conn_at(s, i);
        if (c->state != CONN_ENDED) conn_drop(s, i, WS_CLOSE_RESTART, "shutdown");
    }
    for (size_t i = 0; i < HOLDS; i++)
        mem_free(s->held[i].at);
    outbox_pool_finish(&s->pool);
    ws_inflater_free(s->inflater);
    for (size_t i = 0; i < MESSAGE_TWINS; i++)
        ws_deflater_free(s->deflaters[i]);
    buf_finish(&s->scratch);
    hub_free(s->hub);
    slab_finish(&s->conns);
    mem_free(s);
}

void session_set_rules(struct session *s, const struct session_rules *rules) {
    s->rules = rules;
    s->conns.max = slots_of(rules);
    heartbeat_change(s);
}

struct hub *session_hub(struct session *s) {
    return s->hub;
}

void session_set_router(struct session *s, enum session_door door,
                        const struct http_router *router) {
    s->routers[door] = router;
}

void session_accept(struct session *s, enum session_door door, bool is_tls, int own_fd,
                    const struct address *peer) {
    conn_open(s, door, is_tls, own_fd, peer);
}

/* Nobody waits for these, who have asked nothing for so long. */
static void end_idle_http(struct session *s, uint32_t seconds) {
    for (uint32_t i = 1; i < s->conns.fresh; i++) {
        const struct conn *c = conn_at(s, i);
        bool is_idle = c->state == CONN_HTTP && c->in.http->is_idle;
        if (is_idle && s->now_s >= c->in.http->since_s + seconds) conn_end(s, i, NULL);
        bool is_silent = c->state == CONN_PROXY;
        if (is_silent && s->now_s >= c->opened_s + seconds) conn_drop(s, i, 0, "server restart");
    }
}

void session_drain(struct session *s, double fraction) {
    static const struct conn_reason restart = { "server restart",
                                                WS_CLOSE_RESTART,
                                                { "Server restart", 14 } };
    if (!s->is_draining) end_idle_http(s, 0);
    s->is_draining = true;
    uint32_t goal = (uint32_t)((double)s->conns.fresh * fraction);
    for (uint32_t i = s->drained_to; i < goal; i++) {
        if (conn_at(s, i)->state == CONN_OPEN) conn_end(s, i, &restart);
    }
    if (goal > s->drained_to) s->drained_to = goal;
    /* Who came later is ended by its answer, unless it asks nothing. */
    if (fraction >= 1) end_idle_http(s, LATECOMER_SECONDS);
}

bool session_is_empty(const struct session *s) {
    return s->conns.used == 0;
}
