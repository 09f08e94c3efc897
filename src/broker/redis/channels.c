/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/channels.c: what this node listens to.
 *
 * Workers come and go in one table under a lock. Whoever comes first to a channel is given a
 * ticket, and the channel waits in the order of tickets: until the broker's thread has met it and
 * subscribed, and until Redis has confirmed that and its history is here. A channel that was left
 * lingers, so that a client who comes back costs Redis nothing and waits for nothing.
 */
#include "broker/redis/redis_priv.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"

/* The channel on which what is added to a history is told. */
struct live {
    struct listener listener;
    struct channel *channel;
    bool is_loaded;
    size_t key_len;
    char key[];
};

/* ---- listeners ---- */

void listener_begin(struct broker_redis *redis, struct listener *listener,
                    const struct listener_kind *kind, struct span name) {
    listener->kind = kind;
    listener->subscription.name = name;
    listener->subscription.is_plain = kind->is_plain;
    redis_subscribe(redis->link, &listener->subscription);
}

static void listener_end(struct broker_redis *redis, struct listener *listener) {
    if (redis->link) redis_unsubscribe(redis->link, &listener->subscription);
}

/* ---- lists; under the lock ---- */

static void pending_unlink(struct channels *channels, struct channel *channel) {
    struct channel_link *link = &channel->pending;
    *(link->before ? &link->before->pending.next : &channels->pending.first) = link->next;
    *(link->next ? &link->next->pending.before : &channels->pending.last) = link->before;
    if (channels->to_begin == channel) channels->to_begin = link->next;
    channel->ticket = 0;
}

static void pending_append(struct channels *channels, struct channel *channel) {
    struct channel *last = channels->pending.last;
    channel->pending = (struct channel_link){ NULL, last };
    *(last ? &last->pending.next : &channels->pending.first) = channel;
    channels->pending.last = channel;
    if (!channels->to_begin) channels->to_begin = channel;
    channel->ticket = ++channels->ticket;
}

static void lingering_unlink(struct channels *channels, struct channel *channel) {
    struct channel_link *link = &channel->lingering;
    *(link->before ? &link->before->lingering.next : &channels->lingering.first) = link->next;
    *(link->next ? &link->next->lingering.before : &channels->lingering.last) = link->before;
}

static void lingering_append(struct channels *channels, struct channel *channel) {
    struct channel *last = channels->lingering.last;
    channel->lingering = (struct channel_link){ NULL, last };
    *(last ? &last->lingering.next : &channels->lingering.first) = channel;
    channels->lingering.last = channel;
    channel->left_ns = clock_now_ns();
}

static void settle_heard(struct channels *channels) {
    uint64_t heard = channels->ticket;
    if (channels->pending.first) heard = channels->pending.first->ticket - 1;
    if (!channels->is_up) heard = UINT64_MAX;
    atomic_store_explicit(&channels->heard, heard, memory_order_release);
}

static struct channel *find(const struct channels *channels, struct span name, uint32_t hash) {
    struct map_node *node = map_first(&channels->by_name, hash);
    for (; node; node = map_next(node)) {
        struct channel *channel = container_of(node, struct channel, node);
        if (span_eq(channel->name, name)) return channel;
    }
    return NULL;
}

/* NULL: no memory, or no such key is possible. */
static struct live *live_new(struct broker_redis *redis, struct span name) {
    char room[KEY_MAX];
    struct span key;
    if (!key_of(redis, room, name, "live", &key) || key.len > REDIS_CHANNEL_MAX) return NULL;
    struct live *live = mem_try(sizeof *live + key.len);
    if (!live) return NULL;
    memset(live, 0, sizeof *live);
    live->key_len = key.len;
    memcpy(live->key, key.at, key.len);
    return live;
}

static struct channel *add(struct broker_redis *redis, struct span name, uint32_t hash) {
    char room[KEY_MAX];
    struct span key;
    if (!key_plain(redis, room, name, &key)) return NULL;
    struct channel *channel = mem_try(sizeof *channel + key.len);
    if (!channel) return NULL;
    memset(channel, 0, sizeof *channel);
    memcpy(channel->key, key.at, key.len);
    channel->name = span_of(channel->key + key.len - name.len, name.len);
    map_insert(&redis->channels.by_name, &channel->node, hash);
    return channel;
}

