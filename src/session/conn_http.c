/* SPDX-License-Identifier: MIT */
/*
 * session/conn_http.c: a connection that speaks HTTP: requests are answered in the order they came,
 * all answers of a turn leave together; a handshake makes it a WebSocket.
 */
#include "base/log.h"
#include "base/mem.h"
#include "http/forwarded.h"
#include "http/loopback.h"
#include "session/admission.h"
#include "session/upgrade.h"

enum {
    NO_ROUTE = COUNT_ROUTES_MAX - 1, /* where requests without a route are counted */
    OUT_KEPT_BYTES = 1 << 14,        /* of the room for them, between two turns */
    UNREAD_BODY_MAX = 1 << 14,       /* of a body that takes no key */
    REQUESTS_A_PORTION = 32,         /* of who has a key; each about a µs */
};

static struct http_limits limits_of(const struct session *s) {
    const struct session_options *options = &s->rules->options;
    return (struct http_limits){ options->max_header_bytes, options->max_body_bytes };
}

bool conn_http_begin(struct session *s, struct conn *c) {
    struct conn_http *http = mem_try(sizeof *http);
    if (!http) return false;
    *http = (struct conn_http){ .since_s = s->now_s, .is_idle = true };
    const struct http_limits limits = limits_of(s);
    http->parser = http_parser_new(&limits);
    buf_init(&http->out, ANSWERS_OUT_MAX);
    buf_init(&http->held, READ_BYTES);
    c->in.http = http;
    counter_add(&s->counts->http_connections, 1);
    return true;
}

static bool is_within_budget(struct session *s, struct conn_http *http, size_t kept) {
    struct ws_budget *budget = &s->shared->unfinished;
    size_t before = http->kept;
    if (kept == before) return true;
    http->kept = kept;
    uint64_t used =
        atomic_fetch_add_explicit(&budget->used, (uint64_t)kept - before, memory_order_relaxed);
    return kept <= before ||
           used + (kept - before) <= atomic_load_explicit(&budget->max, memory_order_relaxed);
}

bool conn_http_count_kept(struct session *s, struct conn_http *http) {
    size_t kept = http_parser_kept_bytes(http->parser) + http->answers.bytes;
    if (http->is_kept || http->is_full) kept += http->held.cap;
    return is_within_budget(s, http, kept);
}

/* So many answers wait for the disk. */
static bool is_stuck(const struct conn *c) {
    return c->holds > 0 && c->in.http->out.len > HTTP_OUT_HIGH_BYTES;
}

bool conn_http_is_deaf(const struct conn *c) {
    const struct conn_http *http = c->in.http;
    return http->is_full || http->is_kept || http->is_last || is_stuck(c);
}

bool conn_http_can_go_on(const struct conn *c) {
    const struct conn_http *http = c->in.http;
    if (http->is_full || http->is_last || c->is_refused) return false;
    return http->is_kept ? !http->ticket && http->answers.count == 0 : http->held.len > 0;
}

bool conn_http_is_asking(const struct conn *c) {
    return c->in.http->ticket || c->in.http->answers.count > 0;
}

uint32_t conn_http_waiting(const struct conn *c) {
    return (uint32_t)c->in.http->out.len; /* at most ANSWERS_OUT_MAX */
}

void conn_http_leave(struct session *s, struct conn *c) {
    struct conn_http *http = c->in.http;
    c->in.http = NULL;
    if (!http) return;
    counter_sub(&s->counts->http_connections, 1);
    known_forget(s, http);
    (void)is_within_budget(s, http, 0);
    if (buf_err(&http->out)) {
        c->is_lost = true;
    } else if (http->out.len > 0) {
        struct message *rest = message_new_raw(buf_span(&http->out));
        if (!rest || !outbox_push(&c->outbox, &s->pool, rest)) {
            message_unref(rest);
            c->is_lost = true; /* what follows would make no sense without it */
        }
    }
    http_parser_free(http->parser);
    answers_finish(&http->answers);
    buf_finish(&http->out);
    buf_finish(&http->held);
    mem_free(http);
}

void conn_http_end(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    c->in.http->is_last = true;
    if (c->in.http->answers.count == 0) {
        conn_end(s, index, NULL);
        return;
    }
    conn_watch(s, index);
    conn_mark(s, index);
}

