/* SPDX-License-Identifier: MIT */
/*
 * http/reply.c: what makes a message a reply, and where its body ends (RFC 9112 §6.3).
 */
#include "http/reply.h"

#include "base/mem.h"
#include "http/message_priv.h"

struct http_reply_parser {
    struct http_reply reply;
    struct message message;
};

static bool is_interim(int status) {
    return status < 200 && status != 101;
}

static void judge(struct message *m, void *context) {
    struct http_reply *r = &((struct http_reply_parser *)context)->reply;
    unsigned flags = m->llhttp.flags;
    r->status = m->llhttp.status_code;
    r->is_upgraded = r->status == 101;
    bool is_1_1 = m->llhttp.http_major == 1 && m->llhttp.http_minor == 1;
    bool is_1_0 = m->llhttp.http_major == 1 && m->llhttp.http_minor == 0;
    if ((!is_1_1 && !is_1_0) || r->status < 100) {
        (void)message_fail(m, 502, "not a reply of HTTP/1.0 or HTTP/1.1");
        return;
    }
    r->is_keep_alive =
        is_1_1 ? !(flags & F_CONNECTION_CLOSE) : (flags & F_CONNECTION_KEEP_ALIVE) != 0;
    if (r->status < 200 || r->status == 204 || r->status == 304) {
        m->state = MESSAGE_COUNTED;
        return;
    }
    if (!message_judge_body(m)) return;
    if (!m->headers.first[HTTP_FIELD_CONTENT_LENGTH] && m->state == MESSAGE_COUNTED) {
        m->state = MESSAGE_TO_END;
        r->is_keep_alive = false;
    }
}

struct http_reply_parser *http_reply_parser_new(const struct http_limits *limits) {
    struct http_reply_parser *p = mem_new(sizeof *p);
    message_init(&p->message, HTTP_RESPONSE, limits);
    return p;
}

void http_reply_parser_free(struct http_reply_parser *p) {
    if (!p) return;
    message_finish(&p->message);
    mem_free(p);
}

static void show(struct http_reply_parser *p, enum http_step step) {
    p->reply.headers = &p->message.headers;
    p->reply.body = step == HTTP_STEP_DONE ? p->message.body : span_of(NULL, 0);
}

enum http_step http_reply_parser_feed(struct http_reply_parser *p, struct span *in) {
    enum http_step step;
    do {
        step = message_feed(&p->message, in, judge, p);
    } while (step == HTTP_STEP_DONE && is_interim(p->reply.status));
    if (step == HTTP_STEP_DONE || step == HTTP_STEP_HEAD) show(p, step);
    return step;
}

enum http_step http_reply_parser_end(struct http_reply_parser *p) {
    struct message *m = &p->message;
    if (m->state == MESSAGE_DONE || (m->state == MESSAGE_HEAD && m->head_len == 0)) {
        return HTTP_STEP_MORE;
    }
    if (m->state != MESSAGE_TO_END)
        return message_fail(m, 502, "the connection ended within a reply");
    m->state = MESSAGE_DONE;
    show(p, HTTP_STEP_DONE);
    return HTTP_STEP_DONE;
}

const struct http_reply *http_reply_parser_reply(const struct http_reply_parser *p) {
    return &p->reply;
}

struct http_failure http_reply_parser_failure(const struct http_reply_parser *p) {
    return (struct http_failure){ 502, p->message.failure.message };
}
