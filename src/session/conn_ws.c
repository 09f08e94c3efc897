/* SPDX-License-Identifier: MIT */
/*
 * session/conn_ws.c: a connection that is a WebSocket, from its handshake to its end, and what the
 * client says. What it is told is for relay.c.
 */
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "hub/seat.h"
#include "hub/subscribe.h"
#include "session/admission.h"
#include "session/channels.h"
#include "session/cluster.h"
#include "ws/close.h"
#include "ws/frame.h"

enum {
    IGNORED_KEPT_BYTES = 128, /* of a message that is not echoed: enough to recognise a ping */
    MINUTE_S = 60,
    FRAMES_AT_ONCE = 64,    /* then a look at the clock, */
    PONGS_A_PORTION = 64,   /* and for more pings the last of these */
    HEAVY_BYTES = 64 << 10, /* 50 µs of inflating */
};

void conn_ws_begin(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    conn_http_leave(s, c);
    c->state = CONN_OPEN;
    conn_guest_leave(s, index);
    c->opened_s = c->heard_s = s->now_s;
    counter_add(&s->counts->endpoints[c->endpoint].active, 1);
    heartbeat_begin(s, c);
    wheel_cancel(&s->wheel, index); /* the handshake's deadline is no more */
    heartbeat_arm(s, index);
    conn_mark(s, index);
    relay_begin(s, index);
}

void conn_ws_leave(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    size_t count;
    const struct subscription *first = channels_of(c, &count);
    struct interest *channel = c->has_channel_seat ? hub_channel_entry(s->hub, first) : NULL;
    const struct seats seats = { c->user, channel, true, c->has_shared_seat };
    channels_leave(s, index);
    admission_leave(s, c->endpoint, &seats);
    c->user = NULL;
    ws_reader_finish(&c->in.reader);
    counter_sub(&s->counts->endpoints[c->endpoint].active, 1);
}

static void say(struct session *s, uint32_t index, uint8_t opcode, struct span payload) {
    struct message *words = message_new_frame(opcode, payload);
    if (!words) {
        conn_drop(s, index, WS_CLOSE_ABNORMAL, "out of memory");
    } else if (!conn_push(s, index, words)) {
        message_unref(words);
    }
}

/* The words in `s->scratch`, if there was memory for all of them. */
static void say_scratch(struct session *s, uint32_t index) {
    if (buf_err(&s->scratch)) {
        conn_drop(s, index, WS_CLOSE_ABNORMAL, "out of memory");
    } else {
        say(s, index, WS_OP_TEXT, buf_span(&s->scratch));
    }
}

/* The user, or the address of one that has no name, stays out for a while. */
static void shut_out(struct session *s, const struct conn *c) {
    const struct endpoint_options *options = conn_endpoint(s, c);
    struct limits *limits = s->shared->limits;
    struct span user = seat_user(c->user);
    const struct limits_key key = c->user ? limits_key_user(limits, user, c->endpoint)
                                          : limits_key_address(&c->address, c->endpoint);
    uint64_t for_ms = options->block_seconds * 1000ull;
    limits_block(limits, &key, loop_now_ns(s->loop) / NS_PER_MS + for_ms);
    if (!cluster_has_limits(s, options)) return;
    if (c->user) {
        cluster_block_user(s, options, user, for_ms);
    } else {
        cluster_block_address(s, options, &c->address, for_ms);
    }
}

/* Too many messages. */
static void end_flooder(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    const struct endpoint_options *options = conn_endpoint(s, c);
    shut_out(s, c);
    const struct refusal refusal = { REFUSAL_LIMITED_MESSAGES, options->limited_code,
                                     options->block_seconds };
    if (options->explains && options->refuse == ENDPOINT_REFUSE_CLOSE) {
        buf_clear(&s->scratch);
        options->dialect->refusal(&refusal, &s->scratch);
        say_scratch(s, index);
    }
    const struct conn_reason reason = { "too many messages", refusal.code,
                                        options->dialect->refusal_reason(refusal.kind) };
    conn_end(s, index, &reason);
}

/* Counts a message; false when it is one more than a minute may have. */
static bool may_speak(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    uint32_t per_minute = conn_endpoint(s, c)->messages_per_minute;
    if (per_minute == 0) return true;
    if (c->message_count == 0 || s->now_s - c->minute_from_s >= MINUTE_S) {
        c->minute_from_s = s->now_s;
        c->message_count = 0;
    }
    return ++c->message_count <= per_minute;
}

static void log_ignored(const struct endpoint_options *options, const struct ws_event *event) {
    struct json_value value;
    struct json_error error;
    const char *json = event->is_cut                                ? "not looked at"
                       : json_parse(event->payload, &value, &error) ? "yes"
                                                                    : "no";
    log_line(LOG_DEBUG, "message ignored", log_text("endpoint", options->name),
             log_uint("bytes", event->len), log_text("json", json));
}

