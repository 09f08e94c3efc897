/* SPDX-License-Identifier: MIT */
/*
 * redis/cluster.c: the servers of a Cluster: a shard for each master, commands and subscriptions by
 * slot.
 *
 * What is published plainly at any server reaches all of them, so a plain subscription could be
 * made anywhere. It is made where the channel's slot is: the servers share the work evenly, and a
 * channel is heard again as soon as its own server is there.
 *
 * A subscription that stands is left alone, whatever is said of its slot: a server ends it by
 * itself when the slot goes elsewhere, and what a server says that has not heard of that yet must
 * not move anything back. Only a master that has had no slot for a while is given up with all that
 * stands there: it is cut off from the others, or a replica now, or leaves.
 */
#include "base/mem.h"
#include "redis/cluster_priv.h"

enum {
    BARE_MS = 1000,    /* a master without slots is given up */
    SPARE_MS = 1000,   /* a new one may take to connect while the link is up */
    SETTLE_MS = 500,   /* what nobody took is offered again */
    BOUNCED_MAX = 500, /* a tick: servers that name each other are not asked any faster */
};

/* ---- where subscriptions belong ---- */

static struct redis_pubsub *home_of(struct redis_link *link, const struct redis_subscription *s) {
    struct redis_cluster *c = redis_cluster_of(link);
    struct redis_shard *shard = c->named[s->slot];
    return shard ? &shard->pubsub : &c->limbo;
}

/* Puts what was elsewhere before; the server owes it, if the link is to come up. */
static void move(struct redis_link *link, struct redis_pubsub *home, struct redis_subscription *s,
                 int way) {
    redis_pubsub_add(home, s, way);
    if (!link->is_up) redis_pubsub_owe(&s->ways[way]);
}

static void place(struct redis_link *link, struct redis_subscription *s) {
    bool is_sharded = link->options.is_sharded;
    if (is_sharded) redis_pubsub_add(home_of(link, s), s, REDIS_SHARDED);
    if (!is_sharded || s->is_plain) redis_pubsub_add(home_of(link, s), s, REDIS_PLAIN);
}

/* Sends away what only waits there and belongs elsewhere. */
static void rehome(struct redis_link *link, struct redis_pubsub *p) {
    struct redis_way *next;
    for (struct redis_way *way = p->lists[REDIS_WAY_PENDING].first; way; way = next) {
        next = way->next;
        struct redis_subscription *s = redis_way_owner(way);
        struct redis_pubsub *home = home_of(link, s);
        int kind = way->is_sharded ? REDIS_SHARDED : REDIS_PLAIN;
        if (home == p) continue;
        redis_pubsub_remove(s, kind);
        move(link, home, s, kind);
    }
}

void redis_cluster_settle(struct redis_link *link) {
    struct redis_cluster *c = redis_cluster_of(link);
    c->is_unsettled = false;
    c->settled_ms = redis_now_ms();
    rehome(link, &c->limbo);
    for (struct redis_shard *shard = link->shards; shard; shard = shard->next) {
        if (!shard->pubsub.is_open) rehome(link, &shard->pubsub);
    }
}

static void ousted(struct redis_link *link, struct redis_shard *shard, struct redis_subscription *s,
                   int way) {
    (void)shard;
    redis_cluster_of(link)->is_stale = true;
    /* Perhaps it is asked for there once more: then it says where the slot is. */
    move(link, home_of(link, s), s, way);
}

static bool refused_way(struct redis_link *link, struct redis_shard *shard,
                        const struct redis_reply *reply) {
    struct redis_cluster *c = redis_cluster_of(link);
    struct redis_way *first = shard->pubsub.lists[REDIS_WAY_ASKED].first;
    uint16_t slot = first ? redis_way_owner(first)->slot : 0;
    struct redis_server server;
    bool is_moved = redis_is_error(reply, "MOVED") &&
                    redis_redirect_read(reply->text, &shard->server, &slot, &server);
    if (!is_moved && !redis_is_error(reply, "CLUSTERDOWN")) return false;
    c->is_stale = true;
    c->is_unsettled |= is_moved;
    struct redis_shard *to = is_moved ? redis_cluster_shard(link, &server) : NULL;
    if (to) redis_cluster_name(link, slot, to);
    bool is_at_once = to && to != shard && c->bounced++ < BOUNCED_MAX;
    struct redis_subscription *s;
    while ((s = redis_pubsub_take_refused(&shard->pubsub, slot)))
        move(link, is_at_once ? &to->pubsub : &c->limbo, s, REDIS_SHARDED);
    return true;
}

/* ---- shards ---- */

