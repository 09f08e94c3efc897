/* SPDX-License-Identifier: MIT */
/*
 * redis/shard.c: a server with its two connections, which stand and fall together.
 *
 * Were only one given up, the other would go on with half of a server: publishing what nobody here
 * hears, or the reverse.
 */
#include "redis/link_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"

/* A server that was up for as long as this did not fail at once. */
enum { STEADY_MS = 5000 };

static void on_ready(void *owner, struct redis_conn *conn) {
    struct redis_shard *shard = owner;
    struct redis_link *link = shard->link;
    if (conn == shard->listening) {
        redis_pubsub_begin(&shard->pubsub);
    } else if (link->topology->shard_ready) {
        link->topology->shard_ready(link, shard);
    } else {
        redis_shard_listen(shard);
    }
}

static void on_lost(void *owner, struct redis_conn *conn, const char *why) {
    struct redis_shard *shard = owner;
    if (conn == shard->listening) redis_pubsub_end(&shard->pubsub);
    redis_shard_close(shard, why);
    if (!redis_conn_is_idle(shard->commands) || !redis_conn_is_idle(shard->listening)) return;
    shard->is_open = shard->is_closing = shard->is_up = false;
    redis_link_say(shard->link, LOG_WARNING, shard->why.text, &shard->server);
    shard->link->topology->shard_lost(shard->link, shard);
}

static void on_answered(void *owner, struct redis_conn *conn, struct redis_command *command,
                        const struct redis_reply *reply) {
    struct redis_shard *shard = owner;
    struct redis_link *link = shard->link;
    if (reply->kind == REDIS_ERROR) {
        bool is_again = redis_is_error(reply, "NOSCRIPT") && command->script;
        /* Lost between the answer and now: nothing was done, but that is all there is to say. */
        if (is_again && redis_conn_send_script(conn, command)) reply = NULL;
        if (is_again && reply) return;
        if (reply && link->topology->refused &&
            link->topology->refused(link, shard, command, reply)) {
            return;
        }
        if (reply && redis_is_error(reply, "READONLY")) {
            redis_shard_close(shard, "it has become a replica");
        }
    }
    redis_command_answer(command, reply);
}

static void on_pushed(void *owner, struct redis_conn *conn, const struct redis_reply *reply) {
    (void)conn;
    struct redis_shard *shard = owner;
    redis_pubsub_pushed(&shard->pubsub, reply);
}

static void on_stands(void *owner, struct redis_subscription *s, int way) {
    (void)way;
    struct redis_shard *shard = owner;
    if (redis_is_subscribed(s)) shard->link->events->subscribed(shard->link->owner, s);
}

static void on_ousted(void *owner, struct redis_subscription *s, int way) {
    struct redis_shard *shard = owner;
    if (shard->link->topology->ousted) shard->link->topology->ousted(shard->link, shard, s, way);
}

static void on_message(void *owner, struct redis_subscription *s, struct span payload) {
    struct redis_shard *shard = owner;
    shard->link->events->message(shard->link->owner, s, payload);
}

static void on_refused(void *owner, const struct redis_reply *error) {
    struct redis_shard *shard = owner;
    struct redis_link *link = shard->link;
    if (link->topology->refused_way && link->topology->refused_way(link, shard, error)) return;
    struct err_note why;
    (void)err_note(&why, ERR_DENIED, "it refuses subscriptions: %.*s", SPAN_ARG(error->text));
    redis_shard_close(shard, why.text);
}

static const struct redis_conn_events CONN_EVENTS = { on_ready, on_lost, on_answered, on_pushed };
static const struct redis_pubsub_events PUBSUB_EVENTS = { on_stands, on_ousted, on_message,
                                                          on_refused };

struct redis_shard *redis_shard_new(struct redis_link *link) {
    struct redis_shard *shard = mem_new(sizeof *shard);
    shard->link = link;
    shard->commands = redis_conn_new(&link->net, &CONN_EVENTS, shard, false);
    shard->listening = redis_conn_new(&link->net, &CONN_EVENTS, shard, true);
    if (!shard->commands || !shard->listening) {
        redis_conn_free(shard->commands);
        redis_conn_free(shard->listening);
        mem_free(shard);
        return NULL;
    }
    redis_pubsub_init(&shard->pubsub, shard->listening, &link->subscriptions, &PUBSUB_EVENTS,
                      shard);
    shard->next = link->shards;
    shard->to_it = &link->shards;
    if (shard->next) shard->next->to_it = &shard->next;
    link->shards = shard;
    return shard;
}

void redis_shard_free(struct redis_shard *shard) {
    if (!shard) return;
    *shard->to_it = shard->next;
    if (shard->next) shard->next->to_it = shard->to_it;
    redis_pubsub_finish(&shard->pubsub);
    redis_conn_free(shard->commands);
    redis_conn_free(shard->listening);
    mem_free(shard);
}

void redis_shard_open(struct redis_shard *shard, const struct redis_server *server) {
    assert(!shard->is_open);
    shard->server = *server;
    shard->is_open = true;
    shard->due_ms = 0;
    shard->script_count = 0;
    redis_conn_open(shard->commands, server, &shard->link->login);
}

/* Refused or lost: whoever runs the script finds out. */
static void on_loaded(struct redis_command *command, const struct redis_reply *reply) {
    (void)reply;
    mem_free(command);
}

enum err redis_shard_load(struct redis_shard *shard, const struct redis_script *script) {
    for (size_t i = 0; i < shard->script_count; i++)
        if (shard->scripts[i] == script) return ERR_OK;
    if (shard->script_count == REDIS_SCRIPTS_MAX) return ERR_OK;
    const struct span args[] = { SPAN("SCRIPT"), SPAN("LOAD"), span_str(script->text) };
    struct redis_command *command = mem_new(sizeof *command);
    command->answered = on_loaded;
    enum err e = redis_conn_send(shard->commands, command, args, countof(args),
                                 shard->link->topology->is_kept);
    if (e) {
        mem_free(command);
        return e;
    }
    shard->scripts[shard->script_count++] = script;
    return ERR_OK;
}

void redis_shard_listen(struct redis_shard *shard) {
    if (redis_conn_is_ready(shard->commands) && redis_conn_is_idle(shard->listening)) {
        redis_conn_open(shard->listening, &shard->server, &shard->link->login);
    }
}

void redis_shard_close(struct redis_shard *shard, const char *why) {
    if (!shard->is_open || shard->is_closing) return;
    shard->is_closing = true;
    (void)err_note(&shard->why, ERR_CLOSED, "%s", why);
    redis_conn_fail(shard->commands, "%s", why);
    redis_conn_fail(shard->listening, "%s", why);
}

void redis_shard_retry(struct redis_shard *shard) {
    uint64_t now_ms = redis_now_ms();
    if (shard->up_ms && now_ms - shard->up_ms > STEADY_MS) {
        shard->backoff = (struct redis_backoff){ 0 };
    }
    shard->up_ms = 0;
    /* 0 is reserved; the tick comes later than that anyway. */
    shard->due_ms =
        now_ms + 1 +
        redis_backoff_next(&shard->backoff, shard->link->options.reconnect_max_ms, random_u64());
}

void redis_shard_judge(struct redis_shard *shard) {
    if (!shard->is_open || shard->is_closing || shard->is_up) return;
    if (!redis_pubsub_stands(&shard->pubsub)) return;
    shard->is_up = true;
    shard->up_ms = redis_now_ms();
    redis_link_say(shard->link, LOG_INFO, "connected, all subscriptions stand", &shard->server);
}
