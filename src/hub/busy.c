/* SPDX-License-Identifier: MIT */
/*
 * hub/busy.c: a sketch of users and one of channels, fed by the publishes of this worker.
 */
#include "hub/busy.h"

#include "base/clock.h"
#include "hub/channel_priv.h"
#include "hub/seat.h"

static uint64_t window_of(const struct hub *hub) {
    return loop_now_ns(hub->loop) / (BUSY_WINDOW_SECONDS * NS_PER_S);
}

void busy_note(struct hub *hub, struct span channel, uint32_t hash, uint64_t deliveries) {
    static const size_t skipped = sizeof SEAT_USER_CHANNEL - 1;
    bool is_user = channel.len >= skipped && memcmp(channel.at, SEAT_USER_CHANNEL, skipped) == 0;
    struct sketch *sketch = &hub->busy[is_user ? BUSY_USERS : BUSY_CHANNELS];
    if (is_user) channel = span_skip(channel, skipped);
    sketch_add(sketch, window_of(hub), hash, channel, deliveries);
}

size_t hub_busiest(const struct hub *hub, enum busy_kind kind, size_t max, struct sketch_top *ret) {
    return sketch_heaviest(&hub->busy[kind], window_of(hub), max, ret);
}
