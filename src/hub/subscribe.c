/* SPDX-License-Identifier: MIT */
/*
 * hub/subscribe.c: a subscriber comes to a channel or leaves it: the worker's list and the shared
 * entry together.
 */
#include "hub/subscribe.h"

#include "base/clock.h"
#include "hub/channel_priv.h"
#include "hub/rule.h"

/* This worker's record for `endpoint`, or its first for any endpoint, which knows the channel. */
static struct listening *record_of(struct hub *hub, struct interest *entry, uint16_t endpoint,
                                   struct listening **ret_other) {
    struct listening *records = interest_listening(entry);
    *ret_other = NULL;
    for (size_t i = 0; i < entry->listening_count; i++) {
        if (records[i].worker != hub->worker) continue;
        if (records[i].endpoint == endpoint) return &records[i];
        *ret_other = &records[i];
    }
    return NULL;
}

static enum err obtain_channel(struct hub *hub, struct interest *entry, struct listening *other,
                               uint32_t *ret_index) {
    if (other) {
        *ret_index = other->channel;
        return ERR_OK;
    }
    return channel_open(hub, entry, ret_index);
}

static enum err join(struct hub *hub, struct interest *entry, uint32_t subscriber,
                     uint16_t endpoint, struct subscription *ret) {
    struct listening *other;
    struct listening *record = record_of(hub, entry, endpoint, &other);
    if (record) {
        enum err e = channel_add(channel_at(hub, record->channel), subscriber, &ret->position);
        if (e) return e;
        record->count++;
        ret->channel = record->channel;
        return ERR_OK;
    }
    uint32_t index;
    enum err e = obtain_channel(hub, entry, other, &index);
    if (e) return e;
    uint32_t position;
    e = channel_add(channel_at(hub, index), subscriber, &position);
    struct listening new = { hub->worker, endpoint, 1, index, hub->generations[index] };
    if (!e && !interest_add_listening(entry, new)) {
        channel_remove(hub, index, position);
        e = ERR_NOMEM;
    }
    if (e) {
        if (!other) channel_close(hub, index);
        return e;
    }
    *ret = (struct subscription){ index, position };
    return ERR_OK;
}

/* The first listener of the node; under the stripe's lock. */
static enum err listen_to(struct hub *hub, struct span channel) {
    if (!hub->broker->is_shared) return ERR_OK;
    const struct hub_rule *rule = hub_rule_of(hub, channel);
    bool has_history = rule && rule->keeps_history;
    if (has_history && store_is_full(hub->shared->store)) return ERR_LIMIT;
    uint64_t ticket;
    enum err e = broker_listen(hub->broker, channel, has_history, &ticket);
    if (e) return e;
    _Atomic uint64_t *last = &hub->shared->listen_ticket;
    uint64_t was = atomic_load_explicit(last, memory_order_relaxed);
    while (was < ticket && !atomic_compare_exchange_weak(last, &was, ticket))
        ;
    return ERR_OK;
}

static void stop_listening(struct hub *hub, struct span channel) {
    if (hub->broker->is_shared) broker_leave(hub->broker, channel);
}

/* Nobody listens any more: its time begins, see hub/sweep.c. Under the stripe's lock. When all ends
 * the loop with its time has gone already. */
static void keep_from_now(struct hub *hub, struct span channel) {
    if (!hub_rule_of(hub, channel)) return;
    store_touch(hub->shared->store, channel, (uint32_t)(clock_now_ns() / NS_PER_S));
}

uint64_t hub_listen_ticket(const struct hub *hub) {
    return atomic_load(&hub->shared->listen_ticket);
}

enum err hub_subscribe(struct hub *hub, struct span channel, uint32_t subscriber, uint16_t endpoint,
                       struct subscription *ret) {
    if (channel.len == 0 || channel.len > INTEREST_NAME_MAX) return ERR_TOO_BIG;
    struct interest_table *table = &hub->shared->interest;
    uint32_t hash;
    struct interest_stripe *stripe = interest_lock(table, channel, &hash);
    enum err e = ERR_NOMEM;
    struct interest *entry = interest_obtain(stripe, channel, hash);
    if (!entry) goto out;
    bool is_first = entry->listening_count == 0;
    e = is_first ? listen_to(hub, channel) : ERR_OK;
    if (!e) {
        e = join(hub, entry, subscriber, endpoint, ret);
        if (e && is_first) stop_listening(hub, channel);
    }
    if (e) {
        interest_settle(stripe, entry);
    } else if (is_first) {
        atomic_fetch_add_explicit(&table->channels, 1, memory_order_relaxed);
    }
out:
    interest_unlock(stripe);
    return e;
}

void hub_unsubscribe(struct hub *hub, struct subscription *subscription, uint16_t endpoint) {
    struct subscription left = *subscription;
    *subscription = (struct subscription){ 0 };
    struct interest_table *table = &hub->shared->interest;
    struct interest *entry = channel_at(hub, left.channel)->interest;
    uint32_t hash;
    struct interest_stripe *stripe = interest_lock(table, interest_name(entry), &hash);
    channel_remove(hub, left.channel, left.position);
    struct listening *other;
    struct listening *record = record_of(hub, entry, endpoint, &other);
    assert(record && record->count > 0);
    if (--record->count == 0) {
        interest_remove_listening(entry, (size_t)(record - interest_listening(entry)));
    }
    if (channel_at(hub, left.channel)->count == 0) channel_close(hub, left.channel);
    if (entry->listening_count == 0) {
        stop_listening(hub, interest_name(entry));
        keep_from_now(hub, interest_name(entry));
        atomic_fetch_sub_explicit(&table->channels, 1, memory_order_relaxed);
        interest_settle(stripe, entry);
    }
    interest_unlock(stripe);
}

struct span hub_channel_name(struct hub *hub, const struct subscription *subscription) {
    return interest_name(hub_channel_entry(hub, subscription));
}

struct interest *hub_channel_entry(struct hub *hub, const struct subscription *subscription) {
    return channel_at(hub, subscription->channel)->interest;
}
