/* SPDX-License-Identifier: MIT */
/*
 * session/upgrade.c: from a request to a WebSocket, or to a refusal: an HTTP status, or an accepted
 * handshake followed by the explanation and a close frame, which is all that a browser can read.
 */
#include "session/upgrade.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/origin.h"
#include "hub/seat.h"
#include "hub/subscribe.h"
#include "session/admission.h"
#include "session/channels.h"
#include "ws/close.h"
#include "ws/frame.h"
#include "ws/handshake.h"

enum {
    RETRY_AFTER_S = 5,   /* when the process or the user is full, or it is leaving */
    JOINED_BYTES = 4096, /* for fields that come in several lines */
    CORS_BYTES_MAX = 32 * 1024,
};

/* What an accepted handshake is answered with. */
struct accept {
    struct span key;
    struct span protocol;
    struct ws_deflate_terms deflate;
};

static void accept_write(struct buf *out, const struct accept *accept) {
    ws_handshake_answer(out, accept->key, accept->protocol, &accept->deflate);
}

/* One handshake while it is answered. */
struct handshake {
    struct session *s;
    uint32_t index;
    const struct http_request *request;
    uint16_t endpoint;
    const struct endpoint_options *options;
    struct http_params params;
    struct http_response response;
};

static bool find_endpoint(const struct session *s, struct span path, uint16_t *ret_endpoint,
                          struct http_params *ret_params) {
    for (size_t i = 0; i < s->rules->options.endpoint_count; i++) {
        const struct endpoint *endpoint = &s->rules->endpoints[i];
        if (endpoint->options->is_enabled &&
            http_pattern_match(&endpoint->path, path, ret_params)) {
            *ret_endpoint = (uint16_t)i;
            return true;
        }
    }
    return false;
}

static void count_result(const struct handshake *h, enum count_opened result) {
    counter_add(&h->s->counts->endpoints[h->endpoint].opened[result], 1);
}

static enum upgrade_outcome answered(const struct handshake *h) {
    struct conn *c = conn_at(h->s, h->index);
    c->in.http->is_last |= !h->response.is_keep_alive;
    return UPGRADE_REFUSED;
}

static const char *code_of(uint16_t status) {
    switch (status) {
    case 405: return "method_not_allowed";
    case 426: return "upgrade_required";
    default: return "bad_handshake";
    }
}

static enum upgrade_outcome answer_verdict(struct handshake *h, const struct ws_verdict *verdict) {
    http_response_start(&h->response, verdict->status);
    if (verdict->status == 426) {
        http_response_header(&h->response, SPAN("Upgrade"), SPAN("websocket"));
        http_response_header(&h->response, SPAN("Sec-WebSocket-Version"), SPAN("13"));
    } else if (verdict->status == 405) {
        http_response_header(&h->response, SPAN("Allow"), SPAN("GET"));
    }
    http_response_error_body(&h->response, code_of(verdict->status), span_str(verdict->text));
    return answered(h);
}

static void retry_after(struct handshake *h, uint32_t seconds) {
    char digits[16];
    int len = snprintf(digits, sizeof digits, "%u", seconds);
    http_response_header(&h->response, SPAN("Retry-After"), span_of(digits, (size_t)len));
}

/* Refusals that concern the process and not the client: plain HTTP for every endpoint. */
static enum upgrade_outcome refuse_early(struct handshake *h, enum count_opened result) {
    if (result == COUNT_OPENED_ORIGIN) {
        http_response_error(&h->response, 403, "origin_not_allowed", "This origin may not connect");
        return answered(h);
    }
    bool is_full = result == COUNT_OPENED_FULL;
    http_response_start(&h->response, 503);
    retry_after(h, RETRY_AFTER_S);
    http_response_error_body(&h->response, is_full ? "too_many_connections" : "draining",
                             is_full ? SPAN("The server holds as many connections as it may")
                                     : SPAN("The server is about to stop"));
    return answered(h);
}

static int refusal_status(enum refusal_kind kind) {
    switch (kind) {
    case REFUSAL_NO_TOKEN:
    case REFUSAL_UNAUTHORIZED: return 401;
    case REFUSAL_BAD_USER: return 400;
    case REFUSAL_FORBIDDEN_CLIENT:
    case REFUSAL_FORBIDDEN_CHANNEL: return 403;
    case REFUSAL_NOT_FOUND: return 404;
    case REFUSAL_SERVER_FAULT: return 500;
    default: return 429;
    }
}

static enum upgrade_outcome refuse_by_status(struct handshake *h, const struct refusal *refusal) {
    struct buf *words = &h->s->scratch;
    buf_clear(words);
    h->options->dialect->refusal(refusal, words);
    if (buf_err(words)) conn_at(h->s, h->index)->is_lost = true; /* half of them say nothing */
    int status = refusal_status(refusal->kind);
    http_response_start(&h->response, status);
    if (status == 401) {
        http_response_header(&h->response, SPAN("WWW-Authenticate"), SPAN("Bearer"));
    }
    /* When a connection ends nobody knows. */
    if (status == 429) {
        retry_after(h, refusal->retry_after_s ? refusal->retry_after_s : RETRY_AFTER_S);
    }
    http_response_body(&h->response, HTTP_JSON, buf_span(words));
    return answered(h);
}

