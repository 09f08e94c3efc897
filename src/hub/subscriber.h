/* SPDX-License-Identifier: MIT */
/*
 * hub/subscriber.h: what the hub knows of whoever listens: a number, where the subscriber keeps its
 * subscriptions, and how to hand it a message. session/ fills this in.
 */
#ifndef TIDINGS_HUB_SUBSCRIBER_H
#define TIDINGS_HUB_SUBSCRIBER_H

#include "base/address.h"
#include "hub/message.h"

/* One channel that a subscriber listens to; stored by the subscriber, written by the hub. */
struct subscription {
    uint32_t channel;  /* index in the worker's hub; 0: none */
    uint32_t position; /* among that channel's subscribers */
};

enum { SUBSCRIBER_ID_MAX = 40 };

/* What an operator is told of a subscriber. */
struct subscriber_about {
    char id[SUBSCRIBER_ID_MAX]; /* of the connection; no other has or had it */
    uint16_t endpoint;
    int64_t connected_ms; /* wall clock, to the second */
    char address[ADDRESS_TEXT_MAX];
};

struct interest;

struct subscriber_ops {
    /* Hands over a message, with one reference, and returns true; false: not taken. Must not
     * subscribe, unsubscribe or end anybody before it returns. */
    bool (*deliver)(void *owner, uint32_t subscriber, struct message *message);
    /* The subscriber's subscriptions and how many of them there are. */
    struct subscription *(*subscriptions)(void *owner, uint32_t subscriber, size_t *ret_count);
    /* The next subscriber behind number `after` (0: the first) whose user has this entry; 0: there
     * is none. Looks at all: for an operator's calls. */
    uint32_t (*next_of_user)(void *owner, const struct interest *user, uint32_t after);
    void (*describe)(void *owner, uint32_t subscriber, struct subscriber_about *ret);
    /* Ends it with a close frame. */
    void (*end)(void *owner, uint32_t subscriber, uint16_t code, struct span reason);
    /* Refuses new subscribers of that user, on all workers, for so long from now. */
    void (*block_user)(void *owner, struct span user, uint32_t seconds);
};

#endif
