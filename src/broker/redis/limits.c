/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/limits.c: how often somebody may try, counted over all nodes, and who is shut out
 * for a while. The same rules as in session/limits.h: `attempts` counts in a minute that begins
 * with the first and goes by itself, `block` lasts as long as somebody is shut out.
 */
#include "broker/redis/script_priv.h"

SCRIPT(attempt_script,
       "local attempts, block = KEYS[1], KEYS[2]\n"
       "local left = redis.call('PTTL', block)\n"
       "if left > 0 then return left end\n"
       "local limit, block_ms = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
       "if limit == 0 then return 0 end\n"
       "local count = tonumber(redis.call('GET', attempts) or 0) + 1\n"
       "if count == 1 then redis.call('SET', attempts, 1, 'PX', 60000) return 0 end\n"
       "if count <= limit then redis.call('INCR', attempts) return 0 end\n"
       "if block_ms > 0 then redis.call('SET', block, '', 'PX', ARGV[2]) end\n"
       "redis.call('DEL', attempts)\n"
       "return math.max(block_ms, 1)\n");

SCRIPT(block_script, "if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then\n"
                     "  redis.call('SET', KEYS[1], '', 'PX', ARGV[1])\n"
                     "end\n"
                     "redis.call('DEL', KEYS[2])\n"
                     "return 0\n");

/* Whatever went wrong: nobody is shut out for what Redis does. */
static void on_attempted(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    call->value = (uint64_t)script_integer(reply, 0);
    redis_finish(asked_of(call)->redis, call, ERR_OK);
}

void attempt_ask(struct broker_redis *redis, struct broker_call *call) {
    struct script_keys keys;
    struct script_number limit, block_ms;
    script_keys_init(&keys);
    script_key(redis, &keys, call->name, "attempts");
    script_key(redis, &keys, call->name, "block");
    const struct span args[] = { script_number(&limit, call->limit),
                                 script_number(&block_ms, call->number) };
    enum err e = script_run(redis, call, &attempt_script, &keys, args, countof(args), on_attempted);
    if (e) redis_finish(redis, call, ERR_OK);
}

static void on_blocked(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    redis_finish(asked_of(call)->redis, call, redis_reply_err(call, reply));
}

void block_ask(struct broker_redis *redis, struct broker_call *call) {
    if (call->number == 0) {
        redis_finish(redis, call, ERR_OK);
        return;
    }
    struct script_keys keys;
    struct script_number block_ms;
    script_keys_init(&keys);
    script_key(redis, &keys, call->name, "block");
    script_key(redis, &keys, call->name, "attempts");
    const struct span args[] = { script_number(&block_ms, call->number) };
    enum err e = script_run(redis, call, &block_script, &keys, args, countof(args), on_blocked);
    if (e) script_refuse(redis, call, e);
}
