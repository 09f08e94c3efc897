/* SPDX-License-Identifier: MIT */
/*
 * hub/busy.c: a sketch of users and one of channels, fed by what this worker hands to listeners.
 */
#include "hub/busy.h"

#include "base/clock.h"
#include "hub/channel_priv.h"
#include "hub/seat.h"

static uint64_t window_of(const struct hub *hub) {
    return loop_now_ns(hub->loop) / (BUSY_WINDOW_SECONDS * NS_PER_S);
}

void busy_note(struct hub *hub, const struct interest *entry, uint64_t deliveries) {
    static const size_t skipped = sizeof SEAT_USER_CHANNEL - 1;
    struct span channel = interest_name(entry);
    if (deliveries == 0) return;
    bool is_user = channel.len >= skipped && memcmp(channel.at, SEAT_USER_CHANNEL, skipped) == 0;
    struct sketch *sketch = &hub->busy[is_user ? BUSY_USERS : BUSY_CHANNELS];
    if (is_user) channel = span_skip(channel, skipped);
    sketch_add(sketch, window_of(hub), entry->node.hash, channel, deliveries);
}

size_t hub_busiest(const struct hub *hub, enum busy_kind kind, size_t max, struct sketch_top *ret) {
    return sketch_heaviest(&hub->busy[kind], window_of(hub), max, ret);
}
