/* SPDX-License-Identifier: MIT */
/*
 * broker/broker.h: how a publish reaches every listener, wherever it is connected.
 *
 * A broker takes a message on one thread and brings it back to the hubs through the `deliver`
 * function that it was given: straight away when this process is all there is (broker/memory).
 * It does not look into messages and does not know who listens.
 */
#ifndef TIDINGS_BROKER_BROKER_H
#define TIDINGS_BROKER_BROKER_H

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

struct broker;

struct broker_ops {
    enum err (*publish)(struct broker *broker, struct span channel, struct message *message,
                        struct receipt *ret);
    void (*free)(struct broker *broker);
};

/* The head of every broker. One thread uses it. */
struct broker {
    const struct broker_ops *ops;
};

/* Borrows `channel` and `message`. Errors: those of `broker_deliver`. */
MUST_USE static inline enum err broker_publish(struct broker *broker, struct span channel,
                                               struct message *message, struct receipt *ret) {
    return broker->ops->publish(broker, channel, message, ret);
}

/* NULL is fine. */
static inline void broker_free(struct broker *broker) {
    if (broker) broker->ops->free(broker);
}

#endif
