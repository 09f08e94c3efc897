/* SPDX-License-Identifier: MIT */
/*
 * redis/cluster_again.c: commands that a server of a Cluster refused since it is not the one, or
 * not now: they are sent where it says, or again after a little while, a bounded number of times.
 *
 * Commands for one slot do not overtake each other meanwhile. New ones wait behind those that wait;
 * and when a slot goes elsewhere, they wait until its former server has answered all that it was
 * sent (a fence), since what it refuses of that has to be sent on first. What is asked for during a
 * migration (ASK), or refused for want of some of its keys (TRYAGAIN), may be overtaken.
 */
#include "base/mem.h"
#include "redis/cluster_priv.h"

enum {
    WAIT_MS = 100,
    TRIES_MAX = 40,     /* some four seconds: as long as a replica needs to take over */
    TRIES_AT_ONCE = 10, /* two servers that name each other are not asked as fast as they answer */
};

/* ---- queues ---- */

static void append(struct redis_link *link, struct redis_cluster_queue *q,
                   struct redis_command *command) {
    command->next = NULL;
    if (q->last) {
        q->last->next = command;
    } else {
        q->first = command;
    }
    q->last = command;
    q->counts[command->slot]++;
    link->net.queued_bytes += command->kept_len;
}

static struct redis_command *take_first(struct redis_link *link, struct redis_cluster_queue *q) {
    struct redis_command *command = q->first;
    q->first = command->next;
    if (!q->first) q->last = NULL;
    q->counts[command->slot]--;
    link->net.queued_bytes -= command->kept_len;
    return command;
}

/* ---- after a while ---- */

static void wait(struct redis_link *link, struct redis_command *command) {
    command->sent_ms = redis_now_ms();
    append(link, &redis_cluster_of(link)->refused, command);
}

static enum err send_again(struct redis_shard *shard, struct redis_command *command) {
    enum err e = command->script ? redis_shard_load(shard, command->script) : ERR_OK;
    return e ? e : redis_conn_send_kept(shard->commands, command);
}

static void try_again(struct redis_link *link, struct redis_command *command) {
    static const struct redis_reply NOBODY = { .kind = REDIS_ERROR,
                                               .text = { "CLUSTERDOWN its slot is nobody's", 32 } };
    struct redis_shard *shard = redis_cluster_server_of(link, command->slot);
    if (shard && send_again(shard, command) == ERR_OK) return;
    if (++command->tries < TRIES_MAX) {
        wait(link, command);
    } else {
        redis_command_answer(command, &NOBODY);
    }
}

/* ---- in order ---- */

struct fence {
    struct redis_command command;
    struct redis_link *link;
    uint16_t slot;
};

static bool is_behind_others(const struct redis_cluster *c, uint16_t slot) {
    return c->fences[slot] > 0 || c->refused.counts[slot] > 0;
}

bool redis_cluster_is_held(struct redis_link *link, uint16_t slot) {
    const struct redis_cluster *c = redis_cluster_of(link);
    return is_behind_others(c, slot) || c->held.counts[slot] > 0;
}

void redis_cluster_hold(struct redis_link *link, struct redis_command *command) {
    append(link, &redis_cluster_of(link)->held, command);
}

/* Sends those that need wait no more. */
static void release(struct redis_link *link) {
    struct redis_cluster *c = redis_cluster_of(link);
    const struct redis_command *last = c->held.last, *command = NULL;
    while (command != last) {
        struct redis_command *first = take_first(link, &c->held);
        command = first;
        if (is_behind_others(c, first->slot)) {
            append(link, &c->held, first);
        } else {
            try_again(link, first);
        }
    }
}

static void on_fence(struct redis_command *command, const struct redis_reply *reply) {
    (void)reply;
    struct fence *fence = container_of(command, struct fence, command);
    struct redis_link *link = fence->link;
    struct redis_cluster *c = redis_cluster_of(link);
    uint16_t slot = fence->slot;
    mem_free(fence);
    if (--c->fences[slot] == 0 && c->held.counts[slot] > 0 && !link->is_ending) release(link);
}

void redis_cluster_fence(struct redis_link *link, struct redis_shard *former, uint16_t slot) {
    struct fence *fence = mem_new(sizeof *fence);
    fence->command.answered = on_fence;
    fence->link = link;
    fence->slot = slot;
    if (redis_conn_send(former->commands, &fence->command, &SPAN("PING"), 1, false)) {
        mem_free(fence); /* nothing is under way there, or too much for order */
        return;
    }
    redis_cluster_of(link)->fences[slot]++;
}

void redis_cluster_again_tick(struct redis_link *link, uint64_t now_ms) {
    struct redis_cluster *c = redis_cluster_of(link);
    while (c->refused.first && now_ms >= c->refused.first->sent_ms + WAIT_MS)
        try_again(link, take_first(link, &c->refused));
    release(link);
}

void redis_cluster_again_end(struct redis_link *link) {
    struct redis_cluster *c = redis_cluster_of(link);
    while (c->refused.first)
        redis_command_answer(take_first(link, &c->refused), NULL);
    while (c->held.first)
        redis_command_answer(take_first(link, &c->held), NULL);
}

/* ---- elsewhere ---- */

static void on_asking(struct redis_command *asking, const struct redis_reply *reply) {
    (void)reply;
    mem_free(asking);
}

/* A slot that is on its way: this one command goes to where it is going, which takes it when it was
 * announced. A script goes by its text, for one that is refused there is sent back. */
static enum err send_asking(struct redis_shard *shard, struct redis_command *command) {
    struct redis_command *asking = mem_new(sizeof *asking);
    asking->answered = on_asking;
    enum err e = redis_conn_send(shard->commands, asking, &SPAN("ASKING"), 1, false);
    if (e) {
        mem_free(asking);
        return e;
    }
    return command->script ? redis_conn_send_script(shard->commands, command)
                           : redis_conn_send_kept(shard->commands, command);
}

static bool redirect(struct redis_link *link, struct redis_shard *from,
                     struct redis_command *command, const struct redis_reply *reply) {
    uint16_t slot;
    struct redis_server server;
    if (!redis_redirect_read(reply->text, &from->server, &slot, &server)) return false;
    struct redis_shard *to = redis_cluster_shard(link, &server);
    if (!to) return false;
    bool is_asking = redis_is_error(reply, "ASK");
    if (is_asking) {
        to->since_ms = redis_now_ms(); /* it is of use without a slot */
    } else {
        redis_cluster_of(link)->is_stale = true;
        redis_cluster_name(link, slot, to);
    }
    enum err e = ERR_AGAIN;
    if (command->tries < TRIES_AT_ONCE && redis_cluster_of(link)->refused.counts[slot] == 0) {
        e = is_asking ? send_asking(to, command) : send_again(to, command);
    }
    if (e) wait(link, command);
    return true;
}

bool redis_cluster_refused(struct redis_link *link, struct redis_shard *shard,
                           struct redis_command *command, const struct redis_reply *reply) {
    bool is_elsewhere = redis_is_error(reply, "MOVED") || redis_is_error(reply, "ASK");
    bool is_down = redis_is_error(reply, "CLUSTERDOWN");
    /* What is not kept is the link's own and not about a key. */
    if (!command->kept || link->is_ending || ++command->tries >= TRIES_MAX) return false;
    if (is_elsewhere) return redirect(link, shard, command, reply);
    if (is_down) redis_cluster_of(link)->is_stale = true;
    if (is_down || redis_is_error(reply, "TRYAGAIN")) {
        wait(link, command);
        return true;
    }
    return false;
}
