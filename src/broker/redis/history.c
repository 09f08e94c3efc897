/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/history.c: channels that tell what they told before: declared, looked for, added to.
 *
 * `meta` is a hash: `owner`; `last`, the number of the last message; `count` and `bytes` of all.
 * `log` is a stream whose ids are the numbers: `payload`, `last` (1: it ends what the channel
 * tells) and `before`, the number of the message before, 0 for the first. What is added is
 * published on `live` within the same step, so that the order there is that of the numbers.
 *
 * A number is the server's time in microseconds, or one more than the last. So numbers still rise
 * when a server has lost the last of them (a failover, a restart), or all of them and the channel
 * is declared anew: a node that has heard more than the server remembers takes what is new for new.
 */
#include "broker/redis/mirror_priv.h"
#include "broker/redis/script_priv.h"

/* `meta` is written first: a server without memory refuses that. */
SCRIPT(declare_script,
       "local owner = redis.call('HGET', KEYS[1], 'owner')\n"
       "if owner and owner ~= ARGV[1] then return -1 end\n"
       "if not owner then\n"
       "  redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'last', 0, 'count', 0, 'bytes', 0)\n"
       "  redis.call('DEL', KEYS[2])\n"
       "end\n"
       "redis.call('EXPIRE', KEYS[1], ARGV[2])\n"
       "redis.call('EXPIRE', KEYS[2], ARGV[2])\n"
       "return owner and 0 or 1\n");

/* Publishing may be refused to this user of Redis when the message has been added already. */
SCRIPT(append_script,
       "local meta, log, live = KEYS[1], KEYS[2], KEYS[3]\n"
       "local payload, is_last = ARGV[1], ARGV[2]\n"
       "local m = redis.call('HMGET', meta, 'last', 'count', 'bytes')\n"
       "local before, count, bytes = m[1], m[2], m[3]\n"
       "if not before then return -1 end\n"
       "count, bytes = count + 1, bytes + #payload\n"
       "if count > tonumber(ARGV[4]) or bytes > tonumber(ARGV[5]) then return -2 end\n"
       "local t = redis.call('TIME')\n"
       "local number = string.format('%.0f', math.max(before + 1, t[1] * 1000000 + t[2]))\n"
       "local id = number .. '-0'\n"
       "redis.call('XADD', log, id, 'payload', payload, 'last', is_last, 'before', before)\n"
       "redis.call('HSET', meta, 'last', number)\n"
       "redis.call('EXPIRE', meta, ARGV[3])\n"
       "redis.call('EXPIRE', log, ARGV[3])\n"
       "local entry = table.concat({ number, before, is_last, payload }, ' ')\n"
       "local sent = redis.pcall(ARGV[6], live, entry)\n"
       "if type(sent) == 'table' then\n"
       "  redis.call('XDEL', log, id)\n"
       "  return sent\n"
       "end\n"
       "redis.call('HSET', meta, 'count', count, 'bytes', bytes)\n"
       "return tonumber(number)\n");

enum { SAYS_OTHER = -1, SAYS_UNDECLARED = -1, SAYS_FULL = -2 };

static void on_declared(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    enum err e = redis_reply_err(call, reply);
    int64_t said = script_integer(reply, 0);
    if (!e && said == SAYS_OTHER) e = ERR_EXISTS;
    if (!e) call->value = (uint64_t)said;
    redis_finish(asked_of(call)->redis, call, e);
}

void declare_ask(struct broker_redis *redis, struct broker_call *call) {
    struct script_keys keys;
    struct script_number keep;
    script_keys_init(&keys);
    script_key(redis, &keys, call->name, "meta");
    script_key(redis, &keys, call->name, "log");
    const struct span args[] = { call->text, script_number(&keep, redis->options.keep_seconds) };
    enum err e = script_run(redis, call, &declare_script, &keys, args, countof(args), on_declared);
    if (e) script_refuse(redis, call, e);
}

static enum err owner_of(struct broker_call *call, const struct redis_reply *reply) {
    enum err e = redis_reply_err(call, reply);
    if (e) return e;
    if (reply->kind != REDIS_STRING) return ERR_NOT_FOUND;
    buf_append_span(&call->answer, reply->text);
    return buf_err(&call->answer);
}

static void on_found(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    redis_finish(asked_of(call)->redis, call, owner_of(call, reply));
}

static void find(struct broker_redis *redis, struct broker_call *call, script_answered answered) {
    struct script_keys keys;
    script_keys_init(&keys);
    script_key(redis, &keys, call->name, "meta");
    const struct span args[] = { SPAN("HGET"), keys.at[0], SPAN("owner") };
    enum err e = script_command(redis, call, args, countof(args), &keys, answered);
    if (e) script_refuse(redis, call, e);
}

void find_ask(struct broker_redis *redis, struct broker_call *call) {
    find(redis, call, on_found);
}

static void on_found_for_fetch(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    struct broker_redis *redis = asked_of(call)->redis;
    enum err e = owner_of(call, reply);
    if (e || redis->is_dropping) {
        redis_finish(redis, call, e);
    } else {
        mirror_fetch(redis, call);
    }
}

void fetch_ask(struct broker_redis *redis, struct broker_call *call) {
    find(redis, call, on_found_for_fetch);
}

static void on_appended(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    struct broker_redis *redis = asked_of(call)->redis;
    enum err e = redis_reply_err(call, reply);
    publish_count(redis, e);
    int64_t said = script_integer(reply, 0);
    if (!e && said == SAYS_UNDECLARED) e = ERR_NOT_FOUND;
    if (!e && said == SAYS_FULL) e = ERR_TOO_BIG;
    redis_finish(redis, call, e);
}

void append_ask(struct broker_redis *redis, struct broker_call *call) {
    const struct broker_redis_options *o = &redis->options;
    struct script_keys keys;
    struct script_number keep, count, bytes;
    script_keys_init(&keys);
    script_key(redis, &keys, call->name, "meta");
    script_key(redis, &keys, call->name, "log");
    script_key(redis, &keys, call->name, "live");
    bool is_sharded = o->link.mode == REDIS_CLUSTER && o->link.is_sharded;
    const struct span args[] = {
        call->payload,
        call->is_last ? SPAN("1") : SPAN("0"),
        script_number(&keep, o->keep_seconds),
        script_number(&count, o->channel_messages_max),
        script_number(&bytes, o->channel_bytes_max),
        is_sharded ? SPAN("SPUBLISH") : SPAN("PUBLISH"),
    };
    enum err e = script_run(redis, call, &append_script, &keys, args, countof(args), on_appended);
    if (!e) return;
    publish_count(redis, e);
    script_refuse(redis, call, e);
}
