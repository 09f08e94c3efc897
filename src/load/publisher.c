/* SPDX-License-Identifier: MIT */
/*
 * load/publisher.c: what is queued goes out with one system call, and every answer that came with
 * one read is handed over before the next is read.
 */
#include "load/publisher.h"

#include "base/buf.h"
#include "base/mem.h"
#include "http/reply.h"
#include "load/server.h"
#include "net/push.h"

#include <sys/epoll.h>

enum { READ_BYTES = 256 * 1024, QUEUE_MAX = 64 * 1024 * 1024, ANSWER_MAX = 64 * 1024 * 1024 };

struct load_publisher {
    struct loop *loop;
    struct stream stream;
    uint32_t kind;
    uint32_t events; /* what it is watched for */
    struct load_publisher_hooks hooks;
    struct http_reply_parser *parser;
    struct buf queue;
    size_t sent; /* bytes of the queue that are gone */
    bool is_connected, is_ended;
    char input[READ_BYTES];
};

static void end(struct load_publisher *p, const char *why) {
    if (p->is_ended) return;
    p->is_ended = true;
    stream_close(&p->stream);
    p->hooks.ended(p->hooks.owner, why);
}

/* The stream is over; TLS may know better why. */
static void end_broken(struct load_publisher *p) {
    struct err_note note;
    stream_explain(&p->stream, "the server closed the connection", &note);
    end(p, note.text);
}

/* Hands over the answers in `in`; false when the connection is over. */
static bool take_answers(struct load_publisher *p, struct span in) {
    while (in.len > 0) {
        enum http_step step = http_reply_parser_feed(p->parser, &in);
        if (step == HTTP_STEP_FAIL) {
            end(p, http_reply_parser_failure(p->parser).message);
            return false;
        }
        if (step != HTTP_STEP_DONE) continue;
        const struct http_reply *reply = http_reply_parser_reply(p->parser);
        bool is_last = !reply->is_keep_alive;
        p->hooks.answered(p->hooks.owner, reply);
        if (is_last) {
            end(p, "the server ended the connection after an answer");
            return false;
        }
    }
    return true;
}

/* Ends it when there is no connection to be. */
static bool is_unconnectable(struct load_publisher *p) {
    int why = p->is_connected ? 0 : stream_connect_errno(&p->stream);
    if (!why) return false;
    char text[128];
    (void)snprintf(text, sizeof text, "cannot connect: %s", strerror(why));
    end(p, text);
    return true;
}

static void read_answers(struct load_publisher *p) {
    size_t len;
    enum err e = stream_read(&p->stream, p->input, sizeof p->input, &len);
    if (!e) {
        (void)take_answers(p, span_of(p->input, len));
    } else if (e != ERR_AGAIN) {
        if (http_reply_parser_end(p->parser) == HTTP_STEP_DONE) {
            p->hooks.answered(p->hooks.owner, http_reply_parser_reply(p->parser));
        }
        end_broken(p);
    }
}

static void watch(struct load_publisher *p, uint32_t events) {
    if (events != p->events) loop_rewatch(p->loop, p->stream.fd, p->kind, 0, events);
    p->events = events;
}

void load_publisher_flush(struct load_publisher *p) {
    if (p->is_ended || is_unconnectable(p)) return;
    size_t sent;
    bool is_blocked;
    if (buf_err(&p->queue)) {
        end(p, "more is to be sent than may wait");
        return;
    }
    if (stream_push(&p->stream, span_skip(buf_span(&p->queue), p->sent), &sent, &is_blocked)) {
        end_broken(p);
        return;
    }
    p->sent += sent;
    if (p->sent == p->queue.len) {
        buf_clear(&p->queue);
        p->sent = 0;
    }
    watch(p, is_blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void on_ready(void *owner, uint32_t index, uint32_t events) {
    (void)index;
    struct load_publisher *p = owner;
    if (p->is_ended || is_unconnectable(p)) return;
    p->is_connected = true; /* nothing is heard of a connection that is under way */
    bool was_shaking = stream_is_shaking(&p->stream);
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) read_answers(p);
    if (events & EPOLLOUT || was_shaking) load_publisher_flush(p);
}

struct load_publisher *load_publisher_new(struct loop *loop, const struct load_server *server,
                                          const struct load_publisher_hooks *hooks,
                                          struct err_note *note) {
    static const struct http_limits limits = { .head_max = 64 * 1024, .body_max = ANSWER_MAX };
    struct stream stream;
    if (load_server_dial(server, &stream, note)) return NULL;
    struct load_publisher *p = mem_new(sizeof *p);
    p->loop = loop;
    p->stream = stream;
    p->hooks = *hooks;
    p->kind = loop_add_kind(loop, on_ready, p);
    p->events = EPOLLIN | EPOLLOUT;
    p->parser = http_reply_parser_new(&limits);
    buf_init(&p->queue, QUEUE_MAX);
    if (loop_watch(loop, stream.fd, p->kind, 0, p->events)) {
        (void)err_note(note, ERR_LIMIT, "the kernel watches no more sockets");
        load_publisher_free(p);
        return NULL;
    }
    return p;
}

void load_publisher_free(struct load_publisher *p) {
    if (!p) return;
    stream_close(&p->stream);
    http_reply_parser_free(p->parser);
    buf_finish(&p->queue);
    mem_free(p);
}

void load_publisher_post(struct load_publisher *p, struct span head, struct span body) {
    buf_append_span(&p->queue, head);
    buf_append_text(&p->queue, "Content-Length: ");
    buf_append_uint(&p->queue, body.len);
    buf_append_text(&p->queue, "\r\n\r\n");
    buf_append_span(&p->queue, body);
}

void load_publisher_get(struct load_publisher *p, struct span head) {
    buf_append_span(&p->queue, head);
    buf_append_text(&p->queue, "\r\n");
}
