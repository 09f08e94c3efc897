/* SPDX-License-Identifier: MIT */
/*
 * store/store.c: declared channels in memory.
 */
#include "store/store.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>

enum { FIRST_ITEMS = 8 };

struct item {
    struct message *message;
    bool is_last;
};

struct channel {
    struct map_node node;
    struct channel *older, *newer; /* by when something last happened */
    uint32_t touched_s;
    uint32_t count, cap; /* of items */
    uint64_t before;     /* the number of the first one, less one */
    size_t bytes;
    struct item *items;
    uint8_t name_len, owner_len;
    char text[]; /* the name, then the owner */
};

struct store {
    pthread_mutex_t lock;
    struct store_options options;
    const struct store_message_ops *ops;
    struct map channels;
    struct channel *oldest, *newest;
    uint64_t highest;                      /* number in a channel that was forgotten */
    _Atomic uint64_t bytes, channel_count; /* changed under the lock, read by anybody */
};

struct store *store_new(const struct store_options *options, const struct store_message_ops *ops) {
    struct store *store = mem_new(sizeof *store);
    (void)pthread_mutex_init(&store->lock, NULL);
    store->options = *options;
    store->ops = ops;
    return store;
}

static void unlink_age(struct store *store, struct channel *channel) {
    *(channel->older ? &channel->older->newer : &store->oldest) = channel->newer;
    *(channel->newer ? &channel->newer->older : &store->newest) = channel->older;
}

static void link_newest(struct store *store, struct channel *channel, uint32_t now_s) {
    channel->touched_s = now_s;
    channel->newer = NULL;
    channel->older = store->newest;
    *(store->newest ? &store->newest->newer : &store->oldest) = channel;
    store->newest = channel;
}

static void touch(struct store *store, struct channel *channel, uint32_t now_s) {
    unlink_age(store, channel);
    link_newest(store, channel, now_s);
}

/* What a channel's messages count for in the whole. */
static size_t memory_of(const struct store *store, const struct channel *channel) {
    return channel->bytes + channel->count * store->ops->overhead;
}

/* Takes it out. */
static void forget(struct store *store, struct channel *channel) {
    map_remove(&store->channels, &channel->node);
    unlink_age(store, channel);
    store->bytes -= memory_of(store, channel);
    store->channel_count--;
    uint64_t last = channel->before + channel->count;
    if (last > store->highest) store->highest = last;
}

static void channel_free(const struct store *store, struct channel *channel) {
    for (uint32_t i = 0; i < channel->count; i++)
        store->ops->unref(channel->items[i].message);
    mem_free(channel->items);
    mem_free(channel);
}

void store_free(struct store *store) {
    if (!store) return;
    while (store->oldest) {
        struct channel *channel = store->oldest;
        forget(store, channel);
        channel_free(store, channel);
    }
    map_finish(&store->channels);
    (void)pthread_mutex_destroy(&store->lock);
    mem_free(store);
}

static struct span name_of(const struct channel *channel) {
    return span_of(channel->text, channel->name_len);
}

static struct span owner_of(const struct channel *channel) {
    return span_of(channel->text + channel->name_len, channel->owner_len);
}

static struct channel *find(const struct store *store, struct span name, uint32_t hash) {
    struct map_node *node = map_first(&store->channels, hash);
    while (node) {
        struct channel *channel = container_of(node, struct channel, node);
        if (span_eq(name_of(channel), name)) return channel;
        node = map_next(node);
    }
    return NULL;
}

static struct channel *lookup(const struct store *store, struct span name) {
    return find(store, name, (uint32_t)hash_span(name));
}

static enum err add_channel(struct store *store, struct span name, struct span owner,
                            uint32_t now_s) {
    if (store->channels.count >= store->options.channels_max) return ERR_LIMIT;
    struct channel *channel = mem_try(sizeof *channel + name.len + owner.len);
    if (!channel) return ERR_NOMEM;
    memset(channel, 0, sizeof *channel);
    channel->before = store->highest;
    channel->name_len = (uint8_t)name.len;
    channel->owner_len = (uint8_t)owner.len;
    memcpy(channel->text, name.at, name.len);
    if (owner.len) memcpy(channel->text + name.len, owner.at, owner.len);
    if (!map_insert(&store->channels, &channel->node, (uint32_t)hash_span(name))) {
        mem_free(channel);
        return ERR_NOMEM;
    }
    link_newest(store, channel, now_s);
    store->channel_count++;
    return ERR_OK;
}

