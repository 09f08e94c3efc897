/* SPDX-License-Identifier: MIT */
/*
 * hub/publish.h: a message for everybody who listens to a channel.
 */
#ifndef TIDINGS_HUB_PUBLISH_H
#define TIDINGS_HUB_PUBLISH_H

#include "hub/hub.h"

/* With a broker that is this process alone. Brings `message` to all listeners of `channel` by way
 * of the broker; borrows both. Whoever listens on this worker has it queued when this returns.
 * ERR_LIMIT: the workers have too much to deliver already, or the channel's history is full; nobody
 * got it. ERR_NOT_FOUND: the channel must be declared and is not. ERR_AGAIN, ERR_IO: those of
 * `store_accepts`. ERR_NOMEM. */
MUST_USE enum err hub_publish(struct hub *hub, struct span channel, struct message *message,
                              struct receipt *ret);

/* A publish that is answered later; embedded in what the publisher waits with. */
struct hub_publishing {
    /* `call.err`: ERR_OK, or why it was not published, as broker/broker.h says of BROKER_PUBLISH
     * and BROKER_APPEND. The memory is the publisher's again. */
    void (*done)(struct hub_publishing *publishing);
    struct receipt receipt; /* what this node is about to do with it */

    /* The hub's own. */
    struct broker_call call;
};

/* With a shared broker: the same, answered by `publishing->done` at the end of a later turn.
 * `channel` and `payload` must stay until then. */
void hub_publish_later(struct hub *hub, struct span channel, struct span payload,
                       struct hub_publishing *publishing);

#endif
