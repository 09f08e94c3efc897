/* SPDX-License-Identifier: MIT */
/*
 * hub/seat.h: how many connections a user, or a channel, has to an endpoint, over all workers.
 */
#ifndef TIDINGS_HUB_SEAT_H
#define TIDINGS_HUB_SEAT_H

#include "hub/interest.h"

/* The channel that is every user's own, and thus the name of the user's entry. */
#define SEAT_USER_CHANNEL "ws:"

/* One more connection to `endpoint` on the channel `name` (of SEAT_USER: the user's own), of which
 * `max` are allowed (0: any number). `ret` is the channel's entry, which stays until the seat is
 * left. ERR_LIMIT: there are as many as allowed; ERR_NOMEM. Any thread. */
MUST_USE enum err seat_take(struct interest_table *table, struct span name, enum seat_kind kind,
                            uint16_t endpoint, uint32_t max, struct interest **ret);

/* The user whose entry it is; lent. Empty for NULL, an anonymous client. */
static inline struct span seat_user(const struct interest *entry) {
    return entry ? span_skip(interest_name(entry), sizeof SEAT_USER_CHANNEL - 1) : span_of("", 0);
}

/* One less. `entry` may be gone afterwards. Any thread. */
void seat_leave(struct interest_table *table, struct interest *entry, enum seat_kind kind,
                uint16_t endpoint);

#endif
