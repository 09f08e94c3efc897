/* SPDX-License-Identifier: MIT */
/*
 * session/conn_later.c: a request whose answer comes after its handler has returned. Until then its
 * connection is not read, so that answers stay in the order of their requests; a client that ends
 * only its own side still hears the answer.
 */
#include "base/log.h"
#include "session/conn_priv.h"

void conn_http_leave_open(struct session *s, uint32_t index, const struct http_call *call) {
    struct conn_http *http = conn_at(s, index)->in.http;
    http->ticket = call->later.ticket;
    http->later = *call->response;
    http->later.common = span_of("", 0);
    http->route = call->route;
    http->is_idle = false; /* so that a drain waits for it */
    conn_watch(s, index);
}

/* The connection that waits for the answer; NULL: it has ended. The slot may be another's now. */
static struct conn *find(const struct session *s, uint32_t index, uint64_t ticket) {
    struct conn *c = conn_at(s, index);
    return c->state == CONN_HTTP && c->in.http->ticket == ticket ? c : NULL;
}

static void write_answer(struct session *s, struct conn_http *http, http_writer writer,
                         void *context) {
    struct http_response *response = &http->later;
    response->begin_at = http->out.len; /* what stood before it may have left */
    if (s->is_draining) response->is_keep_alive = false;
    writer(context, response);
    conn_http_count(s, http->route, response->status);
    log_line(LOG_DEBUG, "http request", log_text("route", http->route->pattern.text),
             log_int("status", response->status), log_text("address", http->peer.text));
    http->is_last |= !response->is_keep_alive;
}

void conn_http_answer(void *owner, uint64_t ticket, http_writer writer, void *context) {
    struct session *s = owner;
    uint32_t index = (uint32_t)(ticket >> 32);
    struct conn *c = find(s, index, ticket);
    if (!c) return;
    struct conn_http *http = c->in.http;
    write_answer(s, http, writer, context);
    http->ticket = 0;
    http->since_s = s->now_s;
    http->is_idle = http_parser_is_idle(http->parser) && http->held.len == 0;
    if (buf_err(&http->out)) {
        conn_drop(s, index, 0, "out of memory");
        return;
    }
    if (http->is_last) {
        conn_end(s, index, NULL);
        return;
    }
    conn_watch(s, index);
    conn_mark(s, index);
    if (http->held.len > 0) conn_pause(s, index); /* goes on in the next turn */
    heartbeat_arm(s, index);
}
