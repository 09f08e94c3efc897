/* SPDX-License-Identifier: MIT */
/*
 * session/conn.c: a connection's socket: reading, flushing once a turn, and the one door out.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/seat.h"
#include "session/conn_priv.h"
#include "ws/close.h"
#include "ws/frame.h"

#include <sys/epoll.h>
#include <unistd.h>

enum {
    FLUSHES_A_CLOCK = 8, /* some 20 µs */
    FLUSHES_A_TURN = 64, /* about 0.1 ms of sends; then others get their turn, */
    FLUSH_NS = 100000,   /* and after that time, since those of large messages take longer; */
    FRESH_A_TURN = 48,   /* of these so many are for what was not there before */
    RESUMES_A_TURN = 8,  /* each of up to 64 messages or requests */
};

bool conn_greet(struct session *s, struct conn *c) {
    c->state = CONN_HTTP;
    if (!conn_http_begin(s, c)) return false;
    return !c->is_tls || stream_begin_tls_server(&c->stream, s->rules->options.tls) == ERR_OK;
}

void conn_open(struct session *s, enum session_door door, bool is_tls, int own_fd,
               const struct address *peer) {
    uint32_t index;
    bool has_room = conn_guest_take_room(s);
    if (!has_room || slab_take(&s->conns, &index) != ERR_OK) {
        if (has_room) conn_guest_give_room(s);
        (void)close(own_fd);
        counter_add(&s->counts->accept_failed, 1);
        return;
    }
    struct conn *c = conn_at(s, index);
    c->stream.fd = own_fd;
    conn_guest_stay(s, index);
    c->door = (uint8_t)door;
    c->is_tls = is_tls;
    c->address = *peer;
    c->number = ++s->opened;
    c->opened_s = c->heard_s = s->now_s;
    bool is_good = conn_proxy_is_due(s, c) ? conn_proxy_begin(c) : conn_greet(s, c);
    if (!is_good || loop_watch(s->loop, own_fd, s->kind, index, EPOLLIN) != ERR_OK) {
        conn_drop(s, index, 0, "accept failed");
        counter_add(&s->counts->accept_failed, 1);
        return;
    }
    heartbeat_arm(s, index);
}

/* Who does not read its answers, or waits for enough of them, is not asked for more requests. */
bool conn_is_deaf(const struct conn *c) {
    bool is_waiting = c->state == CONN_HTTP && (c->is_refused || conn_http_is_deaf(c));
    return c->has_peer_ended || c->has_to_shake || is_waiting;
}

void conn_watch(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    c->is_deaf = conn_is_deaf(c);
    if (c->is_unwatched && c->is_queued) return; /* when its turn comes */
    uint32_t events = (c->is_deaf ? 0u : EPOLLIN) | (c->is_refused ? EPOLLOUT : 0u);
    if (!c->is_unwatched) {
        loop_rewatch(s->loop, c->stream.fd, s->kind, index, events);
        return;
    }
    c->is_unwatched = false;
    if (loop_watch(s->loop, c->stream.fd, s->kind, index, events) != ERR_OK) {
        c->is_unwatched = c->is_lost = true;
        conn_mark(s, index);
    }
}

void conn_unwatch(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    loop_unwatch(s->loop, c->stream.fd);
    c->is_unwatched = true;
}

void conn_mark(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    if (c->is_dirty) return;
    c->is_dirty = true;
    c->next_dirty = 0;
    struct dirty_list *list = &s->fresh;
    *(list->last ? &conn_at(s, list->last)->next_dirty : &list->first) = index;
    list->last = index;
    s->dirty_count++;
}

void conn_pause(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    if (c->is_paused) return;
    c->is_paused = true;
    c->next_paused = 0;
    *(s->paused_last ? &conn_at(s, s->paused_last)->next_paused : &s->paused_first) = index;
    s->paused_last = index;
}

/* Keeps the process's sum of refused bytes right. */
static void account(struct session *s, struct conn *c) {
    uint32_t now = 0;
    if (c->is_refused) {
        now = c->state == CONN_HTTP ? conn_http_waiting(c) : c->outbox.bytes;
        now += (uint32_t)stream_held_bytes(&c->stream);
    }
    if (now == c->queued) return;
    atomic_fetch_add_explicit(&s->shared->queued_bytes, (uint64_t)now - c->queued,
                              memory_order_relaxed);
    c->queued = now;
}

static bool is_over_budget(const struct session *s, const struct conn *c, size_t more) {
    if (!c->is_refused && c->holds == 0) return false;
    if (c->state == CONN_OPEN && c->outbox.bytes + more > conn_endpoint(s, c)->max_queue_bytes) {
        return true;
    }
    uint64_t all = atomic_load_explicit(&s->shared->queued_bytes, memory_order_relaxed);
    return all + more > s->rules->options.queue_bytes_max;
}

