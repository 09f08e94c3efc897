/* SPDX-License-Identifier: MIT */
/*
 * hub/publish.h: a message for everybody who listens to a channel.
 */
#ifndef TIDINGS_HUB_PUBLISH_H
#define TIDINGS_HUB_PUBLISH_H

#include "hub/hub.h"

/* Brings `message` to all listeners of `channel` by way of the broker; borrows both. Whoever
 * listens on this worker has it queued when this returns. ERR_LIMIT: the workers have too much to
 * deliver already, or the channel's history is full; nobody got it. ERR_NOT_FOUND: the channel must
 * be declared and is not. ERR_AGAIN, ERR_IO: those of `store_accepts`. ERR_NOMEM. */
MUST_USE enum err hub_publish(struct hub *hub, struct span channel, struct message *message,
                              struct receipt *ret);

#endif
