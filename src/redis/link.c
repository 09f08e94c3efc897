/* SPDX-License-Identifier: MIT */
/*
 * redis/link.c: what a link does whatever it is made of: up and down, commands to where their key
 * is, subscriptions to where their channel is.
 */
#include "redis/link_priv.h"
#include "redis/wire_priv.h"

#include "base/digest.h"
#include "base/hash.h"
#include "base/mem.h"
#include "net/tls.h"

enum { TICK_MS = 50, SAID_A_SECOND = 4, ARGUMENTS_MAX = 1024 };

static const struct redis_topology *const TOPOLOGIES[] = {
    [REDIS_SINGLE] = &redis_single,
    [REDIS_SENTINEL] = &redis_sentinel,
    [REDIS_CLUSTER] = &redis_cluster,
};

/* ---- up and down ---- */

void redis_link_blame(struct redis_link *link, const char *why) {
    (void)err_note(&link->why, ERR_CLOSED, "%s", why);
}

static bool all_are_up(struct redis_link *link) {
    bool are_up = link->shards && link->topology->is_complete(link);
    for (struct redis_shard *shard = link->shards; shard; shard = shard->next) {
        redis_shard_judge(shard);
        if (shard->is_up || shard->is_spare) continue;
        redis_link_blame(link, shard->why.text);
        are_up = false;
    }
    return are_up;
}

static void judge(struct redis_link *link) {
    bool is_up = all_are_up(link);
    if (is_up == link->is_up) return;
    link->is_up = is_up;
    if (is_up) {
        link->events->up(link->owner);
    } else {
        link->events->down(link->owner, link->why.text);
    }
}

/* Once a turn of the loop, behind all that it may be used from and before it waits: unlike a turn's
 * end (net/loop.h), also behind timers. */
static void on_turn(uv_prepare_t *turn) {
    struct redis_link *link = turn->data;
    redis_net_reap(&link->net);
    judge(link);
    for (struct redis_shard *shard = link->shards; shard; shard = shard->next)
        redis_pubsub_flush(&shard->pubsub);
    redis_net_flush(&link->net);
    for (struct redis_shard *shard = link->shards; shard; shard = shard->next) {
        if (redis_pubsub_has_more(&shard->pubsub)) loop_wake(link->net.loop);
    }
}

static void on_tick(uv_timer_t *tick) {
    struct redis_link *link = tick->data;
    uint64_t now_ms = redis_now_ms();
    redis_net_tick(&link->net);
    for (struct redis_shard *shard = link->shards, *next; shard; shard = next) {
        next = shard->next; /* the topology may free it */
        if (!shard->due_ms || now_ms < shard->due_ms) continue;
        shard->due_ms = 0;
        link->topology->due(link, shard);
    }
    if (link->topology->tick) link->topology->tick(link, now_ms);
}

void redis_link_say(struct redis_link *link, int level, const char *what,
                    const struct redis_server *server) {
    uint64_t now_ms = redis_now_ms();
    if (now_ms - link->said_ms >= 1000) {
        link->said_ms = now_ms;
        link->said = 0;
    }
    if (link->is_ending || link->said++ >= SAID_A_SECOND) return;
    char at[REDIS_SERVER_TEXT_MAX];
    redis_server_format(server, at);
    link->events->said(link->owner, level, what, at);
}

struct redis_link *redis_link_new(struct loop *loop, const struct redis_options *options,
                                  const struct redis_events *events, void *owner) {
    struct redis_link *link = mem_new(sizeof *link);
    redis_net_init(&link->net, loop, options);
    link->options = *options;
    link->login = (struct redis_login){
        .user = options->user,
        .password = options->password,
        .database = options->database,
        .name = options->name,
    };
    link->events = events;
    link->owner = owner;
    link->topology = TOPOLOGIES[options->mode];
    link->turn.data = link->tick.data = link;
    (void)uv_prepare_init(loop_uv(loop), &link->turn);
    (void)uv_prepare_start(&link->turn, on_turn);
    (void)uv_timer_init(loop_uv(loop), &link->tick);
    (void)uv_timer_start(&link->tick, on_tick, TICK_MS, TICK_MS);
    link->topology->begin(link);
    return link;
}

static void on_closed(uv_handle_t *handle) {
    struct redis_link *link = handle->data;
    if (++link->closed == 2) mem_free(link);
}

void redis_link_free(struct redis_link *link) {
    if (!link) return;
    link->is_ending = true;
    while (link->shards)
        redis_shard_free(link->shards);
    redis_net_finish(&link->net);
    if (link->topology->finish) link->topology->finish(link);
    map_finish(&link->subscriptions);
    uv_close((uv_handle_t *)&link->turn, on_closed);
    uv_close((uv_handle_t *)&link->tick, on_closed);
}