/* The time for the latency histogram, read anew every few flushes: a clock costs as much as a
 * hundredth of a send. */
static uint64_t flush_clock(struct session *s) {
    if (s->flushes++ % FLUSHES_A_CLOCK == 0) s->flush_ns = clock_now_ns();
    return s->flush_ns;
}

static enum err flush_outbox(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    const struct message *front = c->outbox.first;
    const struct outbox_tally tally = { s->counts, c->endpoint, flush_clock(s), !c->is_replaying };
    enum err e = outbox_flush(&c->outbox, &s->pool, &c->stream, &tally);
    if (e == ERR_AGAIN && (!c->is_refused || c->outbox.first != front)) {
        c->refused_since_s = s->now_s;
    }
    return e;
}

/* What a flush came to. */
static void settle_flush(struct session *s, uint32_t index, enum err e) {
    struct conn *c = conn_at(s, index);
    if (e == ERR_CLOSED) {
        conn_drop(s, index, WS_CLOSE_ABNORMAL, "connection lost");
        return;
    }
    bool is_refused = e == ERR_AGAIN;
    if (is_refused != c->is_refused) {
        c->is_refused = is_refused;
        conn_watch(s, index);
        if (is_refused) heartbeat_arm(s, index);
    }
    account(s, c);
    if (c->state == CONN_HTTP && is_over_budget(s, c, 0)) {
        conn_drop(s, index, 0, "answers not read");
        return;
    }
    if (is_refused) return;
    if (c->state == CONN_OPEN && c->is_replaying) conn_pause(s, index); /* what is next? */
    if (c->state != CONN_CLOSING) return;
    bool must_finish = !c->is_finished && (c->is_tls || !c->has_peer_ended);
    if (must_finish) {
        stream_finish_writing(&c->stream);
        c->is_finished = true;
    }
    if (must_finish && c->is_tls) {
        conn_mark(s, index); /* the end may have found no room either */
    } else if (c->has_peer_ended) {
        conn_drop(s, index, 0, "closed");
    }
}

bool conn_push(struct session *s, uint32_t index, struct message *own) {
    struct conn *c = conn_at(s, index);
    uint32_t before = c->outbox.bytes;
    if (c->is_slow || is_over_budget(s, c, own->len) || !outbox_push(&c->outbox, &s->pool, own)) {
        c->is_slow = true;
        conn_mark(s, index);
        return false;
    }
    if (c->is_refused) {
        account(s, c);
        return true;
    }
    conn_mark(s, index);
    if (c->holds == 0 && before < FLUSH_AT_ONCE_BYTES && c->outbox.bytes >= FLUSH_AT_ONCE_BYTES) {
        /* Ending it is left to the turn's end: this may be in the midst of a fan-out. */
        (void)!flush_outbox(s, index);
    }
    return true;
}

static void end_slow(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    size_t dropped = outbox_cut(&c->outbox, &s->pool);
    counter_add(&s->counts->dropped[COUNT_DROP_SLOW], dropped);
    c->is_slow = false;
    conn_end(s, index,
             &(struct conn_reason){ "slow consumer", WS_CLOSE_SLOW, SPAN("Slow consumer") });
}

void conn_flush(struct session *s, uint32_t index) {
    static const struct conn_reason complete = { "complete", WS_CLOSE_NORMAL, { "Complete", 8 } };
    struct conn *c = conn_at(s, index);
    if (c->is_lost) {
        conn_drop(s, index, WS_CLOSE_ABNORMAL, "out of memory");
        return;
    }
    if (c->holds > 0) return; /* marked again when nothing holds it */
    if (c->is_slow && c->state == CONN_OPEN) end_slow(s, index);
    if (c->is_complete && !c->is_replaying && c->state == CONN_OPEN) conn_end(s, index, &complete);
    switch (c->state) {
    case CONN_HTTP: settle_flush(s, index, conn_http_flush(s, index)); break;
    case CONN_OPEN:
    case CONN_CLOSING: settle_flush(s, index, flush_outbox(s, index)); break;
    default: break; /* ended while it waited for its flush */
    }
}

static void log_end(const struct session *s, const struct conn *c, const char *event,
                    uint16_t code) {
    char address[ADDRESS_TEXT_MAX];
    (void)address_format(&c->address, address);
    struct span user = seat_user(c->user);
    log_line(LOG_DEBUG, "connection closed", log_text("reason", event), log_uint("code", code),
             log_text("endpoint", conn_endpoint(s, c)->name), log_span("user", user),
             log_text("address", address), log_uint("seconds", s->now_s - c->opened_s));
}

