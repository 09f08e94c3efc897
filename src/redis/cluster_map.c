/* SPDX-License-Identifier: MIT */
/*
 * redis/cluster_map.c: asks who has which slot: a master that is connected, any, since all know;
 * while there is none, a connection of its own asks the configured server and then all that were
 * ever heard of, replicas too.
 *
 * Answers are used in the order of asking, so that a server that was stuck does not bring back what
 * was before.
 */
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "redis/cluster_priv.h"

enum {
    ASK_STALE_MS = 200,   /* after something went elsewhere, and while the link is not up */
    ASK_ALWAYS_MS = 5000, /* a master may have left or come without anything being sent elsewhere */
    SCOUT_AGAIN_MS = 500, /* after an answer: time for the masters to be connected */
};

struct question {
    struct redis_command command;
    struct redis_link *link;
    struct redis_server asked;
    uint64_t asked_ms;
};

static void adopt(struct redis_link *link) {
    struct redis_cluster *c = redis_cluster_of(link);
    struct redis_shard *shards[REDIS_SERVERS_MAX] = { NULL };
    for (unsigned slot = 0; slot < REDIS_SLOTS; slot++) {
        unsigned master = c->answer->master[slot];
        if (master != REDIS_NOBODY && !shards[master]) {
            shards[master] = redis_cluster_shard(link, &c->answer->servers[master]);
        }
        redis_cluster_name(link, (uint16_t)slot, master == REDIS_NOBODY ? NULL : shards[master]);
    }
}

static void take_answer(const struct question *q, const struct redis_reply *reply) {
    struct redis_cluster *c = redis_cluster_of(q->link);
    struct err_note note;
    struct redis_slots *answer = mem_new(sizeof *answer);
    if (redis_slots_read(reply, &q->asked, answer, &note)) {
        redis_link_blame(q->link, note.text);
        redis_link_say(q->link, LOG_WARNING, note.text, &q->asked);
        mem_free(answer);
        return;
    }
    mem_free(c->answer);
    c->answer = answer;
    c->known_ms = q->asked_ms;
    adopt(q->link);
    redis_cluster_settle(q->link);
    if (c->covered < REDIS_SLOTS) {
        (void)err_note(&note, ERR_NOT_FOUND, "%zu of %d slots are nobody's",
                       REDIS_SLOTS - c->covered, REDIS_SLOTS);
        redis_link_blame(q->link, note.text);
    }
}

static void on_answer(struct redis_command *command, const struct redis_reply *reply) {
    struct question *q = container_of(command, struct question, command);
    if (reply && q->asked_ms >= redis_cluster_of(q->link)->known_ms) take_answer(q, reply);
    mem_free(q);
}

static void ask(struct redis_link *link, struct redis_conn *conn) {
    struct redis_cluster *c = redis_cluster_of(link);
    const struct span args[] = { SPAN("CLUSTER"), SPAN("SLOTS") };
    struct question *q = mem_new(sizeof *q);
    q->command.answered = on_answer;
    q->link = link;
    q->asked = *redis_conn_server(conn);
    q->asked_ms = c->asked_ms = redis_now_ms();
    c->is_stale = false;
    if (redis_conn_send(conn, &q->command, args, countof(args), false)) mem_free(q);
}

/* ---- when no master takes commands ---- */

static void scout(struct redis_link *link) {
    struct redis_cluster *c = redis_cluster_of(link);
    size_t choice = c->answer ? c->scout_next++ % (c->answer->server_count + 1) : 0;
    struct redis_server server;
    if (choice > 0) {
        server = c->answer->servers[choice - 1];
    } else if (!redis_server_set(&server, span_str(link->options.host), link->options.port)) {
        redis_link_blame(link, "no server is configured");
        return;
    }
    c->is_scouted = false;
    redis_conn_open(c->scout, &server, &link->login);
}

static void on_scout_ready(void *owner, struct redis_conn *conn) {
    ask(owner, conn);
}

static void on_scout_answered(void *owner, struct redis_conn *conn, struct redis_command *command,
                              const struct redis_reply *reply) {
    struct redis_link *link = owner;
    struct redis_cluster *c = redis_cluster_of(link);
    redis_command_answer(command, reply);
    c->is_scouted = link->shards != NULL;
    redis_conn_fail(conn, "it names no masters");
}

static void on_scout_lost(void *owner, struct redis_conn *conn, const char *why) {
    struct redis_link *link = owner;
    struct redis_cluster *c = redis_cluster_of(link);
    c->scout_due_ms = redis_now_ms();
    if (c->is_scouted) {
        c->backoff = (struct redis_backoff){ 0 };
        c->scout_due_ms += SCOUT_AGAIN_MS;
        return;
    }
    c->scout_due_ms +=
        redis_backoff_next(&c->backoff, link->options.reconnect_max_ms, random_u64());
    if (!link->shards) redis_link_blame(link, why);
    redis_link_say(link, LOG_WARNING, why, redis_conn_server(conn));
}

static const struct redis_conn_events SCOUT_EVENTS = {
    .ready = on_scout_ready,
    .lost = on_scout_lost,
    .answered = on_scout_answered,
};

void redis_cluster_map_begin(struct redis_link *link) {
    struct redis_cluster *c = redis_cluster_of(link);
    c->scout = redis_conn_new(&link->net, &SCOUT_EVENTS, link, false);
    scout(link);
}

/* ---- when ---- */

/* Any master that takes commands; NULL: none. */
static struct redis_shard *choose(struct redis_link *link) {
    struct redis_shard *chosen = NULL;
    uint64_t count = 0;
    for (struct redis_shard *shard = link->shards; shard; shard = shard->next) {
        bool is_ready = shard->slots > 0 && redis_conn_is_ready(shard->commands);
        if (is_ready && random_below(++count) == 0) chosen = shard;
    }
    return chosen;
}

void redis_cluster_map_tick(struct redis_link *link, uint64_t now_ms) {
    struct redis_cluster *c = redis_cluster_of(link);
    struct redis_shard *shard = choose(link);
    bool is_urgent = c->is_stale || !link->is_up;
    if (shard && now_ms >= c->asked_ms + (is_urgent ? ASK_STALE_MS : ASK_ALWAYS_MS)) {
        ask(link, shard->commands);
    } else if (!shard && redis_conn_is_idle(c->scout) && now_ms >= c->scout_due_ms) {
        scout(link);
    }
}
