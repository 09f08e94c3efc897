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
 * A third line is for those who send what is inflated to a lot and read by nobody: such a message
 * is one piece of work, of up to half a millisecond, so there is only one every HEAVY_EVERY_MS.
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
    HEAVY_EVERY_MS = 40,
};

static struct line *line_of(struct session *s, const struct conn *c) {
    if (c->is_heavy) return &s->lines[LINE_HEAVY];
    bool is_new = c->state == CONN_HTTP && (!c->in.http->has_asked || c->in.http->is_kept);
    return &s->lines[is_new ? LINE_NEW : LINE_OTHERS];
}

/* Is its input to wait for its turn? */
static bool must_queue(const struct session *s, const struct conn *c) {
    switch (c->state) {
    case CONN_HTTP: return c->door == SESSION_DOOR_PUBLIC && !c->in.http->is_trusted;
    case CONN_OPEN: return c->is_heavy || (c->reads >= EAGER_READS && c->heard_s == s->now_s);
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
    if (c->is_heavy || line->first || line->spent_ns >= LINE_NS) {
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

static uint32_t take_first(struct session *s, struct line *line) {
    uint32_t index = line->first;
    struct conn *c = conn_at(s, index);
    line->first = c->next_queued;
    if (!line->first) line->last = 0;
    line->count--;
    c->is_queued = false;
    return index;
}

static void serve_timed(struct session *s, struct line *line, uint32_t index) {
    conn_portion_begin(s);
    uint64_t begun_ns = s->portion_until_ns - PORTION_NS;
    serve(s, index);
    line->spent_ns += clock_now_ns() - begun_ns;
}

static void work_off(struct session *s, struct line *line) {
    /* Those that have more to say go to the end, for the next turn. */
    uint32_t last = line->last;
    while (line->first && line->spent_ns < LINE_NS) {
        uint32_t index = take_first(s, line);
        if (conn_at(s, index)->state != CONN_ENDED) serve_timed(s, line, index);
        if (index == last) break;
    }
    line->spent_ns = 0;
}

static void on_heavy_alarm(void *owner) {
    struct session *s = owner;
    s->is_heavy_alarm_set = false; /* that there is a turn is all */
}

void conn_line_begin(struct session *s) {
    s->heavy_alarm = loop_add_alarm(s->loop, on_heavy_alarm, s);
}

static void work_off_heavy(struct session *s) {
    struct line *line = &s->lines[LINE_HEAVY];
    while (line->first && conn_at(s, line->first)->state == CONN_ENDED)
        (void)take_first(s, line);
    if (!line->first) return;
    uint64_t now_ns = clock_now_ns();
    if (now_ns >= s->heavy_after_ns) {
        s->heavy_after_ns = now_ns + HEAVY_EVERY_MS * NS_PER_MS;
        uint32_t index = take_first(s, line);
        conn_at(s, index)->is_heavy = false;
        serve_timed(s, line, index);
    }
    if (!line->first || s->is_heavy_alarm_set) return;
    s->is_heavy_alarm_set = true;
    loop_set_alarm(s->loop, s->heavy_alarm, HEAVY_EVERY_MS);
}

bool conn_line_turn(struct session *s) {
    bool was_any = false;
    s->unwatched = 0;
    for (size_t i = 0; i < LINE_HEAVY; i++) {
        was_any |= s->lines[i].first != 0;
        work_off(s, &s->lines[i]);
    }
    work_off_heavy(s);
    /* Another turn even so: what they have published is to be brought to its listeners. */
    return was_any;
}
