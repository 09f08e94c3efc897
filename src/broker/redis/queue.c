/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/queue.c: what workers ask comes by one queue, in the order in which it was asked,
 * and goes back by a list for each worker, once a turn.
 */
#include "broker/redis/redis_priv.h"

#include "base/mem.h"

enum { ANSWER_BYTES_MAX = 64 << 20 };

/* ---- on the worker's thread ---- */

/* What the asker did not set. */
static void prepare(struct worker *worker, struct broker_call *call) {
    call->err = ERR_OK;
    call->is_dropped = false;
    call->value = 0;
    call->next = NULL;
    buf_init(&call->answer, ANSWER_BYTES_MAX);
    memset(call->room, 0, sizeof call->room);
    asked_of(call)->redis = worker->redis;
    asked_of(call)->worker = worker;
}

static void give(struct worker *worker, struct broker_call *first, struct broker_call **last) {
    pthread_mutex_lock(&worker->lock);
    bool was_empty = !worker->given;
    *worker->given_last = first;
    worker->given_last = last;
    pthread_mutex_unlock(&worker->lock);
    if (was_empty && !worker->redis->is_dropping) loop_wake(worker->loop);
}

/* Lets the broker's thread begin, once for all that a turn has asked, unless that is more than it
 * carries out at a time: woken for the first of many it would send them to Redis one by one. */
static void begin_asked(void *owner) {
    struct worker *worker = owner;
    if (worker->has_asked) loop_wake(worker->redis->loop);
    worker->has_asked = false;
}

static void ask(struct broker *broker, struct broker_call *call) {
    struct worker *worker = container_of(broker, struct worker, broker);
    struct queue *queue = &worker->redis->queue;
    prepare(worker, call);
    pthread_mutex_lock(&queue->lock);
    bool is_taken = !queue->is_closed && queue->count < CALLS_WAITING_MAX;
    if (is_taken) {
        *queue->last = call;
        queue->last = &call->next;
        queue->count++;
    }
    bool is_dropped = queue->is_closed;
    bool is_turnful = queue->count % CALLS_A_TURN == 0;
    pthread_mutex_unlock(&queue->lock);
    if (!is_taken) {
        call->is_dropped = is_dropped;
        call->err = is_dropped ? ERR_CLOSED : ERR_LIMIT;
        give(worker, call, &call->next);
    } else {
        worker->has_asked = true;
        if (is_turnful) begin_asked(worker);
    }
}

static struct broker_call *take(struct broker *broker) {
    struct worker *worker = container_of(broker, struct worker, broker);
    if (!worker->taken) {
        pthread_mutex_lock(&worker->lock);
        worker->taken = worker->given;
        worker->given = NULL;
        worker->given_last = &worker->given;
        pthread_mutex_unlock(&worker->lock);
    }
    struct broker_call *call = worker->taken;
    if (call) {
        worker->taken = call->next;
    } else {
        begin_asked(worker); /* before this turn flushes what it has for clients */
    }
    return call;
}

static enum err listen_to(struct broker *broker, struct span channel, bool has_history,
                          uint64_t *ret_ticket) {
    struct worker *worker = container_of(broker, struct worker, broker);
    return channels_listen(worker->redis, channel, has_history, ret_ticket);
}

static void leave(struct broker *broker, struct span channel) {
    channels_unlisten(container_of(broker, struct worker, broker)->redis, channel);
}

static uint64_t heard(const struct broker *broker) {
    const struct broker_redis *redis = container_of(broker, struct worker, broker)->redis;
    return atomic_load_explicit(&redis->channels.heard, memory_order_acquire);
}

static void release(struct broker *broker) {
    struct worker *worker = container_of(broker, struct worker, broker);
    pthread_mutex_destroy(&worker->lock);
    mem_free(worker);
}

struct worker *redis_worker_new(struct broker_redis *redis, struct loop *loop) {
    static const struct broker_ops ops = {
        .ask = ask,
        .take = take,
        .listen = listen_to,
        .leave = leave,
        .heard = heard,
        .free = release,
    };
    struct worker *worker = mem_new(sizeof *worker);
    worker->broker = (struct broker){ .ops = &ops, .is_shared = true };
    worker->redis = redis;
    worker->loop = loop;
    worker->answered_last = &worker->answered;
    worker->given_last = &worker->given;
    loop_add_pause(loop, begin_asked, worker);
    (void)pthread_mutex_init(&worker->lock, NULL);
    return worker;
}

/* ---- on the broker's thread ---- */

void queue_init(struct queue *queue) {
    (void)pthread_mutex_init(&queue->lock, NULL);
    queue->last = &queue->first;
}

void queue_finish(struct queue *queue) {
    pthread_mutex_destroy(&queue->lock);
}

static void fetch(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    queue->taken = queue->first;
    queue->first = NULL;
    queue->last = &queue->first;
    queue->count = 0;
    pthread_mutex_unlock(&queue->lock);
}

bool queue_carry_out(struct broker_redis *redis) {
    struct queue *queue = &redis->queue;
    if (!queue->taken) fetch(queue);
    for (int i = 0; i < CALLS_A_TURN && queue->taken; i++) {
        struct broker_call *call = queue->taken;
        queue->taken = call->next;
        call->next = NULL;
        redis_carry_out(redis, call);
    }
    return queue->taken != NULL;
}

void redis_finish(struct broker_redis *redis, struct broker_call *call, enum err err) {
    struct worker *worker = asked_of(call)->worker;
    call->err = err;
    call->is_dropped = redis->is_dropping;
    call->next = NULL;
    *worker->answered_last = call;
    worker->answered_last = &call->next;
}

void redis_refuse(struct broker_redis *redis, struct broker_call *call, enum err err,
                  const char *why) {
    buf_append_text(&call->answer, why);
    redis_finish(redis, call, err);
}

enum err redis_reply_err(struct broker_call *call, const struct redis_reply *reply) {
    if (!reply) return ERR_IO;
    if (reply->kind != REDIS_ERROR) return ERR_OK;
    buf_append_span(&call->answer, reply->text);
    return ERR_CLOSED;
}

void queue_give_back(struct broker_redis *redis) {
    for (struct worker *worker = redis->workers; worker; worker = worker->next) {
        if (!worker->answered) continue;
        give(worker, worker->answered, worker->answered_last);
        worker->answered = NULL;
        worker->answered_last = &worker->answered;
    }
}

void queue_close(struct broker_redis *redis) {
    struct queue *queue = &redis->queue;
    pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    pthread_mutex_unlock(&queue->lock);
    do {
        if (!queue->taken) fetch(queue);
        while (queue->taken) {
            struct broker_call *call = queue->taken;
            queue->taken = call->next;
            redis_finish(redis, call, ERR_CLOSED);
        }
    } while (queue->first);
    queue_give_back(redis);
}