/* Who asks: the peer itself, or whom a trusted proxy says it asks for. */
static void find_peer(struct session *s, struct conn *c, const struct http_request *request) {
    struct conn_http *http = c->in.http;
    const struct session_options *options = &s->rules->options;
    bool is_forwarded = http_headers_get(request->headers, HTTP_FIELD_FORWARDED_FOR).at != NULL;
    if (http->has_peer && !is_forwarded && !http->peer.is_proxied) return;
    http->has_peer = true;
    http->peer.is_proxied =
        http_forwarded_client(request->headers, &c->address, options->trusted_proxies,
                              options->trusted_proxy_count, &http->peer.address) ||
        c->is_proxied;
    (void)address_format(&http->peer.address, http->peer.text);
    if (is_forwarded && !http->peer.is_proxied && address_is_private(&c->address) &&
        !atomic_exchange(&s->shared->has_warned_of_proxy, true)) {
        log_line(LOG_WARNING,
                 "X-Forwarded-For from a peer that is not in trusted_proxies is ignored",
                 log_text("address", http->peer.text));
    }
}

void conn_http_count(struct session *s, const struct http_route *route, int status) {
    size_t number = route ? route->number : NO_ROUTE;
    counter_add(&s->counts->http[number][count_status_kind((unsigned)status)], 1);
}

static void log_request(const struct http_request *request, const struct conn_http *http,
                        int status) {
    log_line(LOG_DEBUG, "http request", log_span("method", request->method_text),
             log_span("path", request->path), log_int("status", status),
             log_text("address", http->peer.text));
}

/* A page from elsewhere, or a name that only pretends to be this machine. */
static bool is_foreign(const struct session *s, const struct http_request *request) {
    return s->rules->options.only_loopback && !http_request_is_loopback(request);
}

/* Who asks like this is a backend, or a guest. */
static void note_key(struct session *s, uint32_t index, bool has_key) {
    conn_at(s, index)->in.http->is_trusted = has_key;
    if (has_key) {
        conn_guest_leave(s, index);
    } else {
        conn_guest_stay(s, index);
    }
}

static void answer(struct session *s, uint32_t index, const struct http_request *request) {
    struct conn *c = conn_at(s, index);
    struct conn_http *http = c->in.http;
    struct http_response response;
    http_response_init(&response, conn_http_next_out(c), request);
    if (s->is_draining) response.is_keep_alive = false;
    struct http_call call = {
        .request = request,
        .peer = &http->peer,
        .response = &response,
        .later = { conn_http_answer, s, (uint64_t)index << 32 | ++s->ticket },
    };
    if (is_foreign(s, request)) {
        http_response_error(&response, 403, "not_loopback",
                            "Only this machine may ask, by a name or address of its own");
    } else {
        http_router_dispatch(s->routers[c->door], &call);
    }
    note_key(s, index, call.has_key);
    if (call.held_until && !conn_hold(s, index, HOLD_DURABLE, call.held_until)) c->is_lost = true;
    http->is_last |= !response.is_keep_alive;
    if (call.is_later) {
        conn_http_leave_open(s, index, &call);
        return;
    }
    if (http->answers.count > 0) conn_http_weigh(http);
    c->is_lost |= buf_err(response.out) != ERR_OK;
    conn_http_count(s, call.route, response.status);
    if (log_is_on(LOG_DEBUG)) log_request(request, http, response.status);
}

/* What cannot be parsed, or took too long, is answered and ends the connection. */
static void answer_failure(struct session *s, uint32_t index, struct http_failure failure) {
    struct conn *c = conn_at(s, index);
    struct http_response response;
    http_response_init(&response, conn_http_next_out(c), NULL);
    http_response_failure(&response, failure);
    conn_http_count(s, NULL, failure.status);
    log_line(LOG_DEBUG, "http request refused", log_int("status", failure.status),
             log_text("problem", failure.message));
    c->in.http->is_last = true;
}

void conn_http_refuse_plain(struct session *s, uint32_t index) {
    answer_failure(s, index, (struct http_failure){ 400, "This port speaks HTTPS" });
    conn_http_end(s, index);
}

static void refuse_unfinished(struct session *s, uint32_t index) {
    answer_failure(s, index, (struct http_failure){ 503, "Too many unfinished requests" });
}

void conn_http_refuse_unfinished(struct session *s, uint32_t index) {
    refuse_unfinished(s, index);
    conn_http_end(s, index);
}