static void append_frame(struct buf *out, uint8_t opcode, struct span payload) {
    char head[WS_HEAD_MAX];
    const struct ws_head frame = { .is_final = true, .opcode = opcode, .payload_len = payload.len };
    buf_append(out, head, ws_head_encode(head, &frame));
    buf_append_span(out, payload);
}

/* Accepts, says why, closes. */
static enum upgrade_outcome refuse_by_close(struct handshake *h, const struct accept *accept,
                                            const struct refusal *refusal) {
    struct buf *out = &conn_at(h->s, h->index)->in.http->out;
    accept_write(out, accept);
    if (h->options->explains) {
        buf_clear(&h->s->scratch);
        h->options->dialect->refusal(refusal, &h->s->scratch);
        if (!buf_err(&h->s->scratch)) append_frame(out, WS_OP_TEXT, buf_span(&h->s->scratch));
    }
    char payload[WS_CONTROL_MAX];
    size_t len =
        ws_close_encode(payload, refusal->code, h->options->dialect->refusal_reason(refusal->kind));
    append_frame(out, WS_OP_CLOSE, span_of(payload, len));
    counter_add(&h->s->counts->closed[count_close_kind(refusal->code)], 1);
    conn_end(h->s, h->index, NULL);
    return UPGRADE_OPENED;
}

static enum upgrade_outcome refuse(struct handshake *h, const struct accept *accept,
                                   const struct refusal *refusal) {
    if (h->options->refuse == ENDPOINT_REFUSE_HTTP) return refuse_by_status(h, refusal);
    return refuse_by_close(h, accept, refusal);
}

static void log_opened(const struct handshake *h) {
    const struct conn *c = conn_at(h->s, h->index);
    char address[ADDRESS_TEXT_MAX];
    (void)address_format(&c->address, address);
    struct span user = seat_user(c->user);
    log_line(LOG_DEBUG, "connection opened", log_text("endpoint", h->options->name),
             log_span("user", user), log_text("address", address));
}

static void welcome(const struct handshake *h, struct buf *out) {
    struct buf *words = &h->s->scratch;
    if (h->options->dialect->welcome) {
        buf_clear(words);
        struct span user = seat_user(conn_at(h->s, h->index)->user);
        h->options->dialect->welcome(user, clock_wall_ms(), words);
        if (buf_err(words)) conn_at(h->s, h->index)->is_lost = true;
        append_frame(out, WS_OP_TEXT, buf_span(words));
    }
    buf_clear(words);
    notice_welcome(h->s, h->index, words);
    if (words->len > 0 && !buf_err(words)) append_frame(out, WS_OP_TEXT, buf_span(words));
}

/* Whoever sees that it is open is to miss nothing from then on, on whatever node it is published.
 */
static void hold_until_heard(struct session *s, uint32_t index) {
    if (!hub_is_shared(s->hub)) return;
    if (!conn_hold(s, index, HOLD_HEARD, hub_listen_ticket(s->hub))) {
        conn_at(s, index)->is_lost = true;
    }
}

static enum upgrade_outcome let_in(struct handshake *h, const struct accept *accept,
                                   const struct admission *admission) {
    struct session *s = h->s;
    struct conn *c = conn_at(s, h->index);
    c->endpoint = h->endpoint;
    c->user = admission->seats.user;
    c->has_channel_seat = admission->seats.channel != NULL;
    c->has_shared_seat = admission->seats.is_shared;
    c->expires_s = admission->expires_s;
    c->has_deflate = accept->deflate.is_on;
    c->has_narrow_window = accept->deflate.window == WS_WINDOW_NARROW;
    if (channels_join(s, h->index, &h->params) != ERR_OK) {
        admission_leave(s, c->endpoint, &admission->seats);
        c->user = NULL;
        count_result(h, COUNT_OPENED_FAULT);
        const struct refusal fault = { REFUSAL_SERVER_FAULT, WS_CLOSE_FAULT, 0 };
        return refuse(h, accept, &fault);
    }
    count_result(h, COUNT_OPENED_OK);
    /* Only now: up to here the connection is the proxy's, which may speak for others after. */
    c->address = c->in.http->peer.address;
    accept_write(&c->in.http->out, accept);
    welcome(h, &c->in.http->out);
    conn_ws_begin(s, h->index);
    hold_until_heard(s, h->index);
    if (log_is_on(LOG_DEBUG)) log_opened(h);
    return UPGRADE_OPENED;
}

