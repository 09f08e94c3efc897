/* SPDX-License-Identifier: MIT */
/*
 * broker/broker.h: how a publish reaches every listener, wherever it is connected.
 *
 * A broker takes a message on one thread and hands it back to the hubs through a `deliver`
 * function: immediately if there is only this process (broker/memory), through Redis if there are
 * other nodes (broker/redis). It does not look into messages and does not know who listens.
 *
 * A shared broker answers later. It also keeps what nodes share: declared channels and their
 * history, idempotency keys, limits that are counted over all nodes.
 */
#ifndef TIDINGS_BROKER_BROKER_H
#define TIDINGS_BROKER_BROKER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct message;

/* The outcome of a publish on this node. */
struct receipt {
    uint64_t deliveries; /* live connections that it was queued for */
    uint64_t ticket;     /* of the store; 0: nothing is kept */
    uint64_t skipped;    /* connections whose endpoint does not take messages of that size */
};

/* Brings `message` to the listeners of `channel` on this node. Borrows both.
 * ERR_LIMIT (some thread has too much to deliver already) or ERR_NOMEM: then nobody got it. */
typedef enum err (*broker_deliver)(void *owner, struct span channel, struct message *message,
                                   struct receipt *ret);

/* Calls to a shared broker. The `err` of each is one of those named with it, or
 * ERR_CLOSED: the broker is down, or refused (`answer` says why): nothing was done;
 * ERR_IO: the answer was lost: it is not known whether it was done;
 * ERR_LIMIT, ERR_NOMEM: too many calls are waiting, or no memory: nothing was done. */
enum broker_verb {
    /* Publishes `payload` to the channel `name`. */
    BROKER_PUBLISH,
    /* Appends `payload` to the history of the channel `name`, and publishes it. `is_last`: it is
     * the channel's last message. ERR_NOT_FOUND: not declared; ERR_TOO_BIG: the history is full. */
    BROKER_APPEND,
    /* Declares the channel `name` for the owner `text` (empty: nobody's). `value`: is it new?
     * ERR_EXISTS: it has another owner. */
    BROKER_DECLARE,
    /* Was the channel `name` declared? `answer` is its owner. ERR_NOT_FOUND. */
    BROKER_FIND,
    /* Has the history of the channel `name` brought to this node, where it stays for some seconds;
     * `answer` is the owner. ERR_NOT_FOUND: not declared. */
    BROKER_FETCH,
    /* The next number of the counter `name`, from 1: `value`. */
    BROKER_NEXT,
    /* Counts an attempt by `name`, which may make `limit` a minute (0: any number) and is blocked
     * for `number` milliseconds when it exceeds that. `value`: the milliseconds for which it is
     * blocked, or 0. Fails open: while the broker is down everybody may try. */
    BROKER_ATTEMPT,
    /* Blocks `name` for `number` milliseconds; a block that ends later stays. */
    BROKER_BLOCK,
    /* One more connection on the seat `name`, which may have `limit` over all nodes (0: any
     * number), unless `text` (a name of BROKER_BLOCK) is blocked: ERR_DENIED and `value`, the
     * milliseconds left. ERR_EXISTS: there are as many as allowed. Fails open, as above, and the
     * connection is counted for this node all the same. */
    BROKER_SIT,
    /* One connection less on the seat `name`. */
    BROKER_LEAVE,
    /* Claims the idempotency key `name` for a call with the digest `text`. ERR_OK: the call is the
     * first, and one of the next two must follow. ERR_EXISTS: it was done before, with the result
     * `answer`. ERR_INVALID: the key was used with another digest. ERR_BUSY: it is in progress. */
    BROKER_ONCE,
    BROKER_ONCE_DONE, /* the call was done, with the result `payload` */
    BROKER_ONCE_DROP, /* the call failed, so that the key is free again */
    /* The state of the batch `name` as notified to the user `text` (empty: to anybody): `answer` is
     * an object of fields (dialect/batch.h). ERR_NOT_FOUND: there is none. */
    BROKER_RECALL,
    /* Sends the question `payload` to all nodes, including this one. `answer`: the nonempty
     * answers, joined by commas; `value`: the number of nodes that did not answer in time. */
    BROKER_ASK_NODES,
    BROKER_VERBS
};

