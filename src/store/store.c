/* SPDX-License-Identifier: MIT */
/*
 * store/store.c: declared channels in memory.
 */
#include "store/store_priv.h"

#include "base/hash.h"
#include "base/mem.h"
#include "store/journal.h"

enum { FIRST_ITEMS = 8 };

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

static void link_newest(struct store *store, struct channel *channel, int64_t now_s) {
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

static enum err put(struct store *store, struct journal_record record, uint32_t now_s) {
    if (!store->journal) return ERR_OK;
    record.at_s = now_s + store->wall_offset_s;
    return journal_put(store->journal, &record);
}

static uint64_t last_number(const struct channel *channel) {
    return channel->before + channel->count;
}

/* Takes it out. */
static void forget(struct store *store, struct channel *channel) {
    map_remove(&store->channels, &channel->node);
    unlink_age(store, channel);
    store->bytes -= memory_of(store, channel);
    store->channel_count--;
    if (last_number(channel) > store->highest) store->highest = last_number(channel);
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

struct channel *store_find(const struct store *store, struct span name) {
    return find(store, name, (uint32_t)hash_span(name));
}

struct channel *store_channel_new(struct span name, struct span owner) {
    struct channel *channel = mem_try(sizeof *channel + name.len + owner.len);
    if (!channel) return NULL;
    memset(channel, 0, sizeof *channel);
    channel->name_len = (uint8_t)name.len;
    channel->owner_len = (uint8_t)owner.len;
    memcpy(channel->text, name.at, name.len);
    if (owner.len) memcpy(channel->text + name.len, owner.at, owner.len);
    return channel;
}

void store_insert(struct store *store, struct channel *own_channel, int64_t touched_s) {
    uint32_t hash = (uint32_t)hash_span(name_of(own_channel));
    map_insert(&store->channels, &own_channel->node, hash);
    link_newest(store, own_channel, touched_s);
    store->channel_count++;
}

static enum err add_channel(struct store *store, struct span name, struct span owner,
                            uint32_t now_s) {
    if (store->channels.count >= store->options.channels_max) return ERR_LIMIT;
    struct channel *channel = store_channel_new(name, owner);
    if (!channel) return ERR_NOMEM;
    channel->id = store->last_id + 1;
    channel->before = store->highest;
    store_insert(store, channel, now_s);
    const struct journal_record record = {
        .kind = JOURNAL_DECLARE,
        .channel = channel->id,
        .number = channel->before,
        .name = name,
        .owner = owner,
    };
    enum err e = put(store, record, now_s);
    if (e) {
        forget(store, channel);
        channel_free(store, channel);
        return e;
    }
    store->last_id++;
    return ERR_OK;
}

static enum err touch_again(struct store *store, struct channel *channel, uint32_t now_s) {
    const struct journal_record record = { .kind = JOURNAL_TOUCH, .channel = channel->id };
    enum err e = put(store, record, now_s);
    if (!e) touch(store, channel, now_s);
    return e;
}

enum err store_declare(struct store *store, struct span name, struct span owner, uint32_t now_s,
                       bool *ret_is_new) {
    if (name.len == 0 || name.len > UINT8_MAX || owner.len > STORE_OWNER_MAX) return ERR_TOO_BIG;
    pthread_mutex_lock(&store->lock);
    struct channel *channel = store_find(store, name);
    enum err e = ERR_OK;
    if (!channel) {
        e = add_channel(store, name, owner, now_s);
    } else if (!span_eq(owner_of(channel), owner)) {
        e = ERR_EXISTS;
    } else {
        e = touch_again(store, channel, now_s);
    }
    pthread_mutex_unlock(&store->lock);
    if (!e) *ret_is_new = !channel;
    return e;
}

enum err store_owner(struct store *store, struct span name, char *ret, size_t *ret_len) {
    pthread_mutex_lock(&store->lock);
    const struct channel *channel = store_find(store, name);
    if (channel) {
        struct span owner = owner_of(channel);
        if (owner.len) memcpy(ret, owner.at, owner.len);
        *ret_len = owner.len;
    }
    pthread_mutex_unlock(&store->lock);
    return channel ? ERR_OK : ERR_NOT_FOUND;
}

enum err store_may_append(const struct store *store, const struct channel *channel, size_t bytes) {
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
    enum err e = store_may_append(store, store_find(store, name), bytes);
    pthread_mutex_unlock(&store->lock);
    return e;
}

enum err store_add_item(struct channel *channel, struct item item) {
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

static enum err put_append(struct store *store, const struct channel *channel, struct item item,
                           uint32_t now_s) {
    if (!store->journal) return ERR_OK;
    const struct journal_record record = {
        .kind = JOURNAL_APPEND,
        .channel = channel->id,
        .number = channel->count - 1,
        .is_last = item.is_last,
        .payload = store->ops->payload(item.message),
        .message = item.message,
    };
    return put(store, record, now_s);
}

void store_count_item(struct store *store, struct channel *channel, size_t bytes) {
    channel->bytes += bytes;
    store->bytes += bytes + store->ops->overhead;
}

enum err store_append(struct store *store, struct span name, struct message *message, bool is_last,
                      uint32_t now_s, uint64_t *ret_sequence) {
    const struct item item = { message, is_last };
    size_t bytes = store->ops->bytes(message);
    pthread_mutex_lock(&store->lock);
    struct channel *channel = store_find(store, name);
    enum err e = store_may_append(store, channel, bytes);
    if (!e) e = store_add_item(channel, item);
    if (!e) {
        e = put_append(store, channel, item, now_s);
        if (e) channel->count--;
    }
    if (!e) {
        (void)store->ops->ref(message);
        store_count_item(store, channel, bytes);
        touch(store, channel, now_s);
        *ret_sequence = last_number(channel);
    }
    pthread_mutex_unlock(&store->lock);
    return e;
}

size_t store_read(struct store *store, struct span name, uint64_t after,
                  struct store_item *ret_items, size_t max) {
    size_t count = 0;
    pthread_mutex_lock(&store->lock);
    const struct channel *channel = store_find(store, name);
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

/* Takes its messages away. */
static void empty(struct store *store, struct channel *channel) {
    store->bytes -= memory_of(store, channel);
    for (uint32_t i = 0; i < channel->count; i++)
        store->ops->unref(channel->items[i].message);
    channel->count = 0;
    channel->bytes = 0;
}

static enum err obtain(struct store *store, struct span name, uint32_t now_s,
                       struct channel **ret) {
    *ret = store_find(store, name);
    if (*ret) return ERR_OK;
    struct channel *channel = store_channel_new(name, SPAN(""));
    if (!channel) return ERR_NOMEM;
    store_insert(store, channel, now_s);
    *ret = channel;
    return ERR_OK;
}

static enum err put_behind(struct store *store, struct channel *channel, struct item item,
                           uint64_t sequence, uint32_t now_s) {
    if (sequence <= last_number(channel)) return ERR_EXISTS;
    if (sequence != last_number(channel) + 1) {
        empty(store, channel);
        channel->before = sequence - 1;
    }
    enum err e = store_add_item(channel, item);
    if (e) return e;
    (void)store->ops->ref(item.message);
    store_count_item(store, channel, store->ops->bytes(item.message));
    touch(store, channel, now_s);
    return ERR_OK;
}

enum err store_put(struct store *store, struct span name, struct message *message,
                   uint64_t sequence, bool is_last, uint32_t now_s) {
    assert(!store->journal && sequence > 0 && name.len <= UINT8_MAX);
    struct channel *channel;
    pthread_mutex_lock(&store->lock);
    enum err e = obtain(store, name, now_s, &channel);
    if (!e) e = put_behind(store, channel, (struct item){ message, is_last }, sequence, now_s);
    pthread_mutex_unlock(&store->lock);
    return e;
}

void store_forget(struct store *store, struct span name) {
    pthread_mutex_lock(&store->lock);
    struct channel *channel = store_find(store, name);
    if (channel) forget(store, channel);
    pthread_mutex_unlock(&store->lock);
    if (channel) channel_free(store, channel);
}

bool store_is_full(const struct store *store) {
    return store_bytes(store) >= store->options.bytes_max;
}

/* It is kept on, also when the file takes nothing now: it then counts as older after a restart. */
static void keep_on(struct store *store, struct channel *channel, uint32_t now_s) {
    if (touch_again(store, channel, now_s)) touch(store, channel, now_s);
}

void store_touch(struct store *store, struct span name, uint32_t now_s) {
    pthread_mutex_lock(&store->lock);
    struct channel *channel = store_find(store, name);
    if (channel) keep_on(store, channel, now_s);
    pthread_mutex_unlock(&store->lock);
}

/* Its last touch may be by a clock that is ahead of this one. */
static bool is_expired(const struct store *store, const struct channel *channel, uint32_t now_s) {
    return channel->touched_s + store->options.keep_seconds <= now_s;
}

/* The name of the channel that was longest left alone, if its time has come; else empty. */
static struct span next_expired(struct store *store, uint32_t now_s, char room[static UINT8_MAX]) {
    struct span name = SPAN("");
    pthread_mutex_lock(&store->lock);
    const struct channel *oldest = store->oldest;
    if (oldest && is_expired(store, oldest, now_s)) {
        memcpy(room, oldest->text, oldest->name_len);
        name = span_of(room, oldest->name_len);
    }
    pthread_mutex_unlock(&store->lock);
    return name;
}

/* Takes the channel out, or keeps it on; something may have happened to it meanwhile. False: the
 * journal cannot forget it now, so it stays until that can. */
static bool settle_expired(struct store *store, struct span name, bool is_heard, uint32_t now_s,
                           struct channel **ret_forgotten) {
    enum err e = ERR_OK;
    pthread_mutex_lock(&store->lock);
    struct channel *channel = store_find(store, name);
    if (channel && !is_expired(store, channel, now_s)) channel = NULL;
    if (channel && is_heard) {
        keep_on(store, channel, now_s);
    } else if (channel) {
        const struct journal_record record = { .kind = JOURNAL_FORGET,
                                               .channel = channel->id,
                                               .number = last_number(channel) };
        e = put(store, record, now_s);
        if (!e) {
            forget(store, channel);
            *ret_forgotten = channel;
        }
    }
    pthread_mutex_unlock(&store->lock);
    return !e;
}

void store_sweep(struct store *store, uint32_t now_s, const struct store_listeners *listeners) {
    char room[UINT8_MAX];
    struct span name;
    bool goes_on = true;
    while (goes_on && (name = next_expired(store, now_s, room)).len > 0) {
        struct channel *forgotten = NULL;
        bool is_heard = listeners && listeners->hold(listeners->owner, name);
        goes_on = settle_expired(store, name, is_heard, now_s, &forgotten);
        if (listeners) listeners->release(listeners->owner);
        /* Its messages may be many: nobody waits while they are freed. */
        if (forgotten) channel_free(store, forgotten);
    }
}

uint64_t store_channels(const struct store *store) {
    return atomic_load_explicit(&store->channel_count, memory_order_relaxed);
}

uint64_t store_bytes(const struct store *store) {
    return atomic_load_explicit(&store->bytes, memory_order_relaxed);
}

void store_each(struct store *store, void (*each)(void *context, struct span channel),
                void *context) {
    pthread_mutex_lock(&store->lock);
    for (const struct channel *channel = store->oldest; channel; channel = channel->newer)
        each(context, name_of(channel));
    pthread_mutex_unlock(&store->lock);
}