/* The handshake is looked at again when what it waits for has come. Until then nothing is read. */
static bool keep(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    c->in.http->is_idle = false; /* so that a drain waits for it */
    if (http_parser_keep(c->in.http->parser) != ERR_OK) {
        refuse_unfinished(s, index);
        return false;
    }
    c->in.http->is_kept = true;
    if (!c->is_deaf) conn_watch(s, index);
    return true;
}

/* True: the connection still speaks HTTP and may have more. */
static bool serve(struct session *s, uint32_t index, const struct http_request *request) {
    struct conn *c = conn_at(s, index);
    struct conn_http *http = c->in.http;
    if (c->door == SESSION_DOOR_PUBLIC && !is_foreign(s, request)) {
        switch (upgrade_try(s, index, request)) {
        case UPGRADE_NONE: break;
        case UPGRADE_LATER: return keep(s, index);
        case UPGRADE_REFUSED: return !http->is_last;
        case UPGRADE_OPENED: return false;
        }
    }
    answer(s, index, request);
    return !http->is_last;
}

/* A complete request. True: as above. */
static bool on_request(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    struct conn_http *http = c->in.http;
    const struct http_request *request = http_parser_request(http->parser);
    http->is_idle = http->answers.count == 0 && http_parser_is_idle(http->parser);
    http->since_s = s->now_s;
    http->has_asked = true;
    find_peer(s, c, request);
    return serve(s, index, request);
}

/* Of a body for which there is no use, and of a stranger's, nothing is kept. False: the request is
 * answered, and the connection ends. */
static bool wants_body(struct session *s, uint32_t index, const struct http_request *request) {
    struct conn *c = conn_at(s, index);
    struct conn_http *http = c->in.http;
    struct http_response response;
    http_response_init(&response, conn_http_next_out(c), request);
    response.is_keep_alive = false;
    struct http_call call = { .request = request, .peer = &http->peer, .response = &response };
    switch (http_router_judge_body(s->routers[c->door], &call)) {
    case HTTP_BODY_WANTED: note_key(s, index, call.has_key); return true;
    case HTTP_BODY_UNREAD: http_parser_limit_body(http->parser, UNREAD_BODY_MAX); return true;
    case HTTP_BODY_REFUSED: break;
    }
    http->is_last = true;
    if (http->answers.count > 0) conn_http_weigh(http);
    c->is_lost |= buf_err(response.out) != ERR_OK;
    conn_http_count(s, call.route, response.status);
    if (log_is_on(LOG_DEBUG)) log_request(request, http, response.status);
    return false;
}

/* False: the connection ends. */
static bool on_head(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    const struct http_request *request = http_parser_request(c->in.http->parser);
    find_peer(s, c, request);
    if (!is_foreign(s, request) && !wants_body(s, index, request)) return false;
    if (request->expects_continue) {
        struct buf *out = conn_http_next_out(c);
        http_response_continue(out);
        c->is_lost |= buf_err(out) != ERR_OK;
        conn_mark(s, index);
    }
    return true;
}

/* Counts what is kept; false: it was too much, and the connection has ended. */
static bool account(struct session *s, uint32_t index) {
    struct conn_http *http = conn_at(s, index)->in.http;
    if (conn_http_count_kept(s, http)) return true;
    conn_http_refuse_unfinished(s, index);
    return false;
}

/* Should the rest of its requests wait, for the next turn or for answers? */
static bool must_wait(const struct session *s, const struct conn *c) {
    const struct conn_http *http = c->in.http;
    return hub_is_sated(s->hub) || s->dirty_count > BACKLOG_HIGH || c->is_refused ||
           http->is_kept || http->is_full || http->out.len > HTTP_OUT_HIGH_BYTES;
}

static void hold(struct session *s, uint32_t index, struct span rest) {
    struct conn *c = conn_at(s, index);
    buf_append_span(&c->in.http->held, rest);
    if (buf_err(&c->in.http->held)) {
        conn_drop(s, index, 0, "out of memory");
        return;
    }
    if (!account(s, index)) return;
    conn_mark(s, index);
    if (conn_http_is_deaf(c)) {
        if (!c->is_deaf) conn_watch(s, index);
    } else if (!c->is_refused) {
        conn_go_on(s, index);
    }
}

