/* SPDX-License-Identifier: MIT */
/*
 * load/clients.c: each client is a small state machine over ws/ in the client's role: it shakes
 * hands, is open, has ended.
 */
#include "load/clients.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/slab.h"
#include "http/reply.h"
#include "load/server.h"
#include "net/push.h"
#include "ws/handshake.h"
#include "ws/message.h"

#include <sys/epoll.h>

enum {
    READ_BYTES = 256 * 1024,
    UNSENT_MAX = 4 * 1024 * 1024,
    ASK_MAX = 64 * 1024,
    REFUSAL_MAX = 64 * 1024,
    MESSAGE_MAX = 64 * 1024 * 1024,
    UNFINISHED_MAX = 1024 * 1024 * 1024,
};

enum client_state { CLIENT_SHAKING, CLIENT_OPEN, CLIENT_ENDED };

/* Needed until the server has answered. */
struct shaking {
    struct http_reply_parser *parser;
    struct span protocols;
    char key[WS_KEY_LEN];
};

struct client {
    struct stream stream;
    enum client_state state;
    bool is_waiting; /* watched for writing */
    struct shaking *shaking;
    struct ws_reader reader;
    struct buf unsent;
};

struct load_clients {
    struct loop *loop;
    uint32_t kind;
    struct load_clients_hooks hooks;
    struct slab slab;
    struct ws_budget budget;
    struct ws_options options;
    char input[READ_BYTES];
};

static struct client *client_at(const struct load_clients *all, uint32_t index) {
    return slab_at(&all->slab, index);
}

static void forget(struct client *c) {
    if (c->shaking) http_reply_parser_free(c->shaking->parser);
    mem_free(c->shaking);
    c->shaking = NULL;
    ws_reader_finish(&c->reader);
    buf_finish(&c->unsent);
    c->state = CLIENT_ENDED;
}

static void end(struct load_clients *all, uint32_t index, const struct load_ending *ending) {
    struct client *c = client_at(all, index);
    if (c->state == CLIENT_ENDED) return;
    struct load_ending told = *ending;
    told.was_open = c->state == CLIENT_OPEN;
    stream_close(&c->stream);
    c->state = CLIENT_ENDED; /* before the hook: what it asks of this client does nothing */
    all->hooks.ended(all->hooks.owner, index, &told);
    forget(c);
}

static void end_why(struct load_clients *all, uint32_t index, const char *why) {
    end(all, index, &(struct load_ending){ .code = WS_CLOSE_ABNORMAL, .why = why });
}

/* The stream is over; TLS may know better why than `why`. */
static void end_broken(struct load_clients *all, uint32_t index, const char *why) {
    struct err_note note;
    stream_explain(&client_at(all, index)->stream, why, &note);
    end_why(all, index, note.text);
}

/* Sends what can be sent of what waits; false when the client has ended over it. */
static bool flush(struct load_clients *all, uint32_t index) {
    struct client *c = client_at(all, index);
    size_t sent;
    bool is_waiting;
    if (buf_err(&c->unsent)) {
        end_why(all, index, "more is to be sent than may wait");
        return false;
    }
    if (stream_push(&c->stream, buf_span(&c->unsent), &sent, &is_waiting)) {
        end_broken(all, index, c->state == CLIENT_OPEN ? "the connection broke" : "cannot connect");
        return false;
    }
    buf_consume(&c->unsent, sent);
    if (c->unsent.len == 0) buf_finish(&c->unsent);
    if (is_waiting != c->is_waiting) {
        loop_rewatch(all->loop, c->stream.fd, all->kind, index,
                     is_waiting ? EPOLLIN | EPOLLOUT : EPOLLIN);
        c->is_waiting = is_waiting;
    }
    return true;
}

/* Every frame of a client is masked, RFC 6455 §5.3. */
static void queue_frame(struct client *c, enum ws_op op, struct span payload) {
    struct ws_head head = {
        .is_final = true, .is_masked = true, .opcode = (uint8_t)op, .payload_len = payload.len
    };
    random_bytes(head.mask, sizeof head.mask);
    char *room = buf_room(&c->unsent, WS_HEAD_MAX + payload.len);
    if (!room) return;
    size_t head_len = ws_head_encode(room, &head);
    if (payload.len) memcpy(room + head_len, payload.at, payload.len);
    ws_mask(room + head_len, payload.len, head.mask, 0);
    buf_added(&c->unsent, head_len + payload.len);
}