static void on_message(struct session *s, uint32_t index, const struct ws_event *event) {
    struct conn *c = conn_at(s, index);
    const struct endpoint_options *options = conn_endpoint(s, c);
    counter_add(&s->counts->received, 1);
    if (!may_speak(s, index)) {
        end_flooder(s, index);
        return;
    }
    bool is_text = event->kind == WS_EVENT_TEXT;
    bool is_whole = !event->is_cut;
    /* What was not compressed came in pieces, each of which was a piece of work. */
    c->is_heavy |= c->has_deflate && !is_whole && event->len > HEAVY_BYTES;
    /* One that began when it was to be ignored may be cut. */
    if (options->inbound == ENDPOINT_INBOUND_ECHO && is_whole) {
        say(s, index, is_text ? WS_OP_TEXT : WS_OP_BINARY, event->payload);
        return;
    }
    if (is_text && is_whole && dialect_is_ping(event->payload)) {
        buf_clear(&s->scratch);
        options->dialect->pong(clock_wall_ms(), &s->scratch);
        say_scratch(s, index);
    } else if (log_is_on(LOG_DEBUG)) {
        log_ignored(options, event);
    }
}

/* For pings that come in a crowd, the latest pong stands for all
 * (RFC 6455 §5.5.3). */
static void pong(struct session *s, uint32_t index, struct span payload) {
    struct conn *c = conn_at(s, index);
    bool is_one_for_all =
        ++s->pongs > PONGS_A_PORTION || (c->is_refused && c->reads > PONGS_A_PORTION);
    struct message *words = is_one_for_all ? message_new_frame(WS_OP_PONG, payload) : NULL;
    if (words && outbox_supersede(&c->outbox, words)) return;
    message_unref(words);
    say(s, index, WS_OP_PONG, payload);
}

static void on_event(struct session *s, uint32_t index, const struct ws_event *event) {
    switch (event->kind) {
    case WS_EVENT_TEXT:
    case WS_EVENT_BINARY: on_message(s, index, event); break;
    case WS_EVENT_PING: pong(s, index, event->payload); break;
    case WS_EVENT_PONG: break;
    case WS_EVENT_CLOSE: {
        const struct conn_reason reason = { "closed by the client", event->code, event->payload };
        conn_end(s, index, &reason);
        break;
    }
    }
}

/* It has had its portion, or has no more to say for now. */
static void put_down(struct session *s, uint32_t index, const struct ws_options *options,
                     const struct ws_input *rest) {
    struct conn *c = conn_at(s, index);
    if (!ws_reader_hold(&c->in.reader, options, rest)) {
        const struct conn_reason reason = { "no memory for what it says", WS_CLOSE_TRY_LATER,
                                            SPAN("Too much to read at once") };
        conn_end(s, index, &reason);
    } else if (rest->len > 0) {
        c->reads = UINT8_MAX;
        counter_add(&s->counts->portions, 1);
        conn_queue(s, index);
    }
    if (c->state == CONN_OPEN && ws_reader_since(&c->in.reader)) heartbeat_arm(s, index);
}

/* Reads what has come, as far as its portion goes. */
static void read_on(struct session *s, uint32_t index, struct ws_input in) {
    struct conn *c = conn_at(s, index);
    const struct endpoint_options *endpoint = conn_endpoint(s, c);
    bool is_echo = endpoint->inbound == ENDPOINT_INBOUND_ECHO;
    const struct ws_options options = {
        .role = WS_ROLE_SERVER,
        .message_max = endpoint->max_message_bytes,
        .keep_max = is_echo ? endpoint->max_message_bytes : IGNORED_KEPT_BYTES,
        .is_compressed = c->has_deflate,
        .frames_max = FRAMES_AT_ONCE,
        .budget = &s->shared->unfinished,
        .now_s = s->now_s,
    };
    bool is_timed = false;
    s->pongs = 0;
    while (c->state == CONN_OPEN) {
        struct ws_event event;
        switch (ws_read(&c->in.reader, &options, s->inflater, &in, &event)) {
        case WS_MORE: break;
        case WS_EVENT: on_event(s, index, &event); break;
        case WS_FAIL: {
            const struct conn_reason reason = { event.why, event.code, span_str(event.why) };
            conn_end(s, index, &reason);
            return;
        }
        }
        if (c->state != CONN_OPEN) return;
        if (in.len == 0 || c->is_heavy || (is_timed && conn_portion_is_over(s))) {
            put_down(s, index, &options, &in);
            return;
        }
        if (!is_timed) conn_portion_begin(s); /* most say one thing and need no clock */
        is_timed = true;
    }
}

void conn_ws_input(struct session *s, uint32_t index, char *at, size_t len) {
    struct conn *c = conn_at(s, index);
    if (c->heard_s != s->now_s) c->reads = 0;
    if (c->reads < UINT8_MAX) c->reads++;
    c->heard_s = s->now_s;
    read_on(s, index, (struct ws_input){ at, len });
}

bool conn_ws_has_held(const struct conn *c) {
    return ws_reader_held(&c->in.reader).len > 0;
}

void conn_ws_resume(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    c->heard_s = s->now_s;
    read_on(s, index, ws_reader_held(&c->in.reader));
}
