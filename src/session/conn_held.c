/* SPDX-License-Identifier: MIT */
/*
 * session/conn_held.c: connections that say nothing until what they say is true: the disk has what
 * their answers tell of, or everything that is published from then on is heard.
 *
 * Nothing of such a connection is flushed, so that answers stay in their order and those to many
 * pipelined requests leave after one commit. The tickets that a worker gets only rise, so the
 * connections stand in one queue for each of the two. When the disk fails they are cut off without
 * the answer: what became of the request is not known, and a client must be able to tell that from
 * a refusal. So is one for which too much has come before its handshake was answered.
 */
#include "base/mem.h"
#include "session/conn_priv.h"
#include "store/store.h"
#include "ws/close.h"

enum { FIRST_HELD = 64 };

static const struct store *store_of(const struct session *s) {
    return hub_shared_of(s->hub)->store;
}

static uint64_t reached(const struct session *s, enum hold what) {
    return what == HOLD_HEARD ? broker_heard(hub_broker(s->hub)) : store_durable(store_of(s));
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

bool conn_hold(struct session *s, uint32_t index, enum hold what, uint64_t until) {
    struct held_queue *queue = &s->held[what];
    if (until <= reached(s, what)) return true;
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
    if (conn_http_can_go_on(c)) conn_go_on(s, index);
}

static void let_go(struct session *s, const struct held *held, bool is_reached) {
    struct conn *c = conn_at(s, held->index);
    c->holds--;
    if (c->state == CONN_ENDED) return;
    if (!is_reached) {
        conn_drop(s, held->index, WS_CLOSE_ABNORMAL, "store unavailable");
    } else if (c->is_slow && c->state == CONN_OPEN) {
        conn_drop(s, held->index, WS_CLOSE_ABNORMAL, "slow consumer");
    } else if (c->holds == 0) {
        release(s, held->index);
    }
}

static void work_off(struct session *s, enum hold what) {
    struct held_queue *queue = &s->held[what];
    if (queue->begin == queue->end) return;
    bool is_failing = what == HOLD_DURABLE && store_is_failing(store_of(s));
    uint64_t until = reached(s, what);
    while (queue->begin < queue->end) {
        const struct held held = queue->at[queue->begin];
        bool is_reached = held.until <= until;
        if (!is_reached && !is_failing) break;
        queue->begin++;
        let_go(s, &held, is_reached);
    }
    if (queue->begin == queue->end) queue->begin = queue->end = 0;
}

bool conn_held_turn(void *owner) {
    struct session *s = owner;
    work_off(s, HOLD_DURABLE);
    work_off(s, HOLD_HEARD);
    return false;
}
