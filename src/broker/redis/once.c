/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/once.c: calls that carry a key are carried out once, whichever node they come to.
 *
 * `once` is a hash: the `digest` of the call, the `node` that carries it out, and its `answer` when
 * it has. It goes five minutes after it was last written. A node that is killed midway leaves the
 * key taken for that time: nobody can tell whether the call was carried out.
 */
#include "broker/redis/script_priv.h"

#define REMEMBERED_MS "300000"

SCRIPT(once_script, "local was = redis.call('HMGET', KEYS[1], 'digest', 'answer')\n"
                    "if not was[1] then\n"
                    "  redis.call('HSET', KEYS[1], 'digest', ARGV[1], 'node', ARGV[2])\n"
                    "  redis.call('PEXPIRE', KEYS[1], " REMEMBERED_MS ")\n"
                    "  return 0\n"
                    "end\n"
                    "if was[1] ~= ARGV[1] then return -1 end\n"
                    "return was[2] or -2\n");

SCRIPT(done_script, "local is = redis.call('HMGET', KEYS[1], 'node', 'answer')\n"
                    "if is[1] ~= ARGV[1] or is[2] then return 0 end\n"
                    "redis.call('HSET', KEYS[1], 'answer', ARGV[2])\n"
                    "redis.call('PEXPIRE', KEYS[1], " REMEMBERED_MS ")\n"
                    "return 1\n");

SCRIPT(drop_script, "local is = redis.call('HMGET', KEYS[1], 'node', 'answer')\n"
                    "if is[1] ~= ARGV[1] or is[2] then return 0 end\n"
                    "return redis.call('DEL', KEYS[1])\n");

enum { SAYS_OTHER = -1, SAYS_UNDER_WAY = -2 };

static enum err verdict(struct broker_call *call, const struct redis_reply *reply) {
    enum err e = redis_reply_err(call, reply);
    if (e) return e;
    if (reply->kind == REDIS_STRING) {
        buf_append_span(&call->answer, reply->text);
        return buf_err(&call->answer) ? ERR_NOMEM : ERR_EXISTS;
    }
    if (reply->integer == SAYS_OTHER) return ERR_INVALID;
    return reply->integer == SAYS_UNDER_WAY ? ERR_BUSY : ERR_OK;
}

static void on_answered(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    redis_finish(asked_of(call)->redis, call, verdict(call, reply));
}

static void on_noted(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    redis_finish(asked_of(call)->redis, call, redis_reply_err(call, reply));
}

static void run(struct broker_redis *redis, struct broker_call *call, struct redis_script *script,
                struct span first, struct span second, script_answered answered) {
    struct script_keys keys;
    script_keys_init(&keys);
    script_key(redis, &keys, call->name, "once");
    const struct span args[] = { first, second };
    enum err e = script_run(redis, call, script, &keys, args, countof(args), answered);
    if (e) script_refuse(redis, call, e);
}

void once_ask(struct broker_redis *redis, struct broker_call *call) {
    run(redis, call, &once_script, call->text, span_str(redis->node), on_answered);
}

void once_done_ask(struct broker_redis *redis, struct broker_call *call) {
    run(redis, call, &done_script, span_str(redis->node), call->payload, on_noted);
}

void once_drop_ask(struct broker_redis *redis, struct broker_call *call) {
    run(redis, call, &drop_script, span_str(redis->node), SPAN(""), on_noted);
}
