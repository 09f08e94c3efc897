/* SPDX-License-Identifier: MIT */
/*
 * session/conn_later.c: requests whose answer comes after their handler has returned. Where the
 * handler lets them, those behind it are looked at meanwhile, as far as their answers are few; a
 * handshake waits until nothing stands before it. A client that ends only its own side still hears
 * its answers.
 */
#include "base/log.h"
#include "session/conn_priv.h"

struct buf *conn_http_next_out(struct conn *c) {
    struct conn_http *http = c->in.http;
    if (http->answers.count == 0) return &http->out;
    struct buf *end = answers_end(&http->answers);
    if (end) return end;
    c->is_lost = true;
    return &http->out; /* which will not leave any more */
}

static void fill(struct conn_http *http, uint32_t few) {
    http->few = http->is_full && http->few < few ? http->few : few;
    http->is_full = true;
}

void conn_http_weigh(struct conn_http *http) {
    answers_count_end(&http->answers);
    if (http->answers.count >= ANSWERS_MAX || http->answers.bytes > HTTP_OUT_HIGH_BYTES) {
        fill(http, ANSWERS_FEW);
    }
}

void conn_http_leave_open(struct session *s, uint32_t index, const struct http_call *call) {
    struct conn *c = conn_at(s, index);
    struct conn_http *http = c->in.http;
    struct owed *owed = answers_add(&http->answers, call->later.ticket);
    if (!owed) {
        c->is_lost = true;
        return;
    }
    owed->response = *call->response;
    owed->response.common = span_of("", 0);
    owed->route = call->route;
    owed->address = http->peer.address;
    http->is_idle = false; /* so that a drain waits for it */
    if (!call->lets_pass) fill(http, 0);
    conn_http_weigh(http);
}

static void log_answer(const struct owed *owed) {
    char address[ADDRESS_TEXT_MAX];
    (void)address_format(&owed->address, address);
    log_line(LOG_DEBUG, "http request", log_text("route", owed->route->pattern.text),
             log_int("status", owed->response.status), log_text("address", address));
}

/* Writes it to `out`. False: there was no memory. */
static bool write_answer(struct session *s, struct conn_http *http, struct owed *owed,
                         struct buf *out, http_writer writer, void *context) {
    struct http_response *response = &owed->response;
    response->out = out;
    response->begin_at = out->len; /* what stood before it may have left */
    /* Nobody hears what is said behind an answer that is the last. */
    if (s->is_draining && answers_is_last(&http->answers, owed)) response->is_keep_alive = false;
    writer(context, response);
    conn_http_count(s, owed->route, response->status);
    if (log_is_on(LOG_DEBUG)) log_answer(owed);
    http->is_last |= !response->is_keep_alive;
    return !buf_err(out);
}

/* All is answered. */
static void settle(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    struct conn_http *http = c->in.http;
    http->is_idle = http_parser_is_idle(http->parser) && http->held.len == 0 && !http->is_kept;
    if (http->is_last || (http->is_idle && s->is_draining)) conn_end(s, index, NULL);
}

/* What was first in line is out. */
static void go_on(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    struct conn_http *http = c->in.http;
    if (buf_err(&http->out)) {
        conn_drop(s, index, 0, "out of memory");
        return;
    }
    conn_mark(s, index);
    if (!c->is_refused) http->since_s = s->now_s;
    if (http->is_full && http->answers.count <= http->few &&
        http->answers.bytes <= HTTP_OUT_HIGH_BYTES) {
        http->is_full = false;
        conn_watch(s, index);
    }
    if (http->answers.count == 0) settle(s, index);
    if (c->state != CONN_HTTP) return;
    if (conn_http_can_go_on(c)) conn_go_on(s, index);
    heartbeat_arm(s, index);
}

static struct owed *find(const struct conn *c, uint64_t ticket) {
    return c->state == CONN_HTTP ? answers_find(&c->in.http->answers, ticket) : NULL;
}

void conn_http_answer(void *owner, uint64_t ticket, http_writer writer, void *context) {
    struct session *s = owner;
    uint32_t index = (uint32_t)(ticket >> 32);
    struct conn *c = conn_at(s, index); /* the slot may be another's now */
    struct owed *owed = find(c, ticket);
    if (!owed) return;
    struct conn_http *http = c->in.http;
    bool is_first = answers_is_first(&http->answers, owed);
    struct buf *out = is_first ? &http->out : &owed->out;
    bool is_written = write_answer(s, http, owed, out, writer, context);
    answers_written(&http->answers, owed, &http->out);
    if (!is_written || !conn_http_count_kept(s, http)) {
        conn_drop(s, index, 0, is_written ? "too many unfinished requests" : "out of memory");
    } else if (is_first) {
        go_on(s, index);
    } else if (http->is_last && !c->is_deaf) {
        conn_watch(s, index);
    }
}
