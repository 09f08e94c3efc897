/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/batches.c: what notifications tell of batches, kept where every node finds it.
 *
 * `batch` of a batch's id is a hash of fields as dialect/batch.h names them, told to anybody;
 * `batch:USER` is the same, told to that user. A node keeps what it publishes and what it hears:
 * what several nodes hear is set several times, to the same. Redis forgets a batch of which nothing
 * was told for long. Whether it worked nobody waits to know.
 */
#include "broker/redis/script_priv.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "dialect/batch.h"

enum {
    USER_MAX = 256,         /* bytes of a user's id */
    FIELDS_AT_ONCE = 128,   /* of a command; the link copies it */
    DELTAS_BYTES = 16 << 10 /* of room that is kept for the next one */
};

/* A new field goes in while there are fewer than so many, which is a thousand essays. */
SCRIPT(tell_script, "for k = 1, #KEYS do\n"
                    "  for i = 2, #ARGV, 2 do\n"
                    "    if redis.call('HLEN', KEYS[k]) < 5000\n"
                    "        or redis.call('HEXISTS', KEYS[k], ARGV[i]) == 1 then\n"
                    "      redis.call('HSET', KEYS[k], ARGV[i], ARGV[i + 1])\n"
                    "    end\n"
                    "  end\n"
                    "  redis.call('EXPIRE', KEYS[k], ARGV[1])\n"
                    "end\n");

static void on_told(struct redis_command *command, const struct redis_reply *reply) {
    (void)reply;
    mem_free(command);
}

static void name_user_key(const struct broker_redis *redis, struct script_keys *keys,
                          struct span id, struct span user) {
    char what[sizeof "batch:" + USER_MAX];
    (void)snprintf(what, sizeof what, "batch:%.*s", SPAN_ARG(user));
    script_key(redis, keys, id, what);
}

static void name_keys(const struct broker_redis *redis, struct script_keys *keys, struct span id,
                      struct span user) {
    script_keys_init(keys);
    script_key(redis, keys, id, "batch");
    name_user_key(redis, keys, id, user);
}

static void send_some(struct broker_redis *redis, const struct script_keys *keys,
                      const struct span *args, size_t count) {
    struct redis_command *command = mem_try(sizeof *command);
    if (!command) return;
    *command = (struct redis_command){ .answered = on_told };
    if (redis_run(redis->link, command, &tell_script, keys->at, keys->count, args, count) != ERR_OK)
        mem_free(command);
}

/* The fields of `delta`, some at a time. */
static void send_all(struct broker_redis *redis, const struct script_keys *keys,
                     struct span delta) {
    struct script_number keep;
    struct span args[1 + 2 * FIELDS_AT_ONCE];
    struct buf names[FIELDS_AT_ONCE]; /* those that are written with escapes */
    struct json_value name, value;
    struct json_walk walk = json_walk(delta);
    size_t count = 0;
    args[0] = script_number(&keep, redis->options.batch_keep_seconds);
    for (size_t i = 0; i < FIELDS_AT_ONCE; i++)
        buf_init(&names[i], DELTAS_BYTES);
    while (json_member(&walk, &name, &value) == JSON_ITEM) {
        if (json_text(&name, &names[count], &args[1 + 2 * count]) != ERR_OK) continue;
        args[2 + 2 * count] = value.raw;
        if (++count < FIELDS_AT_ONCE) continue;
        send_some(redis, keys, args, 1 + 2 * count);
        count = 0;
    }
    if (count > 0) send_some(redis, keys, args, 1 + 2 * count);
    for (size_t i = 0; i < FIELDS_AT_ONCE; i++)
        buf_finish(&names[i]);
}

void batches_tell(struct broker_redis *redis, struct span channel, struct span payload) {
    struct span head = redis->options.batch_channels;
    if (head.len == 0 || !span_starts(channel, head) || !batch_may_tell(payload)) return;
    struct span user = span_skip(channel, head.len);
    if (!utf8_is_name(user, USER_MAX)) return;
    struct buf id, delta;
    buf_init(&id, BATCH_ID_MAX);
    buf_init(&delta, BATCH_DELTA_MAX);
    if (batch_fold(payload, &id, &delta) == ERR_OK) {
        struct script_keys keys;
        name_keys(redis, &keys, buf_span(&id), user);
        if (!keys.is_too_long) send_all(redis, &keys, buf_span(&delta));
    }
    buf_finish(&id);
    buf_finish(&delta);
}

/* A hash, as one object. */
static enum err write_fields(struct broker_call *call, const struct redis_reply *reply) {
    enum err e = redis_reply_err(call, reply);
    if (e) return e;
    if (reply->kind != REDIS_ARRAY || reply->count < 2) return ERR_NOT_FOUND;
    struct buf *out = &call->answer;
    for (size_t i = 0; i + 1 < reply->count; i += 2) {
        buf_append_char(out, i == 0 ? '{' : ',');
        json_append_string(out, reply->items[i].text);
        buf_append_char(out, ':');
        buf_append_span(out, reply->items[i + 1].text);
    }
    buf_append_char(out, '}');
    return buf_err(out) ? ERR_NOMEM : ERR_OK;
}

static void on_recalled(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    redis_finish(asked_of(call)->redis, call, write_fields(call, reply));
}

void recall_ask(struct broker_redis *redis, struct broker_call *call) {
    struct script_keys keys;
    script_keys_init(&keys);
    if (call->text.len == 0) {
        script_key(redis, &keys, call->name, "batch");
    } else {
        name_user_key(redis, &keys, call->name, call->text);
    }
    const struct span args[] = { SPAN("HGETALL"), keys.at[0] };
    enum err e = script_command(redis, call, args, countof(args), &keys, on_recalled);
    if (e) script_refuse(redis, call, e);
}
