/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/redis.c: the broker's thread: its making, its turn, its end, and which file answers
 * what.
 */
#include "broker/redis/asking_priv.h"
#include "broker/redis/mirror_priv.h"
#include "broker/redis/nodes_priv.h"
#include "broker/redis/seats_priv.h"

#include "base/mem.h"
#include "base/random.h"
#include "net/tls.h"

void redis_carry_out(struct broker_redis *redis, struct broker_call *call) {
    static void (*const verbs[BROKER_VERBS])(struct broker_redis *, struct broker_call *) = {
        [BROKER_PUBLISH] = publish_ask,
        [BROKER_APPEND] = append_ask,
        [BROKER_DECLARE] = declare_ask,
        [BROKER_FIND] = find_ask,
        [BROKER_FETCH] = fetch_ask,
        [BROKER_NEXT] = next_ask,
        [BROKER_ATTEMPT] = attempt_ask,
        [BROKER_BLOCK] = block_ask,
        [BROKER_SIT] = sit_ask,
        [BROKER_LEAVE] = leave_ask,
        [BROKER_ONCE] = once_ask,
        [BROKER_ONCE_DONE] = once_done_ask,
        [BROKER_ONCE_DROP] = once_drop_ask,
        [BROKER_RECALL] = recall_ask,
        [BROKER_ASK_NODES] = ask_nodes_ask,
    };
    verbs[call->verb](redis, call);
}

/* ---- the thread ---- */

static void on_up(void *owner) {
    health_link_up(owner);
    nodes_link_up(owner);
    seats_link_up(owner);
    mirror_tick(owner);
}

static void on_down(void *owner, const char *why) {
    health_link_down(owner, why);
    mirror_link_down(owner);
}

static void on_message(void *owner, struct redis_subscription *subscription, struct span payload) {
    struct listener *listener = container_of(subscription, struct listener, subscription);
    listener->kind->message(owner, listener, payload);
}

static void on_subscribed(void *owner, struct redis_subscription *subscription) {
    struct listener *listener = container_of(subscription, struct listener, subscription);
    if (listener->kind->subscribed) listener->kind->subscribed(owner, listener);
}

static void on_said(void *owner, int level, const char *what, const char *server) {
    health_link_said(owner, level, what, server);
}

/* What is said last is sent before the loop waits, which it does once more without waiting. */
static bool begin_last_turns(struct broker_redis *redis) {
    if (nodes_leave(redis)) return true;
    loop_stop(redis->loop);
    return false;
}

/* Before the link's part of a turn, which sends. */
static bool begin_turn_end(void *owner) {
    struct broker_redis *redis = owner;
    if (atomic_load(&redis->is_stopping)) return begin_last_turns(redis);
    bool is_more = queue_carry_out(redis);
    askings_turn(redis);
    is_more |= channels_turn(redis);
    return is_more;
}

/* And after it. */
static bool finish_turn_end(void *owner) {
    struct broker_redis *redis = owner;
    delivery_turn(redis);
    channels_tell_heard(redis);
    queue_give_back(redis);
    return false;
}

void broker_redis_use_tls(struct broker_redis *redis, struct tls_context *tls) {
    tls_context_unref(atomic_exchange(&redis->next_tls, tls_context_ref(tls)));
}

static void take_tls(struct broker_redis *redis) {
    struct tls_context *tls = atomic_exchange(&redis->next_tls, NULL);
    if (!tls) return;
    redis_link_use_tls(redis->link, tls);
    tls_context_unref(tls);
}

static void on_tick(void *owner) {
    struct broker_redis *redis = owner;
    take_tls(redis);
    health_tick(redis);
    nodes_tick(redis);
    seats_tick(redis);
    mirror_tick(redis);
    askings_tick(redis);
    loop_wake(redis->loop);
}

static void *run(void *arg) {
    struct broker_redis *redis = arg;
    (void)pthread_setname_np(pthread_self(), "broker");
    loop_run(redis->loop);
    return NULL;
}

enum err broker_redis_start(struct broker_redis *redis) {
    static const struct redis_events events = {
        .up = on_up,
        .down = on_down,
        .message = on_message,
        .subscribed = on_subscribed,
        .said = on_said,
    };
    loop_add_turn(redis->loop, begin_turn_end, redis);
    redis->link = redis_link_new(redis->loop, &redis->options.link, &events, redis);
    loop_add_turn(redis->loop, finish_turn_end, redis);
    loop_add_tick(redis->loop, TICK_MS, on_tick, redis);
    health_begin(redis);
    askings_begin(redis);
    if (pthread_create(&redis->thread, NULL, run, redis) != 0) return ERR_LIMIT;
    redis->is_started = true;
    return ERR_OK;
}

void broker_redis_stop(struct broker_redis *redis) {
    if (redis->is_dropping) return;
    if (redis->is_started) {
        atomic_store(&redis->is_stopping, true);
        loop_wake(redis->loop);
        (void)pthread_join(redis->thread, NULL);
        redis->is_started = false;
    }
    redis->is_dropping = true;
    redis_link_free(redis->link);
    redis->link = NULL;
    channels_end_all(redis);
    askings_end(redis);
    queue_close(redis);
}

/* ---- making and freeing ---- */

static void name_node(struct broker_redis *redis) {
    (void)snprintf(redis->node, sizeof redis->node, "%016llx", (unsigned long long)random_u64());
}

struct broker_redis *broker_redis_new(const struct broker_redis_options *options,
                                      const struct broker_hooks *hooks, void *owner,
                                      struct counts *counts, struct err_note *note) {
    struct span prefix = span_str(options->prefix);
    if (prefix.len > PREFIX_MAX) {
        (void)err_note(note, ERR_TOO_BIG, "the prefix in Redis has more than %d bytes", PREFIX_MAX);
        return NULL;
    }
    struct loop *loop = loop_new(note);
    if (!loop) return NULL;
    struct broker_redis *redis = mem_new(sizeof *redis);
    redis->options = *options;
    redis->hooks = hooks;
    redis->owner = owner;
    redis->counts = counts;
    redis->prefix = prefix;
    redis->loop = loop;
    name_node(redis);
    queue_init(&redis->queue);
    channels_init(&redis->channels);
    delivery_init(redis);
    health_init(redis);
    redis->mirror = mirror_new(redis);
    redis->seats = seats_new(redis);
    redis->nodes = nodes_new(redis);
    redis->askings = askings_new(redis);
    return redis;
}

struct broker *broker_redis_join(struct broker_redis *redis, struct loop *worker_loop) {
    struct worker *worker = redis_worker_new(redis, worker_loop);
    worker->next = redis->workers;
    redis->workers = worker;
    return &worker->broker;
}

void broker_redis_free(struct broker_redis *redis) {
    if (!redis) return;
    assert(!redis->is_started);
    redis_link_free(redis->link); /* where the thread could not be started */
    redis->link = NULL;
    channels_end_all(redis);
    askings_free(redis->askings);
    nodes_free(redis->nodes);
    seats_free(redis->seats);
    mirror_free(redis->mirror);
    health_finish(&redis->health);
    delivery_finish(&redis->delivery);
    channels_finish(&redis->channels);
    queue_finish(&redis->queue);
    tls_context_unref(atomic_load(&redis->next_tls));
    loop_free(redis->loop);
    mem_free(redis);
}

const char *broker_redis_node(const struct broker_redis *redis) {
    return redis->node;
}
