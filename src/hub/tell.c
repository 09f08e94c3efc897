/* SPDX-License-Identifier: MIT */
/*
 * hub/tell.c: what is sent to a user may be about a batch that the user will ask about.
 */
#include "hub/tell_priv.h"

#include "base/clock.h"
#include "dialect/batch.h"
#include "store/batch_table.h"

void hub_tell(struct hub_shared *shared, struct span channel, struct span payload) {
    struct span head = shared->batch_channels;
    if (!shared->batches || channel.len <= head.len || !span_starts(channel, head)) return;
    if (!batch_may_tell(payload)) return;
    batch_table_tell(shared->batches, span_skip(channel, head.len), payload,
                     (uint32_t)(clock_now_ns() / NS_PER_S));
}
