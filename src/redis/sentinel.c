/* SPDX-License-Identifier: MIT */
/*
 * redis/sentinel.c: one server for everything, the master that Sentinels name.
 *
 * One Sentinel at a time is asked, again and again while it answers: it costs next to nothing, and
 * finds out about a switch as surely as listening for its announcement, which can be missed. What
 * it names is asked for its role before anything else is sent there.
 */
#include "redis/link_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"

enum { ASKED_EVERY_MS = 500 };

struct search {
    struct redis_link *link;
    struct redis_conn *sentinel; /* the one that is asked */
    size_t next;                 /* of the configured ones, to try */
    size_t tried;                /* in vain, one after the other */
    struct redis_backoff backoff;
    uint64_t due_ms; /* when to try Sentinels again; 0: not */
    uint64_t asked_ms;
    bool is_asked; /* the answer is to come */
    struct redis_command question, role;
    struct redis_server master;
    bool is_named;  /* `master` is known */
    bool is_master; /* what the shard is connected with says so too */
};

static void try_next(struct search *s) {
    const struct redis_options *options = &s->link->options;
    const struct redis_login login = { .name = options->name };
    struct redis_server server;
    struct span text = span_str(options->sentinels[s->next++ % options->sentinel_count]);
    s->due_ms = 0;
    s->is_asked = false;
    bool is_good = redis_server_parse(&server, text);
    assert(is_good); /* the configuration has seen to it */
    (void)is_good;
    redis_conn_open(s->sentinel, &server, &login);
}

/* ---- the master ---- */

static void connect_master(struct search *s) {
    struct redis_shard *shard = s->link->shards;
    if (s->is_named && !shard->is_open) redis_shard_open(shard, &s->master);
}

static void on_named(struct search *s, const struct redis_server *master) {
    struct redis_shard *shard = s->link->shards;
    bool is_new = !s->is_named || !redis_server_eq(&s->master, master);
    s->master = *master;
    s->is_named = true;
    if (shard->is_open && !redis_server_eq(&shard->server, master)) {
        redis_shard_close(shard, "Sentinel names another master");
    } else if (is_new) {
        connect_master(s);
    }
}

static void on_role(struct redis_command *command, const struct redis_reply *reply) {
    struct search *s = container_of(command, struct search, role);
    if (!reply || !s->link->shards) return;
    bool is_told = reply->kind == REDIS_ARRAY && reply->count > 0;
    /* A user who may not ask is let through: a replica refuses to be written to in any case. */
    if (is_told && !span_eq(reply->items[0].text, SPAN("master"))) {
        redis_shard_close(s->link->shards, "Sentinel names it master, but it is a replica");
        return;
    }
    s->is_master = true;
    redis_shard_listen(s->link->shards);
}

static void shard_ready(struct redis_link *link, struct redis_shard *shard) {
    struct search *s = link->found;
    s->role.answered = on_role;
    if (redis_conn_send(shard->commands, &s->role, &SPAN("ROLE"), 1, false)) {
        redis_shard_close(shard, "its role cannot be asked for");
    }
}

static void shard_lost(struct redis_link *link, struct redis_shard *shard) {
    struct search *s = link->found;
    s->is_master = false;
    s->asked_ms = 0; /* ask at once */
    if (s->is_named && !redis_server_eq(&shard->server, &s->master)) {
        connect_master(s);
    } else {
        redis_shard_retry(shard);
    }
}

static void due(struct redis_link *link, struct redis_shard *shard) {
    (void)shard;
    connect_master(link->found);
}

/* ---- Sentinels ---- */

static void on_answer(struct redis_command *command, const struct redis_reply *reply) {
    struct search *s = container_of(command, struct search, question);
    s->is_asked = false;
    if (!reply || !s->link->shards) return;
    struct redis_server master;
    uint64_t port;
    if (reply->kind == REDIS_ERROR) {
        redis_conn_fail(s->sentinel, "Sentinel: %.*s", SPAN_ARG(reply->text));
    } else if (reply->count != 2 || !span_to_uint(reply->items[1].text, UINT16_MAX, &port) ||
               !redis_server_set(&master, reply->items[0].text, (uint16_t)port)) {
        redis_conn_fail(s->sentinel, "Sentinel: it knows no master named %s",
                        s->link->options.sentinel_master);
    } else {
        s->tried = 0;
        s->backoff = (struct redis_backoff){ 0 };
        on_named(s, &master);
    }
}

static void ask(struct search *s, uint64_t now_ms) {
    const struct span args[] = { SPAN("SENTINEL"), SPAN("get-master-addr-by-name"),
                                 span_str(s->link->options.sentinel_master) };
    s->question.answered = on_answer;
    s->asked_ms = now_ms;
    s->is_asked = redis_conn_send(s->sentinel, &s->question, args, countof(args), false) == ERR_OK;
}

static void on_sentinel_ready(void *owner, struct redis_conn *conn) {
    (void)conn;
    ask(owner, redis_now_ms());
}

static void on_sentinel_lost(void *owner, struct redis_conn *conn, const char *why) {
    struct search *s = owner;
    redis_link_say(s->link, LOG_WARNING, why, redis_conn_server(conn));
    if (++s->tried < s->link->options.sentinel_count) {
        try_next(s);
        return;
    }
    s->tried = 0;
    s->due_ms = redis_now_ms() + 1 +
                redis_backoff_next(&s->backoff, s->link->options.reconnect_max_ms, random_u64());
}

static void on_sentinel_answered(void *owner, struct redis_conn *conn,
                                 struct redis_command *command, const struct redis_reply *reply) {
    (void)owner;
    (void)conn;
    redis_command_answer(command, reply);
}

static const struct redis_conn_events SENTINEL_EVENTS = {
    .ready = on_sentinel_ready,
    .lost = on_sentinel_lost,
    .answered = on_sentinel_answered,
};

static void tick(struct redis_link *link, uint64_t now_ms) {
    struct search *s = link->found;
    if (s->due_ms && now_ms >= s->due_ms) {
        try_next(s);
    } else if (redis_conn_is_ready(s->sentinel) && !s->is_asked &&
               now_ms >= s->asked_ms + ASKED_EVERY_MS) {
        ask(s, now_ms);
    }
}

/* ---- */

static void begin(struct redis_link *link) {
    struct search *s = mem_new(sizeof *s);
    s->link = link;
    link->found = s;
    (void)redis_shard_new(link);
    s->sentinel = redis_conn_new(&link->net, &SENTINEL_EVENTS, s, false);
    try_next(s);
}

static void finish(struct redis_link *link) {
    mem_free(link->found);
}

static struct redis_shard *shard_of(struct redis_link *link, uint16_t slot) {
    (void)slot;
    const struct search *s = link->found;
    return s->is_master ? link->shards : NULL;
}

static void place(struct redis_link *link, struct redis_subscription *s) {
    redis_pubsub_add(&link->shards->pubsub, s, REDIS_PLAIN);
}

static bool is_complete(struct redis_link *link) {
    const struct search *s = link->found;
    return s->is_master;
}

const struct redis_topology redis_sentinel = {
    .begin = begin,
    .finish = finish,
    .shard_of = shard_of,
    .place = place,
    .is_complete = is_complete,
    .shard_ready = shard_ready,
    .shard_lost = shard_lost,
    .due = due,
    .tick = tick,
};
