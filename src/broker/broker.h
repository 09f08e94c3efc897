/* SPDX-License-Identifier: MIT */
/*
 * broker/broker.h: how a publish reaches every listener, wherever it is connected.
 *
 * A broker takes a message on one thread and brings it back to the hubs through a `deliver`
 * function that it was given: straight away when this process is all there is (broker/memory), by
 * way of Redis when there are other nodes (broker/redis). It does not look into messages and does
 * not know who listens.
 *
 * A shared broker answers later. It also holds what the nodes must have in common: declared
 * channels and their history, keys of publishes, limits that count over all nodes.
 */
#ifndef TIDINGS_BROKER_BROKER_H
#define TIDINGS_BROKER_BROKER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct message;

/* What became of a publish on this node. */
struct receipt {
    uint64_t deliveries; /* live connections that it was queued for */
    uint64_t ticket;     /* of the store; 0: nothing is kept */
    uint64_t skipped;    /* connections whose endpoint does not take messages of that size */
};

/* Brings `message` to the listeners of `channel` on this node. Borrows both.
 * ERR_LIMIT (some thread has too much to deliver already) or ERR_NOMEM: then nobody got it. */
typedef enum err (*broker_deliver)(void *owner, struct span channel, struct message *message,
                                   struct receipt *ret);

/* What can be asked of a shared broker. Each answers with an `err` of
 * ERR_CLOSED: the broker is known to be down, or refused (`answer` says why): nothing was done;
 * ERR_IO: the answer was lost midway: it is not known whether it was done;
 * ERR_LIMIT: too much waits already, nothing was done; ERR_NOMEM: the same;
 * or those that are named. */
enum broker_verb {
    /* Publishes `payload` to the channel `name`. */
    BROKER_PUBLISH,
    /* Numbers `payload` in the history of the channel `name` and publishes it. `is_last`: it ends
     * what the channel tells. ERR_NOT_FOUND: not declared; ERR_TOO_BIG: the history is full. */
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
    /* Counts an attempt of `name`, of which `limit` are allowed a minute (0: any number), and that
     * is shut out for `number` milliseconds when it is one more. `value`: the milliseconds for
     * which it is shut out, or 0. Fails open: a broker that is down lets everybody try. */
    BROKER_ATTEMPT,
    /* Shuts `name` out for `number` milliseconds; a later end stands. */
    BROKER_BLOCK,
    /* One more connection on the seat `name`, of which `limit` are allowed over all nodes (0: any
     * number), unless `text` (a name of BROKER_BLOCK) is shut out: ERR_DENIED and `value`, the
     * milliseconds left. ERR_EXISTS: there are as many as allowed. Fails open, as above: who is let
     * in counts for this node all the same. */
    BROKER_SIT,
    /* One less. */
    BROKER_LEAVE,
    /* Is a call with the key `name` and the digest `text` under way, or done before? ERR_OK: it is
     * the first, to be followed by one of the next two. ERR_EXISTS: done, `answer` is what was
     * remembered. ERR_INVALID: the key came with another digest. ERR_BUSY: under way. */
    BROKER_ONCE,
    BROKER_ONCE_DONE, /* it was done, and answered by `payload` */
    BROKER_ONCE_DROP, /* it came to nothing */
    /* What notifications told the user `text` (empty: anybody) of the batch `name`: `answer` is an
     * object of fields (dialect/batch.h). ERR_NOT_FOUND: nothing. */
    BROKER_RECALL,
    /* Asks all nodes, this one too, `payload`. `answer` are those answers that are not empty,
     * joined by commas; `value` is how many nodes did not answer in time. */
    BROKER_ASK_NODES,
    BROKER_VERBS
};

/* What a broker needs to remember of a call, so that none allocates. */
enum { BROKER_CALL_WORDS = 12 };

/* One question to a shared broker; embedded in what the asker waits with. */
struct broker_call {
    /* The asker's. What spans point to must stay as it is until `done`. */
    enum broker_verb verb;
    struct span name;
    struct span text;
    struct span payload;
    uint64_t number, limit;
    bool is_last;
    /* On the thread that asked, at the end of one of its turns, never before `broker_ask` has
     * returned. The call is the asker's again, and so is `answer`, which it must finish. */
    void (*done)(struct broker_call *call);

    /* The answer. */
    enum err err;
    bool is_dropped; /* the server ends: nothing may be called any more but to free memory */
    uint64_t value;
    struct buf answer;

    /* The broker's own. */
    struct broker_call *next;
    uint64_t room[BROKER_CALL_WORDS];
};

/* Something that a shared broker brings. Lent. */
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

/* This node now has listeners on `channel`. Whoever listens there hears everything that is
 * published from when `broker_heard` has reached `*ret_ticket` (0: now). Under the lock of the
 * channel's stripe, so that coming and leaving are in order. ERR_NOMEM. */
MUST_USE static inline enum err broker_listen(struct broker *broker, struct span channel,
                                              bool has_history, uint64_t *ret_ticket) {
    return broker->ops->listen(broker, channel, has_history, ret_ticket);
}
/* And now it has none any more; under the same lock. */
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
