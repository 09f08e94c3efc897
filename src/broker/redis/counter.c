/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/counter.c: numbers of which each is given out once.
 */
#include "broker/redis/script_priv.h"

static void on_counted(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    enum err e = redis_reply_err(call, reply);
    call->value = (uint64_t)script_integer(reply, 0);
    redis_finish(asked_of(call)->redis, call, e);
}

void next_ask(struct broker_redis *redis, struct broker_call *call) {
    struct script_keys keys;
    script_keys_init(&keys);
    script_key(redis, &keys, call->name, "next");
    const struct span args[] = { SPAN("INCR"), keys.at[0] };
    enum err e = script_command(redis, call, args, countof(args), &keys, on_counted);
    if (e) script_refuse(redis, call, e);
}
