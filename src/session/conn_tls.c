/* SPDX-License-Identifier: MIT */
/*
 * session/conn_tls.c: a connection's TLS handshake.
 *
 * One costs as much as a hundred messages, and those who come in a storm want it all at once. So a
 * turn spends a bounded time on handshakes; who comes after that stands in a queue, unwatched, and
 * the next turns work it off from the front.
 *
 * Measured with 400 clients that say hello at the same moment, and one that pings: with 0.1 ms a
 * turn, which is one handshake, its median wait is 0.3 ms (0.08 in peace), with 0.5 ms 0.7 to 3,
 * and without a bound it waits for all of them, 150 to 340. A handshake costs 5% more for it.
 */
#include "base/clock.h"
#include "base/log.h"
#include "session/conn_priv.h"
#include "ws/close.h"

static_assert((int)TLS_PROBLEM_KINDS == COUNT_TLS_LATE, "every problem has a counter");

static void count(struct session *s, const struct conn *c, unsigned result, const char *why) {
    counter_add(&s->counts->tls_handshakes[result], 1);
    if (result == TLS_PROBLEM_NONE || !log_is_on(LOG_DEBUG)) return;
    char address[ADDRESS_TEXT_MAX];
    (void)address_format(&c->address, address);
    log_line(LOG_DEBUG, "tls handshake failed", log_text("problem", why),
             log_text("address", address));
}

static void on_failed(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    enum tls_problem problem = stream_problem(&c->stream);
    if (problem == TLS_PROBLEM_NONE) problem = TLS_PROBLEM_CLOSED;
    count(s, c, problem, stream_problem_text(&c->stream));
    if (problem == TLS_PROBLEM_PLAIN_HTTP && c->state == CONN_HTTP) {
        stream_end_tls(&c->stream);
        conn_http_refuse_plain(s, index);
    } else {
        conn_drop(s, index, 0, "no TLS");
    }
}

static void on_done(struct session *s, struct conn *c) {
    count(s, c, TLS_PROBLEM_NONE, NULL);
    if (stream_is_resumed(&c->stream)) counter_add(&s->counts->tls_resumed, 1);
    if (c->state == CONN_HTTP) c->in.http->since_s = s->now_s; /* now its request has its time */
}

static void shake(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    size_t len = 0;
    uint64_t began_ns = clock_now_ns();
    enum err e = stream_read(&c->stream, s->read_buffer, READ_BYTES, &len);
    s->shake_ns += clock_now_ns() - began_ns;
    bool is_done = !stream_is_shaking(&c->stream);
    if (e && e != ERR_AGAIN && !is_done) {
        on_failed(s, index);
        return;
    }
    if (is_done) on_done(s, c);
    conn_mark(s, index); /* the kernel may not have taken all of our answer */
    conn_was_read(s, index, e, len);
}

void conn_shake(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    if (c->has_to_shake) return;
    if (!s->shake_first && s->shake_ns < SHAKE_A_TURN_NS) {
        shake(s, index);
        return;
    }
    c->has_to_shake = true;
    s->shake_count++;
    c->next_paused = 0;
    *(s->shake_last ? &conn_at(s, s->shake_last)->next_paused : &s->shake_first) = index;
    s->shake_last = index;
    conn_watch(s, index);
}

bool conn_shake_turn(void *owner) {
    struct session *s = owner;
    while (s->shake_first && s->shake_ns < SHAKE_A_TURN_NS) {
        uint32_t index = s->shake_first;
        struct conn *c = conn_at(s, index);
        s->shake_first = c->next_paused;
        if (!s->shake_first) s->shake_last = 0;
        c->has_to_shake = false;
        s->shake_count--;
        if (c->state == CONN_ENDED) continue;
        shake(s, index);
        if (c->state != CONN_ENDED) conn_watch(s, index);
    }
    s->shake_ns = 0;
    return s->shake_first != 0;
}

void conn_shake_overdue(struct session *s, uint32_t index) {
    count(s, conn_at(s, index), COUNT_TLS_LATE, "took too long");
    conn_drop(s, index, 0, "no TLS in time");
}

bool conn_count_held(struct session *s, struct conn *c, size_t held) {
    struct ws_budget *budget = &s->shared->unfinished;
    uint32_t before = c->held;
    if (held == before) return true;
    c->held = (uint16_t)(held < UINT16_MAX ? held : UINT16_MAX);
    uint64_t more = (uint64_t)c->held - before;
    uint64_t used = atomic_fetch_add_explicit(&budget->used, more, memory_order_relaxed) + more;
    return c->held <= before || used <= atomic_load_explicit(&budget->max, memory_order_relaxed);
}

void conn_refuse_held(struct session *s, uint32_t index) {
    static const char why[] = "no memory for an unfinished record";
    const struct conn *c = conn_at(s, index);
    if (c->state == CONN_OPEN) {
        conn_end(s, index, &(struct conn_reason){ why, WS_CLOSE_TRY_LATER, span_str(why) });
    } else if (c->state == CONN_HTTP && stream_is_shaking(&c->stream)) {
        conn_drop(s, index, 0, why);
    } else if (c->state == CONN_HTTP) {
        conn_http_refuse_unfinished(s, index);
    } /* else its time is counted already */
}