void load_clients_send(struct load_clients *all, uint32_t index, enum ws_op op,
                       struct span payload) {
    struct client *c = client_at(all, index);
    if (c->state != CLIENT_OPEN) return;
    queue_frame(c, op, payload);
    (void)flush(all, index);
}

static void take_close(struct load_clients *all, uint32_t index, const struct ws_event *event) {
    struct client *c = client_at(all, index);
    char payload[WS_CONTROL_MAX];
    size_t len = ws_close_encode(payload, event->code, SPAN(""));
    queue_frame(c, WS_OP_CLOSE, span_of(payload, len));
    if (flush(all, index)) {
        end(all, index, &(struct load_ending){ .code = event->code, .reason = event->payload });
    }
}

static void take_ping(struct load_clients *all, uint32_t index, struct span payload) {
    load_clients_send(all, index, WS_OP_PONG, payload);
    if (all->hooks.pinged) all->hooks.pinged(all->hooks.owner, index);
}

static void take_frames(struct load_clients *all, uint32_t index, struct span bytes,
                        uint64_t at_ns) {
    struct client *c = client_at(all, index);
    struct ws_input in = { all->input + (bytes.at - all->input), bytes.len };
    struct ws_event event;
    while (c->state == CLIENT_OPEN) {
        enum ws_step step = ws_read(&c->reader, &all->options, NULL, &in, &event);
        if (step == WS_MORE) return;
        if (step == WS_FAIL) {
            char payload[WS_CONTROL_MAX];
            size_t len = ws_close_encode(payload, event.code, span_str(event.why));
            queue_frame(c, WS_OP_CLOSE, span_of(payload, len));
            if (flush(all, index)) end_why(all, index, event.why);
            return;
        }
        switch (event.kind) {
        case WS_EVENT_TEXT:
        case WS_EVENT_BINARY:
            all->hooks.message(all->hooks.owner, index, event.payload, at_ns);
            break;
        case WS_EVENT_PING: take_ping(all, index, event.payload); break;
        case WS_EVENT_PONG: break;
        case WS_EVENT_CLOSE: take_close(all, index, &event); return;
        }
    }
}

/* The server's answer is complete: either we are in, or it says why not. */
static bool take_answer(struct load_clients *all, uint32_t index, const struct http_reply *reply) {
    struct client *c = client_at(all, index);
    if (reply->status != 101) {
        end(all, index,
            &(struct load_ending){
                .status = reply->status, .code = WS_CLOSE_ABNORMAL, .reason = reply->body });
        return false;
    }
    const struct ws_handshake_ask ask = { .key = span_of(c->shaking->key, WS_KEY_LEN),
                                          .protocols = c->shaking->protocols };
    const struct ws_handshake_response response = {
        .status = (unsigned)reply->status,
        .upgrade = http_headers_get(reply->headers, HTTP_FIELD_UPGRADE),
        .connection = http_headers_get(reply->headers, HTTP_FIELD_CONNECTION),
        .accept = http_headers_get(reply->headers, HTTP_FIELD_WS_ACCEPT),
        .protocol = http_headers_get(reply->headers, HTTP_FIELD_WS_PROTOCOL),
        .extensions = http_headers_get(reply->headers, HTTP_FIELD_WS_EXTENSIONS),
    };
    const char *wrong = ws_handshake_check(&ask, &response);
    if (wrong) {
        end_why(all, index, wrong);
        return false;
    }
    http_reply_parser_free(c->shaking->parser);
    mem_free(c->shaking);
    c->shaking = NULL;
    c->state = CLIENT_OPEN;
    all->hooks.opened(all->hooks.owner, index);
    return c->state == CLIENT_OPEN;
}

/* Feeds the handshake; what stands behind it in `in` is left there. */
static bool shake(struct load_clients *all, uint32_t index, struct span *in) {
    struct http_reply_parser *parser = client_at(all, index)->shaking->parser;
    while (in->len > 0) {
        enum http_step step = http_reply_parser_feed(parser, in);
        if (step == HTTP_STEP_FAIL) {
            end_why(all, index, http_reply_parser_failure(parser).message);
            return false;
        }
        if (step == HTTP_STEP_DONE) return take_answer(all, index, http_reply_parser_reply(parser));
    }
    return false;
}

