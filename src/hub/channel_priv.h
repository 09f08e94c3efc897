/* SPDX-License-Identifier: MIT */
/*
 * hub/channel_priv.h: a worker's own side of a channel: which of its subscribers listen.
 */
#ifndef TIDINGS_HUB_CHANNEL_PRIV_H
#define TIDINGS_HUB_CHANNEL_PRIV_H

#include "base/slab.h"
#include "hub/ask.h"
#include "hub/busy.h"

struct channel {
    struct interest *interest; /* the shared entry, which has the name; NULL: the slot is free */
    uint32_t count;
    uint32_t cap; /* of `many`; up to 1 the subscriber stands in `one` */
    union {
        uint32_t one;
        uint32_t *many;
    } subscribers;
};

/* One message, or one question, on its way to a worker. */
struct mail {
    struct message *message; /* with a reference; NULL: a question */
    union {
        struct {
            uint32_t channel; /* of the receiving worker */
            uint32_t generation;
        };
        struct hub_ask *ask; /* NULL: only wakes */
    };
};

struct hub {
    struct hub_shared *shared;
    struct broker *broker;
    struct counts *counts;
    const struct subscriber_ops *ops;
    void *owner; /* of the subscribers */
    struct loop *loop;
    uint16_t worker;
    const struct hub_rule *rules; /* see hub/rule.h */
    size_t rule_count;
    struct slab channels;  /* of struct channel */
    uint32_t *generations; /* of each slot: how often it was used */
    uint32_t generation_cap;
    uint64_t to_wake;     /* workers that got mail in this turn, as bits */
    uint64_t pushed;      /* messages handed to subscribers in this turn */
    struct hub_ask *asks; /* questions of this worker that are not answered yet */
    uint32_t ask_count;
    struct sketch *busy; /* one for each enum busy_kind */
};

static inline uint32_t *channel_subscribers(struct channel *channel) {
    return channel->cap > 1 ? channel->subscribers.many : &channel->subscribers.one;
}

/* A slot for a channel of `interest`, in a generation of its own. */
MUST_USE enum err channel_open(struct hub *hub, struct interest *interest, uint32_t *ret_index);
void channel_close(struct hub *hub, uint32_t index);

static inline struct channel *channel_at(struct hub *hub, uint32_t index) {
    return slab_at(&hub->channels, index);
}

MUST_USE enum err channel_add(struct channel *channel, uint32_t subscriber, uint32_t *ret_position);
/* Puts the last subscriber into the hole; its subscription is told through the hub's ops. */
void channel_remove(struct hub *hub, uint32_t index, uint32_t position);

/* Hands `message` to all subscribers of the channel; borrows it. */
void fanout(struct hub *hub, uint32_t index, struct message *message);

/* Brings mail to this worker's subscribers, as much as a turn may. */
bool fanout_mail(void *hub);

/* Answers a question for this worker; NULL: there was none, the mail only wakes. */
void ask_mail(struct hub *hub, struct hub_ask *ask);
/* Gives back the questions of this worker that all have answered. */
void ask_finish_done(struct hub *hub);
/* Gives back those that nobody will answer any more. */
void ask_drop_all(struct hub *hub);

/* Counts for the busiest that so many listeners of that channel were sent something. */
void busy_note(struct hub *hub, const struct interest *channel, uint64_t deliveries);

/* Gives back the calls of this worker that a shared broker has answered. */
void publish_take_answers(struct hub *hub);

/* The broker's way into the hubs of this process. */
enum err publish_deliver(void *hub, struct span channel, struct message *message,
                         struct receipt *ret);

#endif