/* Room for a broker's own state of a call, so that it need not allocate any. */
enum { BROKER_CALL_WORDS = 12 };

/* One call to a shared broker; embedded in the structure of whoever waits for its answer. */
struct broker_call {
    /* Set by the caller. What the spans point to must not change until `done`. */
    enum broker_verb verb;
    struct span name;
    struct span text;
    struct span payload;
    uint64_t number, limit;
    bool is_last;
    /* Called on the thread of the call, at the end of a turn of its loop, never before `broker_ask`
     * has returned. From then on the call belongs to the caller again, and so does `answer`, which
     * the caller must finish. */
    void (*done)(struct broker_call *call);

    /* The answer. */
    enum err err;
    bool is_dropped; /* the server is shutting down: do nothing but free memory */
    uint64_t value;
    struct buf answer;

    /* The broker's own. */
    struct broker_call *next;
    uint64_t room[BROKER_CALL_WORDS];
};

/* A message that arrives through a shared broker. Borrowed. */
struct broker_arrival {
    struct span channel;
    struct span payload;
    uint64_t received_ns; /* on the clock of loops */
    uint64_t sequence;    /* in the channel's history; 0: it is not part of one */
    bool is_last;
};

struct broker;

struct broker_ops {
    enum err (*publish)(struct broker *broker, struct span channel, struct message *message,
                        struct receipt *ret);
    void (*ask)(struct broker *broker, struct broker_call *call);
    struct broker_call *(*take)(struct broker *broker);
    enum err (*listen)(struct broker *broker, struct span channel, bool has_history,
                       uint64_t *ret_ticket);
    void (*leave)(struct broker *broker, struct span channel);
    uint64_t (*heard)(const struct broker *broker);
    void (*free)(struct broker *broker);
};

/* The head of every broker, as one worker uses it. */
struct broker {
    const struct broker_ops *ops;
    bool is_shared;
};

/* Not of a shared broker. Borrows `channel` and `message`. Errors: those of `broker_deliver`. */
MUST_USE static inline enum err broker_publish(struct broker *broker, struct span channel,
                                               struct message *message, struct receipt *ret) {
    return broker->ops->publish(broker, channel, message, ret);
}

/* The rest: of a shared broker only. */

/* Asks. Calls of one worker are carried out in their order: at the latest from when `broker_take`
 * says that there is none, or its loop waits. */
static inline void broker_ask(struct broker *broker, struct broker_call *call) {
    broker->ops->ask(broker, call);
}
/* The next call of this worker that was answered, whose `done` is to be called; NULL: there is
 * none. The worker's loop is woken when there are. */
MUST_USE static inline struct broker_call *broker_take(struct broker *broker) {
    return broker->ops->take(broker);
}

/* This node now has listeners on `channel`. They hear everything that is published once
 * `broker_heard` has reached `*ret_ticket` (0: from now on). Called with the lock of the channel's
 * stripe held, so that calls of this and `broker_leave` are in order. ERR_NOMEM. */
MUST_USE static inline enum err broker_listen(struct broker *broker, struct span channel,
                                              bool has_history, uint64_t *ret_ticket) {
    return broker->ops->listen(broker, channel, has_history, ret_ticket);
}
/* This node no longer has listeners on `channel`; called with the same lock held. */
static inline void broker_leave(struct broker *broker, struct span channel) {
    broker->ops->leave(broker, channel);
}
/* While the broker is down nobody waits: every ticket counts as reached. Any thread. */
static inline uint64_t broker_heard(const struct broker *broker) {
    return broker->ops->heard(broker);
}

/* NULL is fine. */
static inline void broker_free(struct broker *broker) {
    if (broker) broker->ops->free(broker);
}

#endif