static void peer_left(struct load_clients *all, uint32_t index) {
    struct client *c = client_at(all, index);
    if (c->state == CLIENT_OPEN) {
        end_broken(all, index, "the server closed the connection without a close frame");
    } else if (http_reply_parser_end(c->shaking->parser) == HTTP_STEP_DONE) {
        (void)take_answer(all, index, http_reply_parser_reply(c->shaking->parser));
    } else {
        end_broken(all, index, "cannot connect, or the server closed the connection unanswered");
    }
}

static void on_ready(void *owner, uint32_t index, uint32_t events) {
    struct load_clients *all = owner;
    struct client *c = client_at(all, index);
    if (c->state == CLIENT_ENDED) return;
    if (events & EPOLLOUT && !flush(all, index)) return;
    if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP))) return;
    size_t len;
    bool was_secured = !stream_is_shaking(&c->stream);
    enum err e = stream_read(&c->stream, all->input, sizeof all->input, &len);
    if (e && e != ERR_AGAIN) {
        peer_left(all, index);
        return;
    }
    /* What TLS has to say itself, and then what waited for it. */
    if (!was_secured && !flush(all, index)) return;
    if (e) return;
    uint64_t at_ns = clock_now_ns();
    struct span in = span_of(all->input, len);
    if (c->state == CLIENT_SHAKING && !shake(all, index, &in)) return;
    take_frames(all, index, in, at_ns);
}

struct load_clients *load_clients_new(struct loop *loop, uint32_t max,
                                      const struct load_clients_hooks *hooks) {
    struct load_clients *all = mem_new(sizeof *all);
    all->loop = loop;
    all->kind = loop_add_kind(loop, on_ready, all);
    all->hooks = *hooks;
    slab_init(&all->slab, sizeof(struct client), max);
    all->budget.max = UNFINISHED_MAX;
    all->options = (struct ws_options){ .role = WS_ROLE_CLIENT,
                                        .message_max = MESSAGE_MAX,
                                        .keep_max = MESSAGE_MAX,
                                        .budget = &all->budget };
    return all;
}

/* Ends it with a reset, without a word and without the hook. */
static void drop(struct load_clients *all, uint32_t index) {
    struct client *c = client_at(all, index);
    if (c->state == CLIENT_ENDED) return;
    stream_abort(&c->stream);
    forget(c);
}

void load_clients_free(struct load_clients *all) {
    if (!all) return;
    for (uint32_t index = 1; index <= all->slab.used; index++)
        drop(all, index);
    slab_finish(&all->slab);
    mem_free(all);
}

static void queue_ask(struct client *c, const struct load_dial *dial) {
    uint8_t nonce[WS_NONCE_LEN];
    random_bytes(nonce, sizeof nonce);
    ws_handshake_key(nonce, c->shaking->key);
    ws_handshake_ask(&c->unsent, &(struct ws_handshake_ask){
                                     .target = dial->target.len ? dial->target : SPAN("/"),
                                     .host = dial->host,
                                     .key = span_of(c->shaking->key, WS_KEY_LEN),
                                     .protocols = dial->protocols,
                                     .authorization = dial->authorization,
                                 });
}

enum err load_clients_open(struct load_clients *all, const struct load_dial *dial,
                           uint32_t *ret_index, struct err_note *note) {
    static const struct http_limits limits = { .head_max = ASK_MAX, .body_max = REFUSAL_MAX };
    struct stream stream;
    enum err e = load_server_dial(dial->server, &stream, note);
    if (e) return e;
    uint32_t index;
    e = slab_take(&all->slab, &index);
    if (e) {
        stream_abort(&stream);
        return err_note(note, e, "no room for another client");
    }
    struct client *c = client_at(all, index);
    c->stream = stream;
    c->shaking = mem_new(sizeof *c->shaking);
    c->shaking->parser = http_reply_parser_new(&limits);
    c->shaking->protocols = dial->protocols;
    c->is_waiting = true;
    buf_init(&c->unsent, UNSENT_MAX);
    queue_ask(c, dial);
    e = loop_watch(all->loop, stream.fd, all->kind, index, EPOLLIN | EPOLLOUT);
    if (e) {
        drop(all, index);
        return err_note(note, e, "the kernel watches no more sockets");
    }
    *ret_index = index;
    return ERR_OK;
}
