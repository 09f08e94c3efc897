/* SPDX-License-Identifier: MIT */
/*
 * http/request.c: what makes a message a request, and which requests are refused.
 */
#include "http/request.h"

#include "base/mem.h"
#include "http/message_priv.h"
#include "http/repeat_priv.h"
#include "http/target_priv.h"

/* A part of the head by offset: the head may move between the judgement and the end of the body. */
struct part {
    bool is_set;
    uint32_t at;
    uint32_t len;
};

struct http_parser {
    struct http_request request;
    struct part method, target, path, query, host;
    struct message message;
    struct repeat repeat;
};

/* Of a span that lies in the head, or of none. */
static struct part part_of(const struct message *m, struct span s) {
    if (!s.at) return (struct part){ .is_set = false };
    return (struct part){ true, (uint32_t)(s.at - m->headers.bytes), (uint32_t)s.len };
}

static struct span part_span(const struct message *m, struct part part) {
    if (!part.is_set) return (struct span){ NULL, 0 };
    return span_of(m->headers.bytes + part.at, part.len);
}

static enum http_method method_of(uint8_t method) {
    switch (method) {
    case HTTP_GET: return HTTP_METHOD_GET;
    case HTTP_HEAD: return HTTP_METHOD_HEAD;
    case HTTP_POST: return HTTP_METHOD_POST;
    case HTTP_PUT: return HTTP_METHOD_PUT;
    case HTTP_DELETE: return HTTP_METHOD_DELETE;
    case HTTP_OPTIONS: return HTTP_METHOD_OPTIONS;
    case HTTP_PATCH: return HTTP_METHOD_PATCH;
    default: return HTTP_METHOD_OTHER;
    }
}

/* Empty lines in front are skipped (RFC 9112 §2.2), but nothing else is. */
static bool are_empty_lines(const char *bytes, size_t len) {
    if (len % 2 != 0) return false;
    for (size_t i = 0; i < len; i += 2) {
        if (bytes[i] != '\r' || bytes[i + 1] != '\n') return false;
    }
    return true;
}

/* The request line byte for byte: one space, the target, one space, the version, CRLF. llhttp knows
 * the version of other protocols too, and older ones of it forgive more. */
static bool judge_line(struct http_parser *p) {
    struct message *m = &p->message;
    const char *bytes = m->headers.bytes;
    size_t lines_at = m->headers.count ? m->headers.list[0].name_at : m->head_len - 2;
    if (m->method_at == SIZE_MAX || m->target_at == SIZE_MAX || m->target_at <= m->method_at ||
        bytes[m->target_at - 1] != ' ' || bytes[m->target_at - 2] == ' ' ||
        !are_empty_lines(bytes, m->method_at)) {
        (void)message_fail(m, 400, "malformed request line");
        return false;
    }
    struct span version = span_of(bytes + m->target_end, lines_at - m->target_end);
    bool is_1_1 = span_eq(version, SPAN(" HTTP/1.1\r\n"));
    if (!is_1_1 && !span_eq(version, SPAN(" HTTP/1.0\r\n"))) {
        if (span_starts(version, SPAN(" HTTP/")) && version.len == SPAN(" HTTP/1.1\r\n").len) {
            (void)message_fail(m, 505, "only HTTP/1.0 and HTTP/1.1 are spoken");
        } else {
            (void)message_fail(m, 400, "malformed request line");
        }
        return false;
    }
    struct http_request *r = &p->request;
    r->version_minor = is_1_1;
    r->method = method_of(m->llhttp.method);
    p->method = part_of(m, span_of(bytes + m->method_at, m->target_at - m->method_at - 1));
    p->target = part_of(m, span_of(bytes + m->target_at, m->target_end - m->target_at));
    return true;
}

