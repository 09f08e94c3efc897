/* SPDX-License-Identifier: MIT */
/*
 * redis/link_priv.h: a link from within: shards, each a server with a connection for commands and
 * one for subscriptions, and a topology, which knows which servers there are and what lies where.
 *
 *     single.c    one shard for everything
 *     sentinel.c  the same, whose server the Sentinels name
 *     cluster.c   a shard for each master, by slots
 *
 * A shard does not open itself again when it was lost: its topology decides when and whereto
 * (`redis_shard_retry` waits with backoff and then calls `due`).
 */
#ifndef TIDINGS_REDIS_LINK_PRIV_H
#define TIDINGS_REDIS_LINK_PRIV_H

#include "redis/backoff_priv.h"
#include "redis/pubsub_priv.h"

enum { REDIS_SCRIPTS_MAX = 32 }; /* that a shard is given before they are run */

struct redis_shard {
    struct redis_link *link;
    struct redis_shard *next, **to_it; /* the shards of the link */
    struct redis_server server;
    struct redis_conn *commands;
    struct redis_conn *listening; /* opened when `commands` is ready */
    struct redis_pubsub pubsub;
    struct redis_backoff backoff;
    uint64_t due_ms;     /* when to try again; 0: not */
    uint64_t up_ms;      /* since when it is up */
    bool is_open;        /* opened and not lost since */
    bool is_closing;     /* one of its connections is gone, the other follows */
    bool is_up;          /* takes commands and has all subscriptions that were owed */
    struct err_note why; /* it was lost */
    /* Those it was given by the connection that it has. */
    const struct redis_script *scripts[REDIS_SCRIPTS_MAX];
    size_t script_count;

    /* Of a Cluster. */
    bool is_spare;     /* the link is up without it */
    size_t slots;      /* that it has */
    uint64_t since_ms; /* when it was made or lost its last slot */
};

struct redis_topology {
    bool is_kept; /* commands keep their bytes, since any may have to be sent again */
    /* The link is made, without shards yet; begins to find servers. */
    void (*begin)(struct redis_link *link);
    /* Frees `link->found`. The shards are the link's, and freed already, with all connections of
     * `link->net`. */
    void (*finish)(struct redis_link *link);
    /* Where commands for `slot` go; NULL: nowhere now. */
    struct redis_shard *(*shard_of)(struct redis_link *link, uint16_t slot);
    /* Commands for `slot` are to wait, since others that must not be overtaken are on their way to
     * another server. NULL: never. */
    bool (*is_held)(struct redis_link *link, uint16_t slot);
    /* Takes a command that waits, with its bytes kept. */
    void (*hold)(struct redis_link *link, struct redis_command *command);
    /* Puts the ways of a subscription, none of which is with a server, where they belong
     * (`redis_pubsub_add`); those that belong nowhere yet are put when that is known. */
    void (*place)(struct redis_link *link, struct redis_subscription *s);
    /* All servers that are needed are there: with that, and all shards up, the link is up. */
    bool (*is_complete)(struct redis_link *link);
    /* A shard takes commands; whoever implements this calls `redis_shard_listen` when its
     * subscriptions are to be made. NULL: at once. */
    void (*shard_ready)(struct redis_link *link, struct redis_shard *shard);
    /* A shard was lost, or could not be reached: both of its connections are closed. */
    void (*shard_lost)(struct redis_link *link, struct redis_shard *shard);
    /* The time of `redis_shard_retry` has come. */
    void (*due)(struct redis_link *link, struct redis_shard *shard);
    /* `reply` is an error. True: it was seen to, `command` is sent again (or will be). */
    /* May be NULL. */
    bool (*refused)(struct redis_link *link, struct redis_shard *shard,
                    struct redis_command *command, const struct redis_reply *reply);
    /* A subscription was refused. False: nothing could be done, the shard is closed. NULL: so. */
    bool (*refused_way)(struct redis_link *link, struct redis_shard *shard,
                        const struct redis_reply *reply);
    /* The server ended a way by itself; it is with no server now. May be NULL. */
    void (*ousted)(struct redis_link *link, struct redis_shard *shard, struct redis_subscription *s,
                   int way);
    /* Some 20 times a second. May be NULL. */
    void (*tick)(struct redis_link *link, uint64_t now_ms);
};

extern const struct redis_topology redis_single, redis_sentinel, redis_cluster;

struct redis_link {
    struct redis_net net;
    uv_prepare_t turn;
    uv_timer_t tick;
    int closed; /* of these two, at the very end */
    struct redis_options options;
    struct redis_login login;
    const struct redis_events *events;
    void *owner;
    const struct redis_topology *topology;
    void *found; /* the topology's own */
    struct redis_shard *shards;
    struct map subscriptions;
    struct err_note why; /* it is not up */
    bool is_up;
    bool is_ending;   /* in `redis_link_free` */
    uint64_t said_ms; /* the second in which it last said something */
    uint32_t said;    /* how often in it */
};

/* A shard without a server; NULL when there are too many connections. */
struct redis_shard *redis_shard_new(struct redis_link *link);
/* Its ways are with no server then. `shard_lost` is not said. Fine inside callbacks: what waits is
 * answered with NULL at the end of the turn. */
void redis_shard_free(struct redis_shard *shard);
/* Connects; it must not be open. */
void redis_shard_open(struct redis_shard *shard, const struct redis_server *server);
/* Gives it a script that it was not given yet. Were it only given the text of those that it
 * refuses, what is sent meanwhile would overtake them. Errors: those of `redis_conn_send`. */
MUST_USE enum err redis_shard_load(struct redis_shard *shard, const struct redis_script *script);
/* Its subscriptions are to be made; it must take commands. */
void redis_shard_listen(struct redis_shard *shard);
/* Gives it up; `shard_lost` follows at the end of the turn. Nothing when it is not open. */
void redis_shard_close(struct redis_shard *shard, const char *why);
/* Calls `due` after a while (exponential, jittered). */
void redis_shard_retry(struct redis_shard *shard);

/* Sees whether its subscriptions stand. */
void redis_shard_judge(struct redis_shard *shard);

/* Why it is not complete, for `down`; of use to a topology without a shard to blame. What
 * `is_complete` and the shards say is looked at at the end of each turn. */
void redis_link_blame(struct redis_link *link, const char *why);
/* To the owner's log, unless too much was said this second. */
void redis_link_say(struct redis_link *link, int level, const char *what,
                    const struct redis_server *server);

#endif
