/* SPDX-License-Identifier: MIT */
/*
 * hub/subscribe.h: listening to a channel, and no longer.
 */
#ifndef TIDINGS_HUB_SUBSCRIBE_H
#define TIDINGS_HUB_SUBSCRIBE_H

#include "hub/hub.h"

/* From now on `subscriber`, who came by `endpoint`, hears `channel` (1 to 200 bytes). `ret` is one
 * of the subscriber's own subscriptions, unused so far. ERR_NOMEM, ERR_TOO_BIG (the name); with a
 * shared broker ERR_LIMIT: this node keeps as much history as it may. */
MUST_USE enum err hub_subscribe(struct hub *hub, struct span channel, uint32_t subscriber,
                                uint16_t endpoint, struct subscription *ret);

/* With a shared broker: whoever has subscribed so far hears everything that is published from when
 * `broker_heard` has reached this number; 0: at once. */
uint64_t hub_listen_ticket(const struct hub *hub);

/* The name of the channel, lent until the subscription ends. */
struct span hub_channel_name(struct hub *hub, const struct subscription *subscription);

/* The channel's entry in the shared table, lent as long. */
struct interest *hub_channel_entry(struct hub *hub, const struct subscription *subscription);

/* Ends it and clears `subscription`. */
void hub_unsubscribe(struct hub *hub, struct subscription *subscription, uint16_t endpoint);

#endif
