/* SPDX-License-Identifier: MIT */
/*
 * hub/channel.c: the subscribers of one channel on one worker: an array of their numbers, so that
 * a fan-out reads memory in order.
 */
#include "hub/channel_priv.h"

#include "base/mem.h"

/* Generations live beside the slab, which forgets a piece when it is given back. */
static bool has_generation(struct hub *hub, uint32_t index) {
    if (index < hub->generation_cap) return true;
    uint32_t cap = hub->generation_cap ? hub->generation_cap * 2 : SLAB_PAGE_ITEMS;
    while (cap <= index)
        cap *= 2;
    uint32_t *generations = mem_try_resize(hub->generations, cap * sizeof *generations);
    if (!generations) return false;
    memset(generations + hub->generation_cap, 0, (cap - hub->generation_cap) * sizeof *generations);
    hub->generations = generations;
    hub->generation_cap = cap;
    return true;
}

enum err channel_open(struct hub *hub, struct interest *interest, uint32_t *ret_index) {
    uint32_t index;
    enum err e = slab_take(&hub->channels, &index);
    if (e) return e;
    if (!has_generation(hub, index)) {
        slab_give(&hub->channels, index);
        return ERR_NOMEM;
    }
    channel_at(hub, index)->interest = interest;
    hub->generations[index]++;
    counter_add(&hub->counts->subscriptions, 1);
    *ret_index = index;
    return ERR_OK;
}

void channel_close(struct hub *hub, uint32_t index) {
    struct channel *channel = channel_at(hub, index);
    if (channel->cap > 1) mem_free(channel->subscribers.many);
    hub->generations[index]++; /* mail for the old channel finds nobody */
    slab_give(&hub->channels, index);
    counter_sub(&hub->counts->subscriptions, 1);
}

enum err channel_add(struct channel *channel, uint32_t subscriber, uint32_t *ret_position) {
    if (channel->count > 0 && channel->count >= channel->cap) {
        uint32_t cap = channel->cap < 4 ? 4 : channel->cap + channel->cap / 2;
        uint32_t *many =
            mem_try_resize(channel->cap > 1 ? channel->subscribers.many : NULL, cap * sizeof *many);
        if (!many) return ERR_NOMEM;
        if (channel->cap <= 1) many[0] = channel->subscribers.one;
        channel->subscribers.many = many;
        channel->cap = cap;
    } else if (channel->cap == 0) {
        channel->cap = 1;
    }
    *ret_position = channel->count;
    channel_subscribers(channel)[channel->count++] = subscriber;
    return ERR_OK;
}

/* The subscriber at `from` now stands at `to`. */
static void tell_moved(struct hub *hub, uint32_t index, uint32_t subscriber, uint32_t from,
                       uint32_t to) {
    size_t count;
    struct subscription *list = hub->ops->subscriptions(hub->owner, subscriber, &count);
    for (size_t i = 0; i < count; i++) {
        if (list[i].channel == index && list[i].position == from) {
            list[i].position = to;
            return;
        }
    }
    assert(false && "a subscriber is in a channel that it does not know of");
}

void channel_remove(struct hub *hub, uint32_t index, uint32_t position) {
    struct channel *channel = channel_at(hub, index);
    uint32_t *subscribers = channel_subscribers(channel);
    uint32_t last = --channel->count;
    if (position != last) {
        subscribers[position] = subscribers[last];
        tell_moved(hub, index, subscribers[position], last, position);
    }
    /* Give memory back after a crowd has left. */
    if (channel->cap > 16 && channel->count < channel->cap / 4) {
        uint32_t cap = channel->cap / 2;
        uint32_t *many = mem_try_resize(subscribers, cap * sizeof *many);
        if (!many) return;
        channel->subscribers.many = many;
        channel->cap = cap;
    }
}
