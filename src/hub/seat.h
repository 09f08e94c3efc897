/* SPDX-License-Identifier: MIT */
/*
 * hub/seat.h: how many connections a user has to an endpoint, over all workers.
 */
#ifndef TIDINGS_HUB_SEAT_H
#define TIDINGS_HUB_SEAT_H

#include "hub/interest.h"

/* The channel that is every user's own, and thus the name of the user's entry. */
#define SEAT_USER_CHANNEL "ws:"

/* One more connection of `name` (the user's channel) to `endpoint`, which allows `max` of them (0:
 * any number). `ret` is the user's entry, which stays until the seat is left. ERR_LIMIT: the user
 * has as many as allowed; ERR_NOMEM. Any thread. */
MUST_USE enum err seat_take(struct interest_table *table, struct span name, uint16_t endpoint,
                            uint32_t max, struct interest **ret);

/* The user whose entry it is; lent. Empty for NULL, an anonymous client. */
static inline struct span seat_user(const struct interest *entry) {
    return entry ? span_skip(interest_name(entry), sizeof SEAT_USER_CHANNEL - 1) : span_of("", 0);
}

/* One less. `entry` may be gone afterwards. Any thread. */
void seat_leave(struct interest_table *table, struct interest *entry, uint16_t endpoint);

#endif
