/* SPDX-License-Identifier: MIT */
/*
 * redis/pubsub_priv.h: the subscriptions that one connection in pub/sub mode has, or is to have.
 *
 * A subscription is made in one or two ways: plainly (SUBSCRIBE) and sharded (SSUBSCRIBE), which in
 * a Cluster may go to different servers. Each way lies in a list of the server that it is with:
 * pending (to be asked for at the end of the turn), asked, standing.
 *
 * An answer names only the channel. After an unsubscription whose answer is still to come, what the
 * server says of that channel is about the former subscription; such names are kept as `leaving`.
 */
#ifndef TIDINGS_REDIS_PUBSUB_PRIV_H
#define TIDINGS_REDIS_PUBSUB_PRIV_H

#include "redis/conn_priv.h"

struct redis_pubsub_events {
    /* A way stands: what is published from now on is heard by it. */
    void (*stands)(void *owner, struct redis_subscription *s, int way);
    /* The server ended it by itself (the slot went elsewhere); the way is with no server now. */
    void (*ousted)(void *owner, struct redis_subscription *s, int way);
    void (*message)(void *owner, struct redis_subscription *s, struct span payload);
    /* A (un)subscription was refused. */
    void (*refused)(void *owner, const struct redis_reply *error);
};

/* What it is a way of. */
struct redis_subscription *redis_way_owner(struct redis_way *way);

struct redis_way_list {
    struct redis_way *first, *last;
};

struct redis_pubsub {
    struct redis_conn *conn;
    const struct map *subscriptions; /* of the link, by hash of the name */
    const struct redis_pubsub_events *events;
    void *owner;
    struct redis_way_list lists[REDIS_WAY_STATES]; /* by state */
    struct map leaving;
    size_t owed; /* ways that did not stand yet since the connection was lost */
    bool is_open;
};

void redis_pubsub_init(struct redis_pubsub *p, struct redis_conn *conn,
                       const struct map *subscriptions, const struct redis_pubsub_events *events,
                       void *owner);
/* All ways are with no server then. */
void redis_pubsub_finish(struct redis_pubsub *p);

/* Asks for `way` (REDIS_PLAIN or REDIS_SHARDED), which must be with no server, as soon as possible;
 * it is wanted from then on. */
void redis_pubsub_add(struct redis_pubsub *p, struct redis_subscription *s, int way);
/* Takes it from the server that it is with, if any; whether it is wanted stays as it is. */
void redis_pubsub_remove(struct redis_subscription *s, int way);

/* It is owed by its server from here, if that is asked at all. */
void redis_pubsub_owe(struct redis_way *way);
/* The first sharded subscription of `slot` that a refusal is about, which is with no server now;
 * NULL: it is about none, or no more. A server that refused a slot has no subscription there any
 * more, also none that is to be ended. */
struct redis_subscription *redis_pubsub_take_refused(struct redis_pubsub *p, uint16_t slot);

/* The connection may be asked now; all that is pending is owed from here. */
void redis_pubsub_begin(struct redis_pubsub *p);
/* The connection was lost: all is pending again. */
void redis_pubsub_end(struct redis_pubsub *p);
/* At the end of a turn: asks for what is pending, or for a part of it. */
void redis_pubsub_flush(struct redis_pubsub *p);
/* All that was asked for has been sent and more is pending: there is to be another turn at once. */
bool redis_pubsub_has_more(const struct redis_pubsub *p);
/* What the connection heard. */
void redis_pubsub_pushed(struct redis_pubsub *p, const struct redis_reply *reply);

/* Nothing is owed any more. */
bool redis_pubsub_stands(const struct redis_pubsub *p);

#endif