bool redis_link_is_up(const struct redis_link *link) {
    return link->is_up;
}

void redis_link_read(struct redis_link *link, bool is_wanted) {
    redis_net_pause(&link->net, !is_wanted);
}

void redis_link_use_tls(struct redis_link *link, struct tls_context *tls) {
    assert(link->net.tls);
    tls_context_unref(link->net.tls);
    link->net.tls = tls_context_ref(tls);
}

void redis_link_reset(struct redis_link *link, const char *why) {
    for (struct redis_shard *shard = link->shards; shard; shard = shard->next)
        redis_shard_close(shard, why);
}

/* ---- commands ---- */

static enum err hold(struct redis_link *link, struct redis_command *command,
                     const struct span *args, size_t count) {
    size_t len = redis_command_bytes(args, count);
    if (link->net.queued_bytes + len > link->net.queued_bytes_max) return ERR_LIMIT;
    enum err e = redis_command_keep(command, args, count);
    if (!e) link->topology->hold(link, command);
    return e;
}

static enum err send_to(struct redis_link *link, struct redis_command *command, struct span key,
                        const struct span *args, size_t count) {
    if (link->is_ending) return ERR_CLOSED;
    command->slot = link->topology->is_kept ? redis_slot(key) : 0;
    command->tries = 0;
    if (link->topology->is_held && link->topology->is_held(link, command->slot)) {
        return hold(link, command, args, count);
    }
    struct redis_shard *shard = link->topology->shard_of(link, command->slot);
    if (!shard || shard->is_closing) return ERR_CLOSED;
    bool is_kept = link->topology->is_kept || command->script;
    enum err e = command->script ? redis_shard_load(shard, command->script) : ERR_OK;
    if (e) return e;
    return redis_conn_send(shard->commands, command, args, count, is_kept);
}

enum err redis_send(struct redis_link *link, struct redis_command *command, struct span key,
                    const struct span *args, size_t count) {
    command->script = NULL;
    return send_to(link, command, key, args, count);
}

enum err redis_publish(struct redis_link *link, struct redis_command *command, struct span channel,
                       struct span payload) {
    bool is_sharded = link->options.mode == REDIS_CLUSTER && link->options.is_sharded;
    const struct span args[] = { is_sharded ? SPAN("SPUBLISH") : SPAN("PUBLISH"), channel,
                                 payload };
    return redis_send(link, command, channel, args, countof(args));
}

static void digest(struct redis_script *script) {
    if (!digest_sha1_text_of(span_str(script->text), script->sha1)) abort();
}

enum err redis_run(struct redis_link *link, struct redis_command *command,
                   struct redis_script *script, const struct span *keys, size_t key_count,
                   const struct span *args, size_t arg_count) {
    assert(key_count > 0 && key_count + arg_count + 3 <= ARGUMENTS_MAX);
    if (!script->sha1[0]) digest(script);
    char number[24];
    (void)snprintf(number, sizeof number, "%zu", key_count);
    struct span all[ARGUMENTS_MAX]; /* not zeroed */
    all[0] = SPAN("EVALSHA");
    all[1] = span_of(script->sha1, 40);
    all[2] = span_str(number);
    memcpy(all + 3, keys, key_count * sizeof *keys);
    if (arg_count) memcpy(all + 3 + key_count, args, arg_count * sizeof *args);
    command->script = script;
    return send_to(link, command, keys[0], all, 3 + key_count + arg_count);
}

/* ---- subscriptions ---- */

void redis_subscribe(struct redis_link *link, struct redis_subscription *s) {
    assert(s->name.len > 0 && s->name.len <= REDIS_CHANNEL_MAX);
    memset(s->ways, 0, sizeof s->ways);
    s->slot = link->topology->is_kept ? redis_slot(s->name) : 0;
    map_insert(&link->subscriptions, &s->node, (uint32_t)hash_span(s->name));
    if (!link->is_ending) link->topology->place(link, s);
}

void redis_unsubscribe(struct redis_link *link, struct redis_subscription *s) {
    for (int way = 0; way < REDIS_WAYS; way++)
        redis_pubsub_remove(s, way);
    map_remove(&link->subscriptions, &s->node);
}

bool redis_is_subscribed(const struct redis_subscription *s) {
    bool is_any = false;
    for (int way = 0; way < REDIS_WAYS; way++) {
        if (s->ways[way].is_wanted && s->ways[way].state != REDIS_WAY_STANDS) return false;
        is_any |= s->ways[way].is_wanted;
    }
    return is_any;
}
