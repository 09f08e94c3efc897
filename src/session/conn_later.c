/* SPDX-License-Identifier: MIT */
/*
 * session/conn_later.c: requests whose answers come after their handlers have returned. Answers
 * stay in the order of their requests: one that comes early, or at once, stands behind those that
 * are still open. Nothing passes a request whose handler does not say that it may; then the
 * connection is not read until the answer is there. A client that ends only its own side still
 * hears the answers.
 */
#include "base/log.h"
#include "base/mem.h"
#include "session/conn_priv.h"

enum { OPEN_MAX = 64 }; /* of one connection */

struct open_answer {
    struct open_answer *next;
    uint64_t ticket;                /* 0: the answer is in `out` */
    const struct http_route *route; /* where it is counted */
    struct http_response response;  /* prepared */
    struct buf out;                 /* for an answer that stands behind others */
    char address[ADDRESS_TEXT_MAX];
};

bool conn_http_waits(const struct conn_http *http) {
    const struct open_answers *open = &http->open;
    if (http->ticket) return true;
    return open->first &&
           (open->is_barrier || open->count >= OPEN_MAX || http->is_kept || http->is_last);
}

static struct open_answer *add(struct conn_http *http) {
    struct open_answers *open = &http->open;
    struct open_answer *a = mem_try(sizeof *a);
    if (!a) return NULL;
    *a = (struct open_answer){ 0 };
    buf_init(&a->out, http->out.max);
    *(open->first ? &open->last->next : &open->first) = a;
    open->last = a;
    open->count++;
    return a;
}

static void drop_first(struct conn_http *http) {
    struct open_answers *open = &http->open;
    struct open_answer *a = open->first;
    open->first = a->next;
    open->count--;
    buf_finish(&a->out);
    mem_free(a);
}

void conn_http_forget_open(struct conn_http *http) {
    while (http->open.first)
        drop_first(http);
}

struct buf *conn_http_next_out(struct conn_http *http) {
    if (!http->open.first) return &http->out;
    struct open_answer *a = add(http);
    return a ? &a->out : NULL;
}

bool conn_http_leave_open(struct session *s, uint32_t index, const struct http_call *call) {
    struct conn *c = conn_at(s, index);
    struct conn_http *http = c->in.http;
    struct open_answer *a = http->open.first ? http->open.last : add(http);
    if (!a) return false;
    a->ticket = call->later.ticket;
    a->route = call->route;
    a->response = *call->response;
    a->response.common = span_of("", 0);
    memcpy(a->address, http->peer.text, sizeof a->address);
    http->open.is_barrier = !call->lets_pass || !call->response->is_keep_alive;
    http->is_idle = false; /* so that a drain waits for it */
    if (conn_http_waits(http)) conn_watch(s, index);
    return true;
}

/* The answer that is open with that ticket; NULL: its connection has ended. The slot may be
 * another's now. */
static struct open_answer *find(const struct session *s, uint32_t index, uint64_t ticket) {
    const struct conn *c = conn_at(s, index);
    struct open_answer *a = c->state == CONN_HTTP ? c->in.http->open.first : NULL;
    while (a && a->ticket != ticket)
        a = a->next;
    return a;
}

/* Returns where it is. */
static struct buf *write_answer(struct session *s, struct conn_http *http, struct open_answer *a,
                                http_writer writer, void *context) {
    struct http_response *response = &a->response;
    response->out = a == http->open.first ? &http->out : &a->out;
    response->begin_at = response->out->len; /* what stood before it may have left */
    if (s->is_draining && !a->next) response->is_keep_alive = false;
    writer(context, response);
    a->ticket = 0;
    conn_http_count(s, a->route, response->status);
    log_line(LOG_DEBUG, "http request", log_text("route", a->route->pattern.text),
             log_int("status", response->status), log_text("address", a->address));
    http->is_last |= !response->is_keep_alive; /* it is the last of the row */
    return response->out;
}

/* Those at the front that are there can leave. */
static void release(struct conn_http *http) {
    struct open_answers *open = &http->open;
    while (open->first && open->first->ticket == 0) {
        buf_append_span(&http->out, buf_span(&open->first->out));
        drop_first(http);
    }
}

void conn_http_answer(void *owner, uint64_t ticket, http_writer writer, void *context) {
    struct session *s = owner;
    uint32_t index = (uint32_t)(ticket >> 32);
    struct open_answer *a = find(s, index, ticket);
    if (!a) return;
    struct conn *c = conn_at(s, index);
    struct conn_http *http = c->in.http;
    bool is_first = a == http->open.first;
    bool is_broken = buf_err(write_answer(s, http, a, writer, context)) != ERR_OK;
    if (is_first) release(http);
    if (is_broken || buf_err(&http->out)) {
        conn_drop(s, index, 0, "out of memory");
        return;
    }
    if (!is_first) return;
    http->since_s = s->now_s;
    http->is_idle = !http->open.first && http_parser_is_idle(http->parser) && http->held.len == 0 &&
                    !http->is_kept;
    conn_mark(s, index);
    if (conn_http_waits(http)) return;
    if (http->is_last) {
        conn_end(s, index, NULL);
        return;
    }
    if (c->is_deaf) conn_watch(s, index);
    if (http->held.len > 0 || http->is_kept) conn_pause(s, index); /* goes on in the next turn */
    heartbeat_arm(s, index);
}
