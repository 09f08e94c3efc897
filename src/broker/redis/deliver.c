/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/deliver.c: hands to the hubs what came. When they have too much to do, it waits here
 * and no more is read: then the kernel's buffers fill, and Redis waits or says what it thinks of
 * slow listeners. What was read before is kept, in order.
 */
#include "broker/redis/redis_priv.h"

#include "base/mem.h"

enum { RETRY_MS = 1, KEPT_BYTES_MAX = 128 << 20 };

struct kept_arrival {
    struct kept_arrival *next;
    size_t size;
    struct broker_arrival arrival;
    char bytes[];
};

static enum err drop(struct broker_redis *redis, enum err e) {
    enum count_drop why = e == ERR_LIMIT ? COUNT_DROP_OVERLOAD : COUNT_DROP_MEMORY;
    counter_add(&redis->counts->dropped[why], 1);
    return e;
}

static void retry_soon(struct broker_redis *redis) {
    loop_set_alarm(redis->loop, redis->delivery.alarm, RETRY_MS);
}

static enum err keep(struct broker_redis *redis, const struct broker_arrival *arrival) {
    struct delivery *delivery = &redis->delivery;
    size_t size = sizeof(struct kept_arrival) + arrival->channel.len + arrival->payload.len;
    if (delivery->kept_bytes + size > KEPT_BYTES_MAX) return drop(redis, ERR_LIMIT);
    struct kept_arrival *kept = mem_try(size);
    if (!kept) return drop(redis, ERR_NOMEM);
    struct span channel = arrival->channel, payload = arrival->payload;
    *kept = (struct kept_arrival){ .size = size, .arrival = *arrival };
    memcpy(kept->bytes, channel.at, channel.len);
    if (payload.len > 0) memcpy(kept->bytes + channel.len, payload.at, payload.len);
    kept->arrival.channel.at = kept->bytes;
    kept->arrival.payload.at = kept->bytes + channel.len;
    bool is_first = !delivery->kept;
    *(is_first ? &delivery->kept : &delivery->kept_last->next) = kept;
    delivery->kept_last = kept;
    delivery->kept_bytes += size;
    if (is_first) {
        redis_link_read(redis->link, false);
        retry_soon(redis);
    }
    return ERR_OK;
}

/* False: the hubs do not take it now. */
static bool offer(struct broker_redis *redis, const struct broker_arrival *arrival) {
    if (redis->hooks->deliver(redis->owner, arrival) == ERR_LIMIT) return false;
    redis->delivery.is_any = true;
    return true;
}

enum err deliver(struct broker_redis *redis, struct broker_arrival *arrival) {
    arrival->received_ns = loop_now_ns(redis->loop);
    if (redis->delivery.kept || !offer(redis, arrival)) return keep(redis, arrival);
    return ERR_OK;
}

static void forget_first(struct delivery *delivery) {
    struct kept_arrival *kept = delivery->kept;
    delivery->kept = kept->next;
    delivery->kept_bytes -= kept->size;
    mem_free(kept);
}

static void on_alarm(void *owner) {
    struct broker_redis *redis = owner;
    struct delivery *delivery = &redis->delivery;
    while (delivery->kept && offer(redis, &delivery->kept->arrival))
        forget_first(delivery);
    if (delivery->kept) {
        retry_soon(redis);
    } else {
        channels_judge_all(redis);
        redis_link_read(redis->link, true);
    }
    if (delivery->is_any) loop_wake(redis->loop);
}

bool delivery_is_behind(const struct broker_redis *redis) {
    return redis->delivery.kept != NULL;
}

void delivery_turn(struct broker_redis *redis) {
    if (!redis->delivery.is_any) return;
    redis->delivery.is_any = false;
    redis->hooks->delivered(redis->owner);
}

void delivery_init(struct broker_redis *redis) {
    redis->delivery.alarm = loop_add_alarm(redis->loop, on_alarm, redis);
}

void delivery_finish(struct delivery *delivery) {
    while (delivery->kept)
        forget_first(delivery);
}
