/* SPDX-License-Identifier: MIT */
/*
 * session/conn_held.c: connections that say nothing until the disk has what their answers tell of.
 *
 * Nothing of such a connection is flushed, so that answers stay in their order and those to many
 * pipelined requests leave after one commit. The tickets that a worker gets only rise, so the
 * connections stand in one queue. When the disk fails they are cut off without the answer: what
 * became of the request is not known, and a client must be able to tell that from a refusal.
 */
#include "base/mem.h"
#include "session/conn_priv.h"
#include "store/store.h"
#include "ws/close.h"

enum { FIRST_HELD = 64 };

static const struct store *store_of(const struct session *s) {
    return hub_shared_of(s->hub)->store;
}

/* Room behind the last one. */
static bool make_room(struct held_queue *queue) {
    if (queue->end < queue->cap) return true;
    if (queue->begin > queue->cap / 2) {
        memmove(queue->at, queue->at + queue->begin,
                (queue->end - queue->begin) * sizeof *queue->at);
        queue->end -= queue->begin;
        queue->begin = 0;
        return true;
    }
    size_t cap = queue->cap ? queue->cap * 2 : FIRST_HELD;
    struct held *at = mem_try_resize(queue->at, cap * sizeof *at);
    if (!at) return false;
    queue->at = at;
    queue->cap = cap;
    return true;
}

bool conn_hold(struct session *s, uint32_t index, uint64_t until) {
    struct held_queue *queue = &s->held;
    if (until <= store_durable(store_of(s))) return true;
    struct held *last = queue->end > queue->begin ? &queue->at[queue->end - 1] : NULL;
    if (last && last->index == index) {
        last->until = until;
        return true;
    }
    if (!make_room(queue)) return false;
    queue->at[queue->end++] = (struct held){ until, index };
    conn_at(s, index)->holds++;
    return true;
}

static void release(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    conn_mark(s, index);
    if (c->state != CONN_HTTP) return;
    conn_watch(s, index);
    if (c->in.http->held.len > 0 && !c->in.http->ticket && !c->is_refused) conn_pause(s, index);
}

static void let_go(struct session *s, const struct held *held, bool is_durable) {
    struct conn *c = conn_at(s, held->index);
    c->holds--;
    if (c->state == CONN_ENDED) return;
    if (!is_durable) {
        conn_drop(s, held->index, WS_CLOSE_ABNORMAL, "store unavailable");
    } else if (c->holds == 0) {
        release(s, held->index);
    }
}

bool conn_held_turn(void *owner) {
    struct session *s = owner;
    struct held_queue *queue = &s->held;
    if (queue->begin == queue->end) return false;
    bool is_failing = store_is_failing(store_of(s));
    uint64_t durable = store_durable(store_of(s));
    while (queue->begin < queue->end) {
        const struct held held = queue->at[queue->begin];
        bool is_durable = held.until <= durable;
        if (!is_durable && !is_failing) break;
        queue->begin++;
        let_go(s, &held, is_durable);
    }
    if (queue->begin == queue->end) queue->begin = queue->end = 0;
    return false;
}
