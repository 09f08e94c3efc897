/* SPDX-License-Identifier: MIT */
/*
 * redis/cluster_priv.h: a Cluster from within, for cluster.c (shards and subscriptions),
 * cluster_map.c (asks who has which slot) and cluster_again.c (commands that went to the wrong
 * place, and those that must not overtake them). Nobody else includes it.
 */
#ifndef TIDINGS_REDIS_CLUSTER_PRIV_H
#define TIDINGS_REDIS_CLUSTER_PRIV_H

#include "redis/link_priv.h"
#include "redis/slots_priv.h"

struct redis_cluster_queue {
    struct redis_command *first, *last;
    uint32_t counts[REDIS_SLOTS]; /* how many of it are for a slot */
};

struct redis_cluster {
    /* Who has a slot, and who had it before: while the new one is not connected yet, the former
     * says of each command where to send it instead, and nothing is refused. */
    struct redis_shard *named[REDIS_SLOTS], *former[REDIS_SLOTS];
    size_t covered; /* slots that somebody has */
    /* Ways of subscriptions in slots that nobody has; asks nobody. */
    struct redis_pubsub limbo;
    bool is_unsettled;   /* ways may be with the wrong shard */
    uint64_t settled_ms; /* when they were last seen to */
    unsigned bounced;    /* since the last tick: subscriptions that were sent elsewhere */

    /* Questions. */
    struct redis_slots *answer; /* the last; NULL: none yet */
    uint64_t asked_ms;          /* when somebody was asked last */
    uint64_t known_ms;          /* when that was asked which was last answered */
    bool is_stale;              /* something went elsewhere since it was asked */
    struct redis_conn *scout;   /* asks while no master takes commands */
    struct redis_backoff backoff;
    uint64_t scout_due_ms;
    size_t scout_next; /* whom it tries: 0 the configured server, then those of `answer` */
    bool is_scouted;   /* it has had its answer */

    /* Commands to be sent again, and new ones that must not overtake others (cluster_again.c). */
    struct redis_cluster_queue refused, held;
    uint32_t fences[REDIS_SLOTS]; /* answers to come of those who had it before */
};

static inline struct redis_cluster *redis_cluster_of(const struct redis_link *link) {
    return link->found;
}

/* ---- cluster.c ---- */

/* The shard of a server, made when there is none. NULL: there are too many. */
struct redis_shard *redis_cluster_shard(struct redis_link *link, const struct redis_server *server);
/* A slot is somebody's now; NULL: nobody's. */
void redis_cluster_name(struct redis_link *link, uint16_t slot, struct redis_shard *shard);
/* Whom a slot's commands are sent to; NULL: nobody. */
struct redis_shard *redis_cluster_server_of(struct redis_link *link, uint16_t slot);

/* Sends all that waits elsewhere to where its slot is now. */
void redis_cluster_settle(struct redis_link *link);

/* ---- cluster_map.c ---- */

void redis_cluster_map_begin(struct redis_link *link);
void redis_cluster_map_tick(struct redis_link *link, uint64_t now_ms);

/* ---- cluster_again.c ---- */

/* As `refused` of a topology. */
bool redis_cluster_refused(struct redis_link *link, struct redis_shard *shard,
                           struct redis_command *command, const struct redis_reply *reply);
/* As `is_held` and `hold` of a topology. */
bool redis_cluster_is_held(struct redis_link *link, uint16_t slot);
void redis_cluster_hold(struct redis_link *link, struct redis_command *command);
/* A slot is no longer `former`'s: commands for it wait until all that was sent there is answered.
 */
void redis_cluster_fence(struct redis_link *link, struct redis_shard *former, uint16_t slot);
void redis_cluster_again_tick(struct redis_link *link, uint64_t now_ms);
/* Answers all that waits with NULL. */
void redis_cluster_again_end(struct redis_link *link);

#endif