/* A WebSocket is one no longer: out of its channels, off its seat, counted. */
static void leave_open(struct session *s, uint32_t index, uint16_t code, const char *event) {
    struct conn *c = conn_at(s, index);
    if (log_is_on(LOG_DEBUG)) log_end(s, c, event, code);
    counter_add(&s->counts->closed[count_close_kind(code)], 1);
    histogram_add(&s->counts->duration, &histogram_duration, s->now_s - c->opened_s, 1);
    conn_ws_leave(s, index);
}

static void begin_closing(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    c->state = CONN_CLOSING;
    conn_guest_stay(s, index);
    if (c->is_deaf && !c->has_peer_ended) conn_watch(s, index);
    c->heard_s = s->now_s; /* the wait for the peer counts from here */
    c->left_bytes = conn_left(c);
    heartbeat_arm(s, index);
    conn_mark(s, index);
}

void conn_end(struct session *s, uint32_t index, const struct conn_reason *reason) {
    struct conn *c = conn_at(s, index);
    if (c->state == CONN_HTTP) {
        conn_http_leave(s, c);
        begin_closing(s, index);
        return;
    }
    if (c->state != CONN_OPEN) return;
    assert(reason);
    char payload[WS_CONTROL_MAX]; /* first of all: the text may stand in what leaving frees */
    size_t len = ws_close_encode(payload, reason->code, reason->text);
    leave_open(s, index, reason->code, reason->event);
    struct message *farewell = message_new_frame(WS_OP_CLOSE, span_of(payload, len));
    if (farewell && !outbox_push(&c->outbox, &s->pool, farewell)) message_unref(farewell);
    begin_closing(s, index);
}

void conn_drop(struct session *s, uint32_t index, uint16_t code, const char *event) {
    struct conn *c = conn_at(s, index);
    if (c->state == CONN_ENDED) return;
    if (c->state == CONN_OPEN) leave_open(s, index, code, event);
    if (c->state == CONN_PROXY) conn_proxy_leave(c);
    if (c->state == CONN_HTTP) conn_http_leave(s, c);
    size_t dropped = outbox_clear(&c->outbox, &s->pool);
    counter_add(&s->counts->dropped[COUNT_DROP_CLOSED], dropped);
    /* A peer that had its time to close, or to read: the kernel shall not keep anything for it. */
    bool is_abort = (c->is_finished || c->is_refused) && !c->has_peer_ended;
    c->is_refused = false;
    account(s, c);
    (void)!conn_count_held(s, c, 0);
    wheel_cancel(&s->wheel, index);
    if (is_abort) {
        stream_abort(&c->stream);
    } else {
        stream_close(&c->stream);
    }
    conn_guest_leave(s, index);
    conn_guest_give_room(s);
    c->state = CONN_ENDED;
    c->next_ended = s->ended;
    s->ended = index;
}

static void on_end_of_stream(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    c->has_peer_ended = true;
    switch (c->state) {
    case CONN_HTTP: /* it may still want to hear the answers to what it asked */
        conn_http_end(s, index);
        break;
    case CONN_OPEN: conn_drop(s, index, WS_CLOSE_ABNORMAL, "connection lost"); break;
    default:
        if (outbox_is_empty(&c->outbox)) {
            conn_drop(s, index, 0, "closed");
        } else if (!c->is_deaf) {
            conn_watch(s, index); /* a stream at its end stays readable */
        }
        break;
    }
}

static void on_input(struct session *s, uint32_t index, size_t len) {
    switch (conn_at(s, index)->state) {
    case CONN_HTTP: conn_http_input(s, index, span_of(s->read_buffer, len)); break;
    case CONN_OPEN: conn_ws_input(s, index, s->read_buffer, len); break;
    default: break; /* what comes after our last words is discarded */
    }
}

void conn_was_read(struct session *s, uint32_t index, enum err e, size_t len) {
    struct conn *c = conn_at(s, index);
    if (e && e != ERR_AGAIN) {
        on_end_of_stream(s, index);
    } else if (!conn_count_held(s, c, stream_held_bytes(&c->stream))) {
        conn_refuse_held(s, index);
    } else if (!e) {
        on_input(s, index, len);
    }
}

void conn_read(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    if (stream_is_shaking(&c->stream)) {
        conn_shake(s, index);
        return;
    }
    size_t len = 0;
    /* Records of a byte cost as much as large ones: for a portion's sake not too many at once. */
    size_t most = c->is_tls ? STREAM_READ_MIN : READ_BYTES;
    enum err e = stream_read(&c->stream, s->read_buffer, most, &len);
    conn_was_read(s, index, e, len);
}