static bool judge_target(struct http_parser *p) {
    struct message *m = &p->message;
    if (m->llhttp.method == HTTP_CONNECT) {
        (void)message_fail(m, 501, "CONNECT is not served");
        return false;
    }
    struct http_target target;
    const char *fault = http_target_read(part_span(m, p->target), &target);
    if (fault) {
        (void)message_fail(m, 400, fault);
        return false;
    }
    bool is_asterisk = span_eq(target.path, SPAN("*"));
    if (is_asterisk && p->request.method != HTTP_METHOD_OPTIONS) {
        (void)message_fail(m, 400, "the target * is for OPTIONS");
        return false;
    }
    struct span host = http_headers_get(&m->headers, HTTP_FIELD_HOST);
    if (!host.at && p->request.version_minor > 0) {
        (void)message_fail(m, 400, "Host is missing");
        return false;
    }
    /* RFC 9112 §3.2.2: the authority of the target goes before the field. */
    if (target.authority.at) host = target.authority;
    if (!http_host_is_sound(host)) {
        (void)message_fail(m, 400, "malformed host");
        return false;
    }
    p->path = part_of(m, target.path);
    p->query = part_of(m, target.query);
    p->host = part_of(m, host);
    return true;
}

static void judge(struct message *m, void *context) {
    struct http_parser *p = context;
    struct http_request *r = &p->request;
    if (!judge_line(p) || !judge_target(p) || !message_judge_body(m)) return;
    r->is_chunked = m->state == MESSAGE_CHUNKED;
    if (r->is_chunked && r->version_minor == 0) {
        (void)message_fail(m, 400, "Transfer-Encoding in HTTP/1.0");
        return;
    }
    unsigned flags = m->llhttp.flags;
    r->content_length = m->body_left;
    r->is_keep_alive = r->version_minor > 0 ? !(flags & F_CONNECTION_CLOSE)
                                            : (flags & F_CONNECTION_KEEP_ALIVE) != 0;
    r->wants_upgrade = (flags & F_CONNECTION_UPGRADE) && (flags & F_UPGRADE);
    struct span expect = http_headers_get(&m->headers, HTTP_FIELD_EXPECT);
    r->expects_continue = r->version_minor > 0 && span_eq_nocase(expect, SPAN("100-continue"));
}

struct http_parser *http_parser_new(const struct http_limits *limits) {
    struct http_parser *p = mem_new(sizeof *p);
    message_init(&p->message, HTTP_REQUEST, limits);
    return p;
}

void http_parser_free(struct http_parser *p) {
    if (!p) return;
    message_finish(&p->message);
    mem_free(p);
}

static enum http_step take(struct http_parser *p, struct span *in) {
    struct message *m = &p->message;
    if (m->state == MESSAGE_DONE && repeat_take(&p->repeat, m, in)) {
        p->request.content_length = m->body.len;
        return HTTP_STEP_DONE;
    }
    enum http_step step = message_feed(m, in, judge, p);
    /* A handshake is not followed by another one. */
    if (step == HTTP_STEP_DONE && !p->request.wants_upgrade) repeat_remember(&p->repeat, m);
    return step;
}

/* Sets the request's spans to where the message lies now. */
static void lend(struct http_parser *p, struct span body) {
    struct message *m = &p->message;
    struct http_request *r = &p->request;
    r->method_text = part_span(m, p->method);
    r->target = part_span(m, p->target);
    r->path = p->path.is_set ? part_span(m, p->path) : SPAN("/");
    r->query = part_span(m, p->query);
    r->host = part_span(m, p->host);
    r->body = body;
    r->headers = &m->headers;
}

enum http_step http_parser_feed(struct http_parser *p, struct span *in) {
    enum http_step step = take(p, in);
    if (step == HTTP_STEP_DONE) lend(p, p->message.body);
    if (step == HTTP_STEP_HEAD) lend(p, span_of(NULL, 0));
    return step;
}

enum err http_parser_keep(struct http_parser *p) {
    enum err e = message_keep(&p->message);
    if (!e) lend(p, p->message.body);
    return e;
}

const struct http_request *http_parser_request(const struct http_parser *p) {
    return &p->request;
}

void http_parser_limit_body(struct http_parser *p, size_t bytes) {
    message_limit_body(&p->message, bytes);
}

struct http_failure http_parser_failure(const struct http_parser *p) {
    return p->message.failure;
}

bool http_parser_is_idle(const struct http_parser *p) {
    const struct message *m = &p->message;
    return m->state == MESSAGE_DONE || (m->state == MESSAGE_HEAD && m->head_len == 0);
}

size_t http_parser_kept_bytes(const struct http_parser *p) {
    return p->message.kept.cap;
}
