/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/publish.c: the very bytes, to the channel as it is called.
 */
#include "broker/redis/redis_priv.h"

void publish_count(struct broker_redis *redis, enum err err) {
    enum count_redis kind = COUNT_REDIS_UNAVAILABLE;
    if (err == ERR_OK) kind = COUNT_REDIS_OK;
    if (err == ERR_IO) kind = COUNT_REDIS_UNKNOWN;
    counter_add(&redis->counts->redis_published[kind], 1);
}

static void on_answered(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    struct broker_redis *redis = asked_of(call)->redis;
    enum err e = redis_reply_err(call, reply);
    publish_count(redis, e);
    redis_finish(redis, call, e);
}

static const char *reason(enum err e) {
    switch (e) {
    case ERR_TOO_BIG: return "the name of the channel is too long";
    case ERR_LIMIT: return "too much waits to be sent to Redis";
    case ERR_NOMEM: return "out of memory";
    default: return "the connection to Redis is lost";
    }
}

void publish_ask(struct broker_redis *redis, struct broker_call *call) {
    char room[KEY_MAX];
    struct span channel;
    enum err e = redis_is_up(redis) ? ERR_OK : ERR_CLOSED;
    if (!e && !key_plain(redis, room, call->name, &channel)) e = ERR_TOO_BIG;
    if (!e) {
        struct redis_command *command = &asked_of(call)->command;
        command->answered = on_answered;
        e = redis_publish(redis->link, command, channel, call->payload);
        if (!e) {
            batches_tell(redis, call->name, call->payload);
            return;
        }
    }
    publish_count(redis, e);
    redis_refuse(redis, call, e == ERR_TOO_BIG ? ERR_CLOSED : e, reason(e));
}