/* The channel of that name, a new one if need be, which has not been told whether it is wanted. */
static struct channel *obtain(struct broker_redis *redis, struct span name, bool has_history,
                              bool *ret_is_new) {
    struct channels *channels = &redis->channels;
    uint32_t hash = (uint32_t)hash_span(name);
    struct channel *channel = find(channels, name, hash);
    struct live *live = NULL;
    *ret_is_new = !channel;
    if (has_history && !(channel && channel->has_history)) {
        live = live_new(redis, name);
        if (!live) return NULL; /* who wants a history is not to wait for one in vain */
    }
    if (!channel) channel = add(redis, name, hash);
    if (channel && live) {
        live->channel = channel;
        channel->next_live = live;
    } else {
        mem_free(live);
    }
    return channel;
}

/* Whoever comes now waits, if the channel does not offer what is wanted yet. True: the broker's
 * thread has something to do. */
static bool await(struct channels *channels, struct channel *channel, bool is_new) {
    bool is_more = channel->next_live && !channel->has_history;
    if (!is_new && !is_more) return false;
    channel->has_history |= is_more;
    if (channel->ticket) pending_unlink(channels, channel);
    pending_append(channels, channel);
    settle_heard(channels);
    return true;
}

/* ---- on the threads of workers ---- */

enum err channels_listen(struct broker_redis *redis, struct span name, bool has_history,
                         uint64_t *ret_ticket) {
    struct channels *channels = &redis->channels;
    enum err e = ERR_NOMEM;
    bool is_new, is_work = false;
    pthread_mutex_lock(&channels->lock);
    struct channel *channel = obtain(redis, name, has_history, &is_new);
    if (channel) {
        if (!is_new && !channel->is_wanted) lingering_unlink(channels, channel);
        channel->is_wanted = true;
        is_work = await(channels, channel, is_new);
        *ret_ticket = channel->ticket;
        e = ERR_OK;
    }
    pthread_mutex_unlock(&channels->lock);
    if (is_work) loop_wake(redis->loop);
    return e;
}

void channels_unlisten(struct broker_redis *redis, struct span name) {
    struct channels *channels = &redis->channels;
    pthread_mutex_lock(&channels->lock);
    struct channel *channel = find(channels, name, (uint32_t)hash_span(name));
    /* After the end there are none. */
    if (channel && channel->is_wanted) {
        channel->is_wanted = false;
        lingering_append(channels, channel);
    }
    pthread_mutex_unlock(&channels->lock);
}

/* ---- on the broker's thread ---- */

struct channel *channel_hold(struct broker_redis *redis, struct span name) {
    struct channels *channels = &redis->channels;
    bool is_new, is_work = false;
    pthread_mutex_lock(&channels->lock);
    struct channel *channel = obtain(redis, name, true, &is_new);
    if (channel) {
        if (!is_new && !channel->is_wanted) lingering_unlink(channels, channel);
        if (!channel->is_wanted) lingering_append(channels, channel);
        is_work = await(channels, channel, is_new);
    }
    pthread_mutex_unlock(&channels->lock);
    if (is_work) loop_wake(redis->loop);
    return channel;
}

/* Whoever waits for the channel need not, if all that was wanted of it is there. Under the lock. */
static void judge(struct broker_redis *redis, struct channel *channel) {
    if (!channel->ticket || !redis_is_subscribed(&channel->listener.subscription)) return;
    const struct live *live = channel->live;
    if (channel->has_history && !live) return;
    /* What the hubs have not taken yet cannot be replayed. */
    if (live && (!live->is_loaded || delivery_is_behind(redis))) return;
    pending_unlink(&redis->channels, channel);
    settle_heard(&redis->channels);
}

static void judge_one(struct broker_redis *redis, struct channel *channel) {
    pthread_mutex_lock(&redis->channels.lock);
    judge(redis, channel);
    pthread_mutex_unlock(&redis->channels.lock);
}

void channels_judge_all(struct broker_redis *redis) {
    struct channels *channels = &redis->channels;
    pthread_mutex_lock(&channels->lock);
    for (struct channel *channel = channels->pending.first, *next; channel; channel = next) {
        next = channel->pending.next;
        judge(redis, channel);
    }
    pthread_mutex_unlock(&channels->lock);
}

static void on_message(struct broker_redis *redis, struct listener *listener, struct span payload) {
    const struct channel *channel = container_of(listener, struct channel, listener);
    struct broker_arrival arrival = { .channel = channel->name, .payload = payload };
    deliver(redis, &arrival);
    batches_tell(redis, channel->name, payload);
}

static void on_subscribed(struct broker_redis *redis, struct listener *listener) {
    judge_one(redis, container_of(listener, struct channel, listener));
}

static void on_live_message(struct broker_redis *redis, struct listener *listener,
                            struct span payload) {
    history_live(redis, container_of(listener, struct live, listener)->channel, payload);
}

static void on_live_subscribed(struct broker_redis *redis, struct listener *listener) {
    history_begin(redis, container_of(listener, struct live, listener)->channel);
}

