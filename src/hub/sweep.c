/* SPDX-License-Identifier: MIT */
/*
 * hub/sweep.c: tells the store, as it forgets channels, which of them are listened to.
 *
 * A channel that is declared anew may have another owner. Who listened to the old one must not hear
 * the new one, so what somebody listens to is not forgotten. The stripe's lock is held from the
 * look at the listeners until the channel is gone, and taken before the store's as it is by a
 * publish.
 */
#include "hub/sweep.h"

#include "store/store.h"

struct sweep {
    struct interest_table *table;
    struct interest_stripe *stripe; /* the one that is locked */
};

static bool hold(void *owner, struct span channel) {
    struct sweep *sweep = owner;
    uint32_t hash;
    sweep->stripe = interest_lock(sweep->table, channel, &hash);
    const struct interest *entry = interest_find(sweep->stripe, channel, hash);
    return entry && entry->listening_count > 0;
}

static void release(void *owner) {
    const struct sweep *sweep = owner;
    interest_unlock(sweep->stripe);
}

void hub_sweep(struct hub_shared *shared, uint32_t now_s) {
    struct sweep sweep = { .table = &shared->interest };
    const struct store_listeners listeners = { hold, release, &sweep };
    store_sweep(shared->store, now_s, &listeners);
}
