/* SPDX-License-Identifier: MIT */
/*
 * redis/cluster_again.c: commands that a server of a Cluster refused since it is not the one, or
 * not now: they are sent where it says, or again after a little while, a bounded number of times.
 */
#include "base/mem.h"
#include "redis/cluster_priv.h"

enum {
    WAIT_MS = 100,
    TRIES_MAX = 40,     /* some four seconds: as long as a replica needs to take over */
    TRIES_AT_ONCE = 10, /* two servers that name each other are not asked as fast as they answer */
};

/* ---- after a while ---- */

static void wait(struct redis_link *link, struct redis_command *command) {
    struct redis_cluster *c = redis_cluster_of(link);
    command->sent_ms = redis_now_ms();
    command->next = NULL;
    if (c->last_waiting) {
        c->last_waiting->next = command;
    } else {
        c->waiting = command;
    }
    c->last_waiting = command;
    link->net.queued_bytes += command->kept_len;
}

static struct redis_command *take_waiting(struct redis_link *link) {
    struct redis_cluster *c = redis_cluster_of(link);
    struct redis_command *command = c->waiting;
    c->waiting = command->next;
    if (!c->waiting) c->last_waiting = NULL;
    link->net.queued_bytes -= command->kept_len;
    return command;
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

void redis_cluster_again_tick(struct redis_link *link, uint64_t now_ms) {
    struct redis_cluster *c = redis_cluster_of(link);
    while (c->waiting && now_ms >= c->waiting->sent_ms + WAIT_MS)
        try_again(link, take_waiting(link));
}

void redis_cluster_again_end(struct redis_link *link) {
    struct redis_cluster *c = redis_cluster_of(link);
    while (c->waiting)
        redis_command_answer(take_waiting(link), NULL);
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
    if (command->tries < TRIES_AT_ONCE) {
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
