/* SPDX-License-Identifier: MIT */
/*
 * hub/subscriber.h: what the hub knows of whoever listens: a number, where the subscriber keeps its
 * subscriptions, and how to hand it a message. session/ fills this in.
 */
#ifndef TIDINGS_HUB_SUBSCRIBER_H
#define TIDINGS_HUB_SUBSCRIBER_H

#include "hub/message.h"

/* One channel that a subscriber listens to; stored by the subscriber, written by the hub. */
struct subscription {
    uint32_t channel;  /* index in the worker's hub; 0: none */
    uint32_t position; /* among that channel's subscribers */
};

struct subscriber_ops {
    /* Hands over a message, with one reference, and returns true; false: not taken. Must not
     * subscribe, unsubscribe or end anybody before it returns. */
    bool (*deliver)(void *owner, uint32_t subscriber, struct message *message);
    /* The subscriber's subscriptions and how many of them there are. */
    struct subscription *(*subscriptions)(void *owner, uint32_t subscriber, size_t *ret_count);
};

#endif
