/* SPDX-License-Identifier: MIT */
/*
 * hub/user.c: finds the connections of a user by the user's entry in the interest table.
 */
#include "hub/user.h"

#include "hub/channel_priv.h"
#include "hub/seat.h"

/* The entry that connections of this user have a seat on; NULL: there are none on any worker. It is
 * lent as long as a connection of this worker sits on it, and good for comparing in this turn. */
static const struct interest *find_entry(struct hub *hub, struct span user) {
    char name[sizeof SEAT_USER_CHANNEL + USER_ID_MAX];
    size_t len = sizeof SEAT_USER_CHANNEL - 1;
    assert(user.len <= USER_ID_MAX);
    memcpy(name, SEAT_USER_CHANNEL, len);
    memcpy(name + len, user.at, user.len);
    uint32_t hash;
    const struct span channel = span_of(name, len + user.len);
    struct interest_stripe *stripe = interest_lock(&hub->shared->interest, channel, &hash);
    struct interest *entry = interest_find(stripe, channel, hash);
    if (entry && entry->seat_count == 0) entry = NULL; /* its channel is listened to by others */
    interest_unlock(stripe);
    return entry;
}

/* The next connection of the user behind `after`; 0: there is none. */
static uint32_t next_of(struct hub *hub, const struct interest *entry, uint32_t after) {
    return entry ? hub->ops->next_of_user(hub->owner, entry, after) : 0;
}

void hub_user_list(struct hub *hub, struct span user,
                   void (*each)(void *context, const struct subscriber_about *about),
                   void *context) {
    const struct interest *entry = find_entry(hub, user);
    for (uint32_t i = 0; (i = next_of(hub, entry, i)) != 0;) {
        struct subscriber_about about;
        hub->ops->describe(hub->owner, i, &about);
        each(context, &about);
    }
}

static bool has_id(struct hub *hub, uint32_t subscriber, struct span id) {
    struct subscriber_about about;
    hub->ops->describe(hub->owner, subscriber, &about);
    return span_eq(id, span_str(about.id));
}

uint64_t hub_user_end(struct hub *hub, struct span user, struct span id, uint16_t code,
                      struct span reason) {
    const struct interest *entry = find_entry(hub, user);
    uint64_t count = 0;
    for (uint32_t i = 0; (i = next_of(hub, entry, i)) != 0;) {
        if (id.len > 0 && !has_id(hub, i, id)) continue;
        hub->ops->end(hub->owner, i, code, reason);
        count++;
    }
    return count;
}

void hub_user_block(struct hub *hub, struct span user, uint32_t seconds) {
    hub->ops->block_user(hub->owner, user, seconds);
}