enum err store_declare(struct store *store, struct span name, struct span owner, uint32_t now_s,
                       bool *ret_is_new) {
    if (name.len == 0 || name.len > UINT8_MAX || owner.len > STORE_OWNER_MAX) return ERR_TOO_BIG;
    pthread_mutex_lock(&store->lock);
    struct channel *channel = lookup(store, name);
    enum err e = ERR_OK;
    if (!channel) {
        e = add_channel(store, name, owner, now_s);
    } else if (!span_eq(owner_of(channel), owner)) {
        e = ERR_EXISTS;
    } else {
        touch(store, channel, now_s);
    }
    pthread_mutex_unlock(&store->lock);
    if (!e) *ret_is_new = !channel;
    return e;
}

enum err store_owner(struct store *store, struct span name, char *ret, size_t *ret_len) {
    pthread_mutex_lock(&store->lock);
    const struct channel *channel = lookup(store, name);
    if (channel) {
        struct span owner = owner_of(channel);
        if (owner.len) memcpy(ret, owner.at, owner.len);
        *ret_len = owner.len;
    }
    pthread_mutex_unlock(&store->lock);
    return channel ? ERR_OK : ERR_NOT_FOUND;
}

static enum err may_append(const struct store *store, const struct channel *channel, size_t bytes) {
    if (!channel) return ERR_NOT_FOUND;
    const struct store_options *options = &store->options;
    size_t left = options->bytes_max - store->bytes;
    bool has_room = channel->count < options->channel_messages_max &&
                    bytes <= options->channel_bytes_max - channel->bytes &&
                    store->ops->overhead <= left && bytes <= left - store->ops->overhead;
    return has_room ? ERR_OK : ERR_LIMIT;
}

enum err store_check(struct store *store, struct span name, size_t bytes) {
    pthread_mutex_lock(&store->lock);
    enum err e = may_append(store, lookup(store, name), bytes);
    pthread_mutex_unlock(&store->lock);
    return e;
}

static enum err add_item(struct channel *channel, struct item item) {
    if (channel->count == channel->cap) {
        uint32_t cap = channel->cap ? channel->cap * 2 : FIRST_ITEMS;
        struct item *items = mem_try_resize(channel->items, cap * sizeof *items);
        if (!items) return ERR_NOMEM;
        channel->items = items;
        channel->cap = cap;
    }
    channel->items[channel->count++] = item;
    return ERR_OK;
}

enum err store_append(struct store *store, struct span name, struct message *message, bool is_last,
                      uint32_t now_s, uint64_t *ret_sequence) {
    size_t bytes = store->ops->bytes(message);
    pthread_mutex_lock(&store->lock);
    struct channel *channel = lookup(store, name);
    enum err e = may_append(store, channel, bytes);
    if (!e) e = add_item(channel, (struct item){ message, is_last });
    if (!e) {
        (void)store->ops->ref(message);
        channel->bytes += bytes;
        store->bytes += bytes + store->ops->overhead;
        touch(store, channel, now_s);
        *ret_sequence = channel->before + channel->count;
    }
    pthread_mutex_unlock(&store->lock);
    return e;
}

size_t store_read(struct store *store, struct span name, uint64_t after,
                  struct store_item *ret_items, size_t max) {
    size_t count = 0;
    pthread_mutex_lock(&store->lock);
    const struct channel *channel = lookup(store, name);
    uint64_t at = channel && after > channel->before ? after - channel->before : 0;
    for (; channel && at < channel->count && count < max; at++) {
        ret_items[count++] = (struct store_item){
            .message = store->ops->ref(channel->items[at].message),
            .sequence = channel->before + at + 1,
            .is_last = channel->items[at].is_last,
        };
    }
    pthread_mutex_unlock(&store->lock);
    return count;
}

/* The oldest channel, taken out, if its time has come. */
static struct channel *take_expired(struct store *store, uint32_t now_s) {
    pthread_mutex_lock(&store->lock);
    struct channel *oldest = store->oldest;
    /* It may have been touched by a clock that is ahead of this one. */
    bool is_expired = oldest && (uint64_t)oldest->touched_s + store->options.keep_seconds <= now_s;
    if (is_expired) forget(store, oldest);
    pthread_mutex_unlock(&store->lock);
    return is_expired ? oldest : NULL;
}

void store_sweep(struct store *store, uint32_t now_s) {
    struct channel *expired;
    /* Its messages may be many: nobody waits while they are freed. */
    while ((expired = take_expired(store, now_s)) != NULL)
        channel_free(store, expired);
}

uint64_t store_channels(const struct store *store) {
    return atomic_load_explicit(&store->channel_count, memory_order_relaxed);
}

uint64_t store_bytes(const struct store *store) {
    return atomic_load_explicit(&store->bytes, memory_order_relaxed);
}
