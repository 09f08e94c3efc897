/* SPDX-License-Identifier: MIT */
/*
 * hub/arrival.c: makes a message of what the broker brings and puts it into the mailboxes of the
 * workers that have listeners.
 */
#include "hub/arrival.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "hub/message.h"
#include "hub/targets_priv.h"
#include "hub/tell_priv.h"
#include "store/store.h"

static enum err count_drop(struct hub_inlet *inlet, enum count_drop why, enum err e) {
    counter_add(&inlet->counts->dropped[why], 1);
    return e;
}

static enum err judge(struct hub_inlet *inlet, struct span payload) {
    size_t max = atomic_load_explicit(&inlet->shared->arrival_bytes_max, memory_order_relaxed);
    if (payload.len > max) return count_drop(inlet, COUNT_DROP_PUBLISHED_TOO_BIG, ERR_TOO_BIG);
    if (!utf8_is_valid(payload)) return count_drop(inlet, COUNT_DROP_NOT_UTF8, ERR_INVALID);
    return ERR_OK;
}

/* Into this node's copy of the history. Without memory for it there those who come late would have
 * a gap, so it is not delivered to anybody: the broker brings it again. */
static enum err keep(struct hub_shared *shared, struct span channel, struct message *message) {
    if (message->sequence == 0) return ERR_OK;
    enum err e = store_put(shared->store, channel, message, message->sequence, message->is_last,
                           (uint32_t)(clock_now_ns() / NS_PER_S));
    return e == ERR_NOMEM ? ERR_LIMIT : e;
}

static enum err hand_on(struct hub_inlet *inlet, struct span channel, struct message *message) {
    struct hub_shared *shared = inlet->shared;
    struct targets targets = { 0 };
    struct receipt receipt = { 0 };
    uint32_t hash;
    struct interest_stripe *stripe = interest_lock(&shared->interest, channel, &hash);
    struct interest *entry = interest_find(stripe, channel, hash);
    size_t payload_len = message_payload(message).len;
    if (entry) targets_find(shared, entry, payload_len, message->is_last, &targets, &receipt);
    enum err e = ERR_LIMIT;
    if (targets_have_room(shared, targets.workers, message->len)) {
        e = keep(shared, channel, message);
        if (!e) targets_post(shared, inlet->counts, &targets, targets.workers, message);
    }
    interest_unlock(stripe);
    if (e) return e;
    inlet->to_wake |= targets.workers;
    counter_add(&inlet->counts->published, 1);
    if (receipt.deliveries) counter_add(&inlet->counts->queued, receipt.deliveries);
    if (receipt.skipped) counter_add(&inlet->counts->dropped[COUNT_DROP_TOO_BIG], receipt.skipped);
    return ERR_OK;
}

enum err hub_arrive(struct hub_inlet *inlet, const struct broker_arrival *arrival) {
    /* What is part of a history was judged when it was added, and may not be missing. */
    bool is_kept = arrival->sequence > 0;
    enum err e = is_kept ? ERR_OK : judge(inlet, arrival->payload);
    if (e) return e;
    struct message *message = message_new(arrival->payload, arrival->received_ns);
    if (!message && is_kept) return ERR_LIMIT;
    if (!message) return count_drop(inlet, COUNT_DROP_MEMORY, ERR_NOMEM);
    message->sequence = arrival->sequence;
    message->is_last = arrival->is_last;
    e = hand_on(inlet, arrival->channel, message);
    if (!e && !is_kept) hub_tell(inlet->shared, arrival->channel, arrival->payload);
    message_unref(message);
    return e == ERR_EXISTS ? ERR_OK : e;
}

void hub_inlet_wake(struct hub_inlet *inlet) {
    for (uint64_t left = inlet->to_wake; left; left &= left - 1) {
        mailbox_wake(inlet->shared->mailboxes[__builtin_ctzll(left)]);
    }
    inlet->to_wake = 0;
}