/* What came behind a request that was the last, or a handshake. */
static void turn_over(struct session *s, uint32_t index, struct span in) {
    struct conn *c = conn_at(s, index);
    if (c->state == CONN_OPEN) { /* the first frames may have come along */
        /* `in` is the read buffer or what was held: ours, and unmasked where it stands. */
        if (in.len > 0) conn_ws_input(s, index, (char *)(uintptr_t)in.at, in.len);
    } else if (c->state == CONN_HTTP) {
        conn_http_end(s, index);
    }
}

/* The requests in `in`, until it is used up or something else comes up. */
static void work_off(struct session *s, uint32_t index, struct span in) {
    struct conn *c = conn_at(s, index);
    struct conn_http *http = c->in.http;
    bool has_had_portion = false;
    int requests = 0;
    while (in.len > 0) {
        if (has_had_portion || must_wait(s, c)) {
            hold(s, index, in);
            return;
        }
        if (http->is_idle) {
            http->is_idle = false;
            http->since_s = s->now_s;
        }
        switch (http_parser_feed(http->parser, &in)) {
        case HTTP_STEP_MORE: break;
        case HTTP_STEP_HEAD:
            if (on_head(s, index)) break;
            conn_http_end(s, index);
            return;
        case HTTP_STEP_FAIL:
            answer_failure(s, index, http_parser_failure(http->parser));
            conn_http_end(s, index);
            return;
        case HTTP_STEP_DONE:
            if (!on_request(s, index)) {
                turn_over(s, index, in);
                return;
            }
            has_had_portion =
                http->is_trusted ? ++requests == REQUESTS_A_PORTION : conn_portion_is_over(s);
            break;
        }
        if (buf_err(&http->out)) {
            conn_drop(s, index, 0, "out of memory");
            return;
        }
    }
    if (account(s, index)) conn_mark(s, index);
}

void conn_http_input(struct session *s, uint32_t index, struct span in) {
    struct conn *c = conn_at(s, index);
    assert(c->in.http->held.len == 0); /* else it is paused or deaf */
    work_off(s, index, in);
    if (c->state == CONN_HTTP) heartbeat_arm(s, index);
}

/* A handshake for which all has come that it waited for. True: as `serve`. */
static bool serve_again(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    struct conn_http *http = c->in.http;
    http->is_kept = false;
    bool goes_on = serve(s, index, http_parser_request(http->parser));
    if (goes_on && buf_err(&http->out)) {
        conn_drop(s, index, 0, "out of memory");
        return false;
    }
    if (goes_on && !http->is_kept) {
        http->since_s = s->now_s;
        http->is_idle = http->answers.count == 0;
        conn_watch(s, index);
    }
    if (c->state == CONN_OPEN) conn_watch(s, index);
    return goes_on;
}

void conn_http_resume(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    struct conn_http *http = c->in.http;
    if (http->is_last) return; /* it became that while it paused */
    struct buf held = buf_take(&http->held);
    bool is_ready = http->is_kept && !http->ticket && http->answers.count == 0;
    if (is_ready && !serve_again(s, index)) {
        turn_over(s, index, buf_span(&held));
    } else {
        work_off(s, index, buf_span(&held));
    }
    buf_finish(&held);
    if (c->state == CONN_HTTP) heartbeat_arm(s, index);
}

enum err conn_http_flush(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    struct buf *out = &c->in.http->out;
    while (out->len > 0) {
        const struct iovec piece = { out->at, out->len };
        size_t sent;
        enum err e = stream_write(&c->stream, &piece, 1, &sent);
        if (e) return e;
        if (sent < out->len) {
            buf_consume(out, sent);
            if (!c->is_refused) c->in.http->since_s = s->now_s;
            return ERR_AGAIN;
        }
        buf_clear(out);
    }
    if (out->cap > OUT_KEPT_BYTES) buf_finish(out);
    return stream_flush(&c->stream);
}

void conn_http_overdue(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    struct conn_http *http = c->in.http;
    if (stream_is_shaking(&c->stream)) {
        conn_shake_overdue(s, index);
        return;
    }
    if (c->is_refused) { /* it does not read its answers */
        conn_drop(s, index, 0, "answers not read");
        return;
    }
    if (http->known) {
        known_give_up(http);
        conn_http_resume(s, index);
        return;
    }
    if (!http->is_idle) {
        answer_failure(s, index,
                       (struct http_failure){ 408, "The request was not complete in time" });
    }
    conn_end(s, index, NULL);
}