static enum upgrade_outcome judge(struct handshake *h, const struct accept *accept) {
    struct conn *c = conn_at(h->s, h->index);
    struct admission admission = admission_judge(h->s, h->index, h->request, &h->params,
                                                 &c->in.http->peer.address, h->endpoint);
    if (admission.is_later) return UPGRADE_LATER;
    switch (admission.result) {
    case COUNT_OPENED_OK: return let_in(h, accept, &admission);
    case COUNT_OPENED_DRAINING:
    case COUNT_OPENED_FULL:
    case COUNT_OPENED_ORIGIN:
        count_result(h, admission.result);
        return refuse_early(h, admission.result);
    default:
        count_result(h, admission.result);
        if (log_is_on(LOG_DEBUG)) {
            log_line(LOG_DEBUG, "connection refused", log_text("endpoint", h->options->name),
                     log_text("result", count_opened_text(admission.result)),
                     log_uint("code", admission.refusal.code),
                     log_text("address", c->in.http->peer.text));
        }
        return refuse(h, accept, &admission.refusal);
    }
}

static enum upgrade_outcome answer_asked(struct handshake *h, const struct admission *admission,
                                         const struct ws_verdict *verdict) {
    switch (admission->result) {
    case COUNT_OPENED_OK:
        admission_leave(h->s, h->endpoint, &admission->seats);
        return answer_verdict(h, verdict);
    case COUNT_OPENED_DRAINING:
    case COUNT_OPENED_FULL:
    case COUNT_OPENED_ORIGIN: return refuse_early(h, admission->result);
    default: return refuse_by_status(h, &admission->refusal);
    }
}

/* A plain GET is how a page asks why its handshake would be refused, since of that it sees nothing.
 * It is judged and limited like one, and answered by status whatever the endpoint does with
 * handshakes; `verdict` is for those who would be let in. */
static enum upgrade_outcome answer_plain(struct handshake *h, const struct ws_verdict *verdict) {
    struct session *s = h->s;
    const struct session_options *options = &s->rules->options;
    const struct address *address = &conn_at(s, h->index)->in.http->peer.address;
    struct admission admission =
        admission_judge(s, h->index, h->request, &h->params, address, h->endpoint);
    if (admission.is_later) return UPGRADE_LATER;
    struct buf cors;
    buf_init(&cors, CORS_BYTES_MAX);
    http_origin_append_cors(&cors, http_headers_get(h->request->headers, HTTP_FIELD_ORIGIN),
                            options->origins, options->origin_count);
    if (!buf_err(&cors)) h->response.common = buf_span(&cors);
    enum upgrade_outcome outcome = answer_asked(h, &admission, verdict);
    buf_finish(&cors);
    return outcome;
}

/* The value of a field that may come in several lines, joined by commas in `room`. */
static struct span joined(const struct http_headers *headers, enum http_field field,
                          struct buf *room) {
    uint8_t cursor = 0;
    struct span first, next;
    if (!http_headers_next(headers, field, &cursor, &first)) return span_of(NULL, 0);
    if (!http_headers_next(headers, field, &cursor, &next)) return first;
    size_t start = room->len;
    buf_append_span(room, first);
    do {
        buf_append_char(room, ',');
        buf_append_span(room, next);
    } while (http_headers_next(headers, field, &cursor, &next));
    return span_of(room->at + start, room->len - start);
}

enum upgrade_outcome upgrade_try(struct session *s, uint32_t index,
                                 const struct http_request *request) {
    struct handshake h = { .s = s, .index = index, .request = request };
    if (!find_endpoint(s, request->path, &h.endpoint, &h.params)) return UPGRADE_NONE;
    if (conn_at(s, index)->in.http->answers.count > 0) return UPGRADE_LATER;
    h.options = s->rules->endpoints[h.endpoint].options;
    http_response_init(&h.response, &conn_at(s, index)->in.http->out, request);

    const struct http_headers *headers = request->headers;
    char room_bytes[JOINED_BYTES];
    struct buf room = { .at = room_bytes, .cap = sizeof room_bytes, .max = sizeof room_bytes };
    const struct ws_handshake_request handshake = {
        .method = request->method_text,
        .http_major = 1,
        .http_minor = request->version_minor,
        .upgrade = joined(headers, HTTP_FIELD_UPGRADE, &room),
        .connection = joined(headers, HTTP_FIELD_CONNECTION, &room),
        .key = http_headers_get(headers, HTTP_FIELD_WS_KEY),
        .version = http_headers_get(headers, HTTP_FIELD_WS_VERSION),
        .protocols = joined(headers, HTTP_FIELD_WS_PROTOCOL, &room),
        .extensions = joined(headers, HTTP_FIELD_WS_EXTENSIONS, &room),
    };
    struct ws_verdict verdict = ws_handshake_judge(&handshake);
    if (buf_err(&room)) verdict = (struct ws_verdict){ 400, "Too many lines of one field" };
    if (verdict.status == 101 && (request->body.len > 0 || request->is_chunked)) {
        verdict = (struct ws_verdict){ 400, "A handshake has no body" };
    }
    if (verdict.status == 426 && !request->wants_upgrade) return answer_plain(&h, &verdict);
    if (verdict.status != 101) {
        count_result(&h, COUNT_OPENED_HANDSHAKE);
        return answer_verdict(&h, &verdict);
    }
    const struct accept accept = {
        .key = handshake.key,
        .protocol = ws_protocol_choose(handshake.protocols),
        .deflate = h.options->compresses ? ws_deflate_choose(handshake.extensions)
                                         : (struct ws_deflate_terms){ 0 },
    };
    return judge(&h, &accept);
}
