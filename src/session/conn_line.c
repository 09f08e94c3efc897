/* SPDX-License-Identifier: MIT */
/*
 * session/conn_line.c: whose input is worth a wait, so that the work of a few is not a wait for
 * all.
 *
 * A client that says little is served as soon as its socket is ready, and so is a backend that has
 * shown a key. Everybody else stands in line: who has just come and asked nothing yet, and who has
 * said a lot lately (or is a stranger that goes on asking, or has been told goodbye). Each of the
 * two lines gets some time a turn, and each connection in it a portion, then it goes to the end.
 * With nobody in line and time left in the turn a newcomer need not wait for the turn's end.
 *
 * So what one connection can make a worker do in a turn is bounded, and so is what all that flood
 * together can; who is quiet does not notice how many they are.
 */
#include "base/clock.h"
#include "session/conn_priv.h"
#include "ws/close.h"

#include <sys/epoll.h>

enum {
    LINE_NS = 25000,       /* for each line in a turn, */
    PORTION_NS = 12500,    /* and for each connection in it */
    EAGER_READS = 16,      /* inputs in one second are many for a WebSocket */
    NEW_IN_LINE_MAX = 32,  /* far fewer than SPARE_CONNECTIONS: who is in line is not pushed out */
    UNWATCHES_A_TURN = 64, /* each half a µs */
};

static struct line *line_of(struct session *s, const struct conn *c) {
    bool is_new = c->state == CONN_HTTP && (!c->in.http->has_asked || c->in.http->is_kept);
    return &s->lines[is_new ? LINE_NEW : LINE_OTHERS];
}

/* Is its input to wait for its turn? */
static bool must_queue(const struct session *s, const struct conn *c) {
    switch (c->state) {
    case CONN_HTTP: return c->door == SESSION_DOOR_PUBLIC && !c->in.http->is_trusted;
    case CONN_OPEN: return c->reads >= EAGER_READS && c->heard_s == s->now_s;
    default: return true;
    }
}

void conn_queue(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    if (c->is_queued) return;
    struct line *line = line_of(s, c);
    c->is_queued = true;
    c->next_queued = 0;
    *(line->last ? &conn_at(s, line->last)->next_queued : &line->first) = index;
    line->last = index;
    line->count++;
}

void conn_go_on(struct session *s, uint32_t index) {
    if (must_queue(s, conn_at(s, index))) {
        conn_queue(s, index);
    } else {
        conn_pause(s, index);
    }
}

bool session_wants_more(const struct session *s) {
    return s->lines[LINE_NEW].count + s->shake_count < NEW_IN_LINE_MAX;
}

bool conn_portion_is_over(struct session *s) {
    return clock_now_ns() >= s->portion_until_ns;
}

void conn_portion_begin(struct session *s) {
    s->portion_until_ns = clock_now_ns() + PORTION_NS;
}

void conn_on_readable(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    if (c->is_queued) {
        /* It would be ready in every turn until then. */
        if (!c->is_unwatched && s->unwatched < UNWATCHES_A_TURN) {
            conn_unwatch(s, index);
            s->unwatched++;
        }
        return;
    }
    /* TLS handshakes have a queue of their own. */
    if (!must_queue(s, c) || stream_is_shaking(&c->stream)) {
        conn_read(s, index);
        return;
    }
    struct line *line = line_of(s, c);
    if (line->first || line->spent_ns >= LINE_NS) {
        conn_queue(s, index);
        return;
    }
    conn_portion_begin(s);
    uint64_t begun_ns = s->portion_until_ns - PORTION_NS;
    conn_read(s, index);
    line->spent_ns += clock_now_ns() - begun_ns;
}

/* Whose turn it is. */
static void serve(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    if (c->state == CONN_OPEN && stream_is_broken(&c->stream)) {
        conn_drop(s, index, WS_CLOSE_ABNORMAL, "connection lost"); /* whatever it may have said */
    } else if (c->state == CONN_HTTP && conn_http_can_go_on(c)) {
        conn_http_resume(s, index);
    } else if (c->state == CONN_OPEN && conn_ws_has_held(c)) {
        conn_ws_resume(s, index);
    } else if (!conn_is_deaf(c)) {
        conn_read(s, index);
    }
    /* What that leads to is part of its portion. */
    if (c->is_dirty && !c->is_refused) conn_flush(s, index);
    if (c->state != CONN_ENDED && c->is_unwatched && !c->is_queued) conn_watch(s, index);
}

static void work_off(struct session *s, struct line *line) {
    /* Those that have more to say go to the end, for the next turn. */
    uint32_t last = line->last;
    while (line->first && line->spent_ns < LINE_NS) {
        uint32_t index = line->first;
        struct conn *c = conn_at(s, index);
        line->first = c->next_queued;
        if (!line->first) line->last = 0;
        line->count--;
        c->is_queued = false;
        if (c->state != CONN_ENDED) {
            conn_portion_begin(s);
            uint64_t begun_ns = s->portion_until_ns - PORTION_NS;
            serve(s, index);
            line->spent_ns += clock_now_ns() - begun_ns;
        }
        if (index == last) break;
    }
    line->spent_ns = 0;
}

bool conn_line_turn(struct session *s) {
    bool was_any = false;
    s->unwatched = 0;
    for (size_t i = 0; i < LINES; i++) {
        was_any |= s->lines[i].first != 0;
        work_off(s, &s->lines[i]);
    }
    /* Another turn even so: what they have published is to be brought to its listeners. */
    return was_any;
}
