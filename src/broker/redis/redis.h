/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/redis.h: the broker that nodes share over a Redis, on a thread of its own.
 *
 * `struct broker_redis` is the node's; each worker has a `struct broker` of it. Everything that
 * workers ask goes by one queue to the broker's thread and comes back on the worker's.
 *
 * The broker is up when the link to Redis is, and a message that the node sends to itself through
 * pub/sub has come back lately. While it is down the nodes go on with what they have.
 */
#ifndef TIDINGS_BROKER_REDIS_REDIS_H
#define TIDINGS_BROKER_REDIS_REDIS_H

#include "base/count.h"
#include "broker/broker.h"
#include "net/loop.h"
#include "redis/link.h"

struct broker_redis_options {
    struct redis_options link;
    const char *prefix;            /* before every channel and key */
    uint32_t channel_messages_max; /* of a history, */
    size_t channel_bytes_max;
    uint32_t keep_seconds;      /* which is forgotten when nothing has happened for so long */
    struct span batch_channels; /* users' channels, which tell of batches, begin so; empty: none */
    uint32_t batch_keep_seconds;
};

struct broker_question; /* from another node, or this one */

/* What the broker calls, on its own thread. */
struct broker_hooks {
    /* ERR_LIMIT: the workers have too much to deliver; the same comes again a little later, and
     * nothing else before. Anything else is done with. */
    enum err (*deliver)(void *owner, const struct broker_arrival *arrival);
    /* A part of a turn's messages has been delivered: wake the workers that got some. */
    void (*delivered)(void *owner);
    /* `broker_heard` has risen. */
    void (*heard)(void *owner);
    /* It is up, or down; called once for each change. It begins down, untold. */
    void (*changed)(void *owner, bool is_up);
    /* The history of `channel` as this node has it is no longer needed. */
    void (*forget)(void *owner, struct span channel);
    /* To be answered by `broker_question_answer`, now or later. `text` is lent. */
    void (*question)(void *owner, struct broker_question *question, struct span text);
};

struct broker_redis;

/* Options are copied, their strings borrowed; `counts` is the broker's thread's. Never NULL, except
 * with a note when the kernel refuses. Begins to connect when it is started. */
struct broker_redis *broker_redis_new(const struct broker_redis_options *options,
                                      const struct broker_hooks *hooks, void *owner,
                                      struct counts *counts, struct err_note *note);
/* The broker of one worker, whose loop is woken for answers. Before it is started. The worker's
 * `broker_free` frees it. */
struct broker *broker_redis_join(struct broker_redis *redis, struct loop *worker_loop);

/* Starts the thread. ERR_LIMIT. */
MUST_USE enum err broker_redis_start(struct broker_redis *redis);
/* Connections to Redis that are made from now on use `tls`, of which it keeps a reference. Only
 * where the options had one. Any thread. */
void broker_redis_use_tls(struct broker_redis *redis, struct tls_context *tls);
/* Ends the thread, when no worker runs any more: what is not answered is answered as dropped.
 * Again: nothing. */
void broker_redis_stop(struct broker_redis *redis);
/* After the brokers of all workers. NULL is fine. */
void broker_redis_free(struct broker_redis *redis);

/* Any thread, once for each question. */
void broker_question_answer(struct broker_question *question, struct span answer);

/* How the broker is, for health and metrics. Any thread. */
struct broker_redis_state {
    bool is_up;
    uint64_t changed_ms; /* wall clock: since when */
    uint64_t ping_ns;    /* how long the last ping of the node to itself took; 0: none yet */
    uint64_t channels;   /* that are subscribed to */
    uint64_t reconnects;
    uint64_t nodes;    /* that were seen lately, this one too */
    char problem[256]; /* why it is down; empty when it is up */
};
void broker_redis_state(struct broker_redis *redis, struct broker_redis_state *ret);
/* This node's name among the nodes, a constant of the process. */
const char *broker_redis_node(const struct broker_redis *redis);

#endif