struct redis_shard *redis_cluster_shard(struct redis_link *link,
                                        const struct redis_server *server) {
    struct redis_shard *shard = link->shards;
    while (shard && !redis_server_eq(&shard->server, server))
        shard = shard->next;
    if (shard) return shard;
    shard = redis_shard_new(link);
    if (!shard) return NULL;
    shard->since_ms = redis_now_ms();
    shard->is_spare = link->is_up;
    redis_shard_open(shard, server);
    return shard;
}

void redis_cluster_name(struct redis_link *link, uint16_t slot, struct redis_shard *shard) {
    struct redis_cluster *c = redis_cluster_of(link);
    struct redis_shard *old = c->named[slot];
    if (old == shard) return;
    c->named[slot] = shard;
    c->is_unsettled = true;
    if (shard) {
        shard->slots++;
        c->covered++;
    }
    if (old) {
        old->slots--;
        c->covered--;
        c->former[slot] = old;
        redis_cluster_fence(link, old, slot);
        if (old->slots == 0) old->since_ms = redis_now_ms();
    }
}

static void give_up(struct redis_link *link, struct redis_shard *shard) {
    struct redis_cluster *c = redis_cluster_of(link);
    for (size_t slot = 0; slot < REDIS_SLOTS; slot++) {
        if (c->former[slot] == shard) c->former[slot] = NULL;
    }
    redis_pubsub_end(&shard->pubsub);
    rehome(link, &shard->pubsub);
    redis_shard_free(shard);
}

static void tend(struct redis_link *link, uint64_t now_ms) {
    for (struct redis_shard *shard = link->shards, *next; shard; shard = next) {
        next = shard->next;
        bool is_bare = shard->slots == 0;
        bool is_coming = shard->is_open && !shard->is_up && now_ms < shard->since_ms + SPARE_MS;
        shard->is_spare = is_bare || (shard->is_spare && is_coming);
        if (is_bare && (!shard->is_open || now_ms > shard->since_ms + BARE_MS)) {
            give_up(link, shard);
        }
    }
}

static void shard_lost(struct redis_link *link, struct redis_shard *shard) {
    redis_cluster_of(link)->is_stale = true;
    redis_shard_retry(shard);
}

static void due(struct redis_link *link, struct redis_shard *shard) {
    (void)link;
    const struct redis_server server = shard->server;
    redis_shard_open(shard, &server);
}

/* ---- the topology ---- */

struct redis_shard *redis_cluster_server_of(struct redis_link *link, uint16_t slot) {
    struct redis_cluster *c = redis_cluster_of(link);
    struct redis_shard *named = c->named[slot], *former = c->former[slot];
    bool is_former = named && former && !redis_conn_is_ready(named->commands) &&
                     redis_conn_is_ready(former->commands);
    return is_former ? former : named;
}

/* A link that comes up has also what was moved to a server that had all of its own. */
static bool all_stand(const struct redis_link *link) {
    bool do_stand = !redis_cluster_of(link)->limbo.lists[REDIS_WAY_PENDING].first;
    for (const struct redis_shard *shard = link->shards; shard; shard = shard->next)
        do_stand &= shard->is_spare || redis_pubsub_stands(&shard->pubsub);
    return do_stand;
}

static bool is_complete(struct redis_link *link) {
    bool is_covered = redis_cluster_of(link)->covered == REDIS_SLOTS;
    return is_covered && (link->is_up || all_stand(link));
}

static void tick(struct redis_link *link, uint64_t now_ms) {
    struct redis_cluster *c = redis_cluster_of(link);
    c->bounced = 0;
    tend(link, now_ms);
    if (c->is_unsettled || now_ms >= c->settled_ms + SETTLE_MS) redis_cluster_settle(link);
    redis_cluster_map_tick(link, now_ms);
    redis_cluster_again_tick(link, now_ms);
}

static void begin(struct redis_link *link) {
    struct redis_cluster *c = mem_new(sizeof *c);
    link->found = c;
    redis_pubsub_init(&c->limbo, NULL, &link->subscriptions, NULL, NULL);
    redis_cluster_map_begin(link);
}

static void finish(struct redis_link *link) {
    redis_pubsub_finish(&redis_cluster_of(link)->limbo);
    redis_cluster_again_end(link);
    mem_free(redis_cluster_of(link)->answer);
    mem_free(link->found);
}

const struct redis_topology redis_cluster = {
    .is_kept = true,
    .begin = begin,
    .finish = finish,
    .shard_of = redis_cluster_server_of,
    .is_held = redis_cluster_is_held,
    .hold = redis_cluster_hold,
    .place = place,
    .is_complete = is_complete,
    .shard_lost = shard_lost,
    .due = due,
    .refused = redis_cluster_refused,
    .refused_way = refused_way,
    .ousted = ousted,
    .tick = tick,
};
