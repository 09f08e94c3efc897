/* SPDX-License-Identifier: MIT */
/*
 * session/heartbeat.c: what happens to a connection because time passes: pings, idleness, a write
 * or a message that does not end, a token that does, a request that never comes.
 *
 * A connection has one timer, set to the nearest of its deadlines. What moves a deadline away (a
 * message came in) does not touch the timer: it goes off, sees that it is early and is set anew.
 */
#include "base/clock.h"
#include "base/random.h"
#include "session/conn_priv.h"
#include "ws/close.h"
#include "ws/frame.h"

enum {
    PORTION = 1024,      /* timers worked off in a turn, */
    PORTION_NS = 100000, /* for so long, since some of them end connections, */
    TIMERS_A_CLOCK = 8,  /* which costs more than to ask what time it is */
};

static uint32_t nearer(uint32_t a, uint32_t b) {
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* `from_s` is the second in which something happened: one more, so that the time is never short. */
static uint32_t after(uint32_t from_s, uint32_t seconds) {
    return seconds ? from_s + seconds + 1 : 0;
}

static uint32_t unfinished_deadline(const struct session *s, const struct conn *c) {
    uint32_t since_s = ws_reader_since(&c->in.reader);
    return since_s ? after(since_s, conn_endpoint(s, c)->unfinished_seconds) : 0;
}

static uint32_t open_deadline(const struct session *s, const struct conn *c) {
    const struct endpoint_options *options = conn_endpoint(s, c);
    uint32_t due = nearer(after(c->heard_s, options->idle_seconds), c->expires_s);
    due = nearer(due, unfinished_deadline(s, c));
    due = nearer(due, c->ping_due_s);
    if (c->is_refused) due = nearer(due, after(c->refused_since_s, options->write_seconds));
    return due;
}

static uint32_t http_deadline(const struct session *s, const struct conn *c) {
    const struct conn_http *http = c->in.http;
    const struct session_options *options = &s->rules->options;
    /* It is not the peer that is late; but who only wants to come in does not wait for ever. */
    if (http->answers.count > 0 && !c->is_refused) return 0;
    bool is_waiting = http->is_idle && http->has_asked;
    return after(http->since_s, is_waiting || c->is_refused ? options->http_idle_seconds
                                                            : options->handshake_seconds);
}

static uint32_t deadline(const struct session *s, const struct conn *c) {
    switch (c->state) {
    case CONN_PROXY: return after(c->opened_s, s->rules->options.handshake_seconds);
    case CONN_HTTP: return http_deadline(s, c);
    case CONN_OPEN: return open_deadline(s, c);
    case CONN_CLOSING: return c->heard_s + CLOSE_WAIT_SECONDS;
    default: return 0;
    }
}

void heartbeat_arm(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    uint32_t due = deadline(s, c);
    if (due == 0) {
        wheel_cancel(&s->wheel, index);
    } else if (c->timer.due_s == 0 || due < c->timer.due_s) {
        wheel_set(&s->wheel, index, due);
    }
}

static bool has_come(const struct session *s, uint32_t due_s) {
    return due_s != 0 && due_s <= s->now_s;
}

static void ping(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    uint32_t every = conn_endpoint(s, c)->ping_seconds;
    c->ping_due_s = every ? s->now_s + every : 0;
    if (!every || c->is_refused) return; /* it has enough to read */
    struct message *ping = message_new_frame(WS_OP_PING, span_of("", 0));
    if (ping && !conn_push(s, index, ping)) message_unref(ping);
}

static void open_due(struct session *s, uint32_t index) {
    static const struct conn_reason idle = { "idle", WS_CLOSE_IDLE, { "Idle timeout", 12 } };
    static const struct conn_reason unfinished = { "message not finished",
                                                   WS_CLOSE_IDLE,
                                                   { "Message not finished in time", 28 } };
    static const struct conn_reason expired = { "token expired",
                                                WS_CLOSE_EXPIRED,
                                                { "Token expired", 13 } };
    struct conn *c = conn_at(s, index);
    const struct endpoint_options *options = conn_endpoint(s, c);
    if (c->is_refused && has_come(s, after(c->refused_since_s, options->write_seconds))) {
        c->is_slow = true;
        conn_mark(s, index);
    } else if (has_come(s, c->expires_s)) {
        conn_end(s, index, &expired);
    } else if (has_come(s, after(c->heard_s, options->idle_seconds))) {
        conn_end(s, index, &idle);
    } else if (has_come(s, unfinished_deadline(s, c))) {
        conn_end(s, index, &unfinished);
    } else if (has_come(s, c->ping_due_s)) {
        ping(s, index);
    }
}

/* A slow reader has still to get what was queued before our close frame, by us or by the kernel: it
 * keeps the time to close as long as it goes on reading. Not in a drain, which has an end. */
static bool is_taking(const struct session *s, struct conn *c) {
    if (s->is_draining) return false;
    uint32_t left = conn_left(c);
    bool is_taking = 0 < left && left < c->left_bytes;
    c->left_bytes = left;
    if (is_taking) c->heard_s = s->now_s;
    return is_taking;
}

static void on_due(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    if (!has_come(s, deadline(s, c))) return; /* something moved it meanwhile */
    switch (c->state) {
    case CONN_PROXY: conn_proxy_overdue(s, index); break;
    case CONN_HTTP: conn_http_overdue(s, index); break;
    case CONN_OPEN: open_due(s, index); break;
    default:
        if (!is_taking(s, c)) conn_drop(s, index, 0, "did not close in time");
        break;
    }
}

void heartbeat_begin(struct session *s, struct conn *c) {
    uint32_t every = conn_endpoint(s, c)->ping_seconds;
    /* Those who come together must not all be pinged together. */
    if (every) c->ping_due_s = s->now_s + 1 + (uint32_t)random_below(every);
}

void heartbeat_change(struct session *s) {
    s->rearm_next = 1; /* slots count from 1 */
}

/* As if it began now, unless its next ping comes soon enough. */
static void change_ping(struct session *s, struct conn *c) {
    uint32_t every = conn_endpoint(s, c)->ping_seconds;
    if (every && c->ping_due_s && c->ping_due_s <= s->now_s + every) return;
    c->ping_due_s = 0;
    heartbeat_begin(s, c);
}

/* Who comes while this goes on is armed by the new rules already. True: there are more. */
static bool rearm(struct session *s) {
    if (!s->rearm_next) return false;
    for (int i = 0; i < PORTION; i++) {
        if (s->rearm_next >= s->conns.fresh) {
            s->rearm_next = 0;
            return false;
        }
        uint32_t index = s->rearm_next++;
        struct conn *c = conn_at(s, index);
        if (c->state == CONN_OPEN) change_ping(s, c);
        if (c->state != CONN_ENDED) heartbeat_arm(s, index);
    }
    return true;
}

bool heartbeat_turn(void *owner) {
    struct session *s = owner;
    s->now_s = session_clock(s->shared, loop_now_ns(s->loop));
    uint64_t until_ns = loop_now_ns(s->loop) + PORTION_NS;
    for (int i = 1; i <= PORTION; i++) {
        if (i % TIMERS_A_CLOCK == 0 && clock_now_ns() >= until_ns) break;
        uint32_t index = wheel_next(&s->wheel, s->now_s);
        if (!index) return rearm(s);
        on_due(s, index);
        if (conn_at(s, index)->state != CONN_ENDED) heartbeat_arm(s, index);
    }
    return true;
}
