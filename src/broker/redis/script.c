/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/script.c: the way of most calls to Redis.
 */
#include "broker/redis/script_priv.h"

void script_key(const struct broker_redis *redis, struct script_keys *keys, struct span name,
                const char *what) {
    assert(keys->count < SCRIPT_KEYS_MAX);
    size_t i = keys->count++;
    if (!key_of(redis, keys->room[i], name, what, &keys->at[i])) keys->is_too_long = true;
}

struct span script_number(struct script_number *room, uint64_t value) {
    char *at = room->digits + sizeof room->digits;
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return span_of(at, (size_t)(room->digits + sizeof room->digits - at));
}

static enum err prepare(struct broker_redis *redis, struct broker_call *call,
                        const struct script_keys *keys, script_answered answered) {
    if (!redis_is_up(redis)) return ERR_CLOSED;
    if (keys->is_too_long) return ERR_TOO_BIG;
    asked_of(call)->command.answered = answered;
    return ERR_OK;
}

enum err script_run(struct broker_redis *redis, struct broker_call *call,
                    struct redis_script *script, const struct script_keys *keys,
                    const struct span *args, size_t count, script_answered answered) {
    enum err e = prepare(redis, call, keys, answered);
    if (e) return e;
    return redis_run(redis->link, &asked_of(call)->command, script, keys->at, keys->count, args,
                     count);
}

enum err script_command(struct broker_redis *redis, struct broker_call *call,
                        const struct span *args, size_t count, const struct script_keys *keys,
                        script_answered answered) {
    enum err e = prepare(redis, call, keys, answered);
    if (e) return e;
    return redis_send(redis->link, &asked_of(call)->command, keys->at[0], args, count);
}

static const char *reason(enum err e) {
    switch (e) {
    case ERR_TOO_BIG: return "the name is too long for Redis";
    case ERR_LIMIT: return "too much waits to be sent to Redis";
    case ERR_NOMEM: return "out of memory";
    default: return "the connection to Redis is lost";
    }
}

void script_refuse(struct broker_redis *redis, struct broker_call *call, enum err e) {
    /* A name that is too long is no error of those that calls have. */
    redis_refuse(redis, call, e == ERR_TOO_BIG ? ERR_CLOSED : e, reason(e));
}