void conn_ready(void *owner, uint32_t index, uint32_t events) {
    struct session *s = owner;
    struct conn *c = conn_at(s, index);
    if (c->state == CONN_ENDED) return; /* in the same batch of events as its end */
    if (c->state == CONN_PROXY) {
        conn_proxy_ready(s, index);
        return;
    }
    if (events & EPOLLOUT) {
        conn_flush(s, index);
        if (c->state == CONN_HTTP && !c->is_refused) conn_go_on(s, index);
    }
    /* One that is replayed to may still speak. */
    if ((c->is_paused && c->state == CONN_HTTP) || c->state == CONN_ENDED) return;
    if (c->state == CONN_HTTP && events & (EPOLLHUP | EPOLLERR) && conn_http_is_asking(c)) {
        conn_drop(s, index, 0, "connection lost"); /* nobody is there to be answered */
        return;
    }
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    if (conn_is_deaf(c)) {
        conn_read(s, index); /* nothing but its end is told of then */
    } else {
        conn_on_readable(s, index);
    }
}

bool conn_resume_turn(void *owner) {
    struct session *s = owner;
    /* Those that pause again go to the end: each gets its turn. */
    uint32_t last = s->paused_last;
    for (int i = 0; i < RESUMES_A_TURN && s->paused_first; i++) {
        uint32_t index = s->paused_first;
        struct conn *c = conn_at(s, index);
        s->paused_first = c->next_paused;
        if (!s->paused_first) s->paused_last = 0;
        c->is_paused = false;
        if (c->state == CONN_HTTP) conn_http_resume(s, index);
        if (c->state == CONN_OPEN && c->is_replaying) relay_replay(s, index);
        if (index == last) break;
    }
    return s->paused_first != 0;
}

/* Flushes up to `max` of a list, or until it is so late; how many they were. */
static int flush_list(struct session *s, struct dirty_list *list, int max, uint64_t until_ns) {
    int count = 0;
    for (; count < max && list->first; count++) {
        if (count % FLUSHES_A_CLOCK == FLUSHES_A_CLOCK - 1 && clock_now_ns() >= until_ns) break;
        uint32_t index = list->first;
        struct conn *c = conn_at(s, index);
        list->first = c->next_dirty;
        if (!list->first) list->last = 0;
        s->dirty_count--;
        c->is_dirty = false;
        /* Refused ones go on when the socket is writable, unless they are to be ended. */
        if (!c->is_refused || c->is_slow) conn_flush(s, index);
    }
    return count;
}

/* What a large fan-out leaves over waits for the next turns, and a message to somebody else does
 * not wait behind it. */
static void flush_dirty(struct session *s) {
    uint64_t until_ns = clock_now_ns() + FLUSH_NS;
    int max = s->backlog.first ? FRESH_A_TURN : FLUSHES_A_TURN;
    int count = flush_list(s, &s->fresh, max, until_ns);
    (void)flush_list(s, &s->backlog, FLUSHES_A_TURN - count, until_ns);
    if (!s->fresh.first) return;
    *(s->backlog.last ? &conn_at(s, s->backlog.last)->next_dirty : &s->backlog.first) =
        s->fresh.first;
    s->backlog.last = s->fresh.last;
    s->fresh = (struct dirty_list){ 0 };
}

/* Gives back the slots of those that ended; one that is still on a list keeps its slot for another
 * turn. True when that should come at once. */
static bool reap(struct session *s) {
    bool is_more = false;
    uint32_t index = s->ended;
    s->ended = 0;
    while (index) {
        struct conn *c = conn_at(s, index);
        uint32_t next = c->next_ended;
        if (c->is_dirty || c->is_paused || c->is_queued || c->has_to_shake || c->holds > 0) {
            c->next_ended = s->ended;
            s->ended = index;
            /* The disk takes its time, and so does LINE_HEAVY. */
            is_more |=
                c->is_dirty || c->is_paused || (c->is_queued && !c->is_heavy) || c->has_to_shake;
        } else {
            slab_give(&s->conns, index);
        }
        index = next;
    }
    return is_more;
}

bool conn_flush_turn(void *owner) {
    struct session *s = owner;
    s->flushes = 0;
    flush_dirty(s);
    bool is_more = conn_line_turn(s);
    s->flushes = 0; /* whatever leaves in the midst of the next turn reads the clock first */
    is_more |= reap(s);
    return is_more || s->dirty_count > 0 || s->paused_first;
}