void channel_is_loaded(struct broker_redis *redis, struct channel *channel) {
    channel->live->is_loaded = true;
    judge_one(redis, channel);
}

static void live_begin(struct broker_redis *redis, struct channel *channel, struct live *live) {
    static const struct listener_kind kind = { on_live_message, on_live_subscribed, false };
    channel->live = live;
    listener_begin(redis, &live->listener, &kind, span_of(live->key, live->key_len));
}

/* Somebody waits for the channel. */
static void begin(struct broker_redis *redis, struct channel *channel, struct live *live) {
    static const struct listener_kind kind = { on_message, on_subscribed, true };
    if (live) live_begin(redis, channel, live);
    if (!channel->is_begun) {
        channel->is_begun = true;
        size_t len = (size_t)(channel->name.at - channel->key) + channel->name.len;
        listener_begin(redis, &channel->listener, &kind, span_of(channel->key, len));
    }
    judge_one(redis, channel); /* it may have all that is wanted before it was asked for */
}

/* It is in no table any more. */
static void end(struct broker_redis *redis, struct channel *channel) {
    if (channel->is_begun) listener_end(redis, &channel->listener);
    if (channel->live) listener_end(redis, &channel->live->listener);
    history_end(redis, channel);
    if (channel->live) redis->hooks->forget(redis->owner, channel->name);
    mem_free(channel->live);
    mem_free(channel->next_live);
    mem_free(channel);
}

/* NULL: the broker's thread has met all. */
static struct channel *next_to_begin(struct channels *channels, struct live **ret_live) {
    pthread_mutex_lock(&channels->lock);
    struct channel *channel = channels->to_begin;
    if (channel) {
        channels->to_begin = channel->pending.next;
        *ret_live = channel->next_live;
        channel->next_live = NULL;
    }
    pthread_mutex_unlock(&channels->lock);
    return channel;
}

/* Takes out one that has lingered until `now_ns`; NULL: there is none. */
static struct channel *next_to_end(struct channels *channels, uint64_t now_ns) {
    pthread_mutex_lock(&channels->lock);
    struct channel *channel = channels->lingering.first;
    if (channel && channel->left_ns + LINGER_SECONDS * NS_PER_S > now_ns) channel = NULL;
    if (channel) {
        lingering_unlink(channels, channel);
        if (channel->ticket) pending_unlink(channels, channel);
        settle_heard(channels);
        map_remove(&channels->by_name, &channel->node);
    }
    pthread_mutex_unlock(&channels->lock);
    return channel;
}

bool channels_turn(struct broker_redis *redis) {
    struct channels *channels = &redis->channels;
    struct channel *channel = NULL;
    struct live *live;
    int left = CHANNELS_A_TURN;
    while (left > 0 && (channel = next_to_begin(channels, &live)) != NULL) {
        begin(redis, channel, live);
        left--;
    }
    uint64_t now_ns = loop_now_ns(redis->loop);
    while (left > 0 && (channel = next_to_end(channels, now_ns)) != NULL) {
        end(redis, channel);
        left--;
    }
    return left == 0;
}

void channels_tell_heard(struct broker_redis *redis) {
    struct channels *channels = &redis->channels;
    uint64_t heard = atomic_load_explicit(&channels->heard, memory_order_relaxed);
    if (heard > channels->told) redis->hooks->heard(redis->owner);
    channels->told = heard;
}

void channels_set_up(struct broker_redis *redis, bool is_up) {
    struct channels *channels = &redis->channels;
    pthread_mutex_lock(&channels->lock);
    channels->is_up = is_up;
    settle_heard(channels);
    pthread_mutex_unlock(&channels->lock);
}

uint64_t channels_count(struct broker_redis *redis) {
    struct channels *channels = &redis->channels;
    pthread_mutex_lock(&channels->lock);
    uint64_t count = channels->by_name.count;
    pthread_mutex_unlock(&channels->lock);
    return count;
}

void channels_init(struct channels *channels) {
    (void)pthread_mutex_init(&channels->lock, NULL);
    settle_heard(channels);
    channels->told = UINT64_MAX;
}

void channels_end_all(struct broker_redis *redis) {
    struct channels *channels = &redis->channels;
    struct map_node *node;
    channels->pending = channels->lingering = (struct channel_list){ 0 };
    channels->to_begin = NULL;
    while ((node = map_pop(&channels->by_name)) != NULL)
        end(redis, container_of(node, struct channel, node));
}

void channels_finish(struct channels *channels) {
    map_finish(&channels->by_name);
    pthread_mutex_destroy(&channels->lock);
}
