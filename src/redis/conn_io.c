/* SPDX-License-Identifier: MIT */
/*
 * redis/conn_io.c: what goes out of a connection and comes in: commands in a pipeline, their
 * answers in the same order.
 */
#include "redis/conn_own_priv.h"

#include "base/mem.h"
#include "redis/wire_priv.h"

#include <sys/epoll.h>

enum {
    PIECES_A_TURN = 16,         /* so that one server does not starve another */
    OUT_KEPT_BYTES = 1 << 20,   /* a larger buffer is given back when it is empty */
    OUT_MOVED_BYTES = 64 << 10, /* what was sent is cut off when it is this much, and the half */
};

static_assert((int)REDIS_PIECE_BYTES >= (int)STREAM_READ_MIN, "a piece has room for a record");

static bool reads(const struct redis_conn *conn) {
    if (conn->state == CONN_READY) return !(conn->is_pubsub && conn->net->is_paused);
    return conn->state == CONN_LOGIN;
}

void redis_conn_watch(struct redis_conn *conn) {
    if (conn->stream.fd < 0) return;
    bool writes = conn->state == CONN_CONNECTING || conn->is_blocked;
    uint32_t events = (reads(conn) ? EPOLLIN : 0u) | (writes ? EPOLLOUT : 0u);
    if (events == conn->watched) return;
    conn->watched = events;
    loop_rewatch(conn->net->loop, conn->stream.fd, conn->net->kind, conn->index, events);
}

/* ---- out ---- */

static enum err queue(struct redis_conn *conn, struct redis_command *command, size_t len) {
    struct redis_net *net = conn->net;
    if (conn->state != CONN_READY) return ERR_CLOSED;
    if (net->queued_bytes + len > net->queued_bytes_max) return ERR_LIMIT;
    if (!buf_room(&conn->out, len)) {
        redis_conn_fail(conn, "out of memory for what is to be sent");
        return ERR_NOMEM;
    }
    net->queued_bytes += len;
    command->len = len;
    command->sent_ms = redis_now_ms();
    command->next = NULL;
    if (conn->last) {
        conn->last->next = command;
    } else {
        conn->first = command;
    }
    conn->last = command;
    return ERR_OK;
}

/* Gives up what was kept. */
static void drop_kept(struct redis_command *command) {
    mem_free(command->kept);
    command->kept = NULL;
}

enum err redis_conn_send(struct redis_conn *conn, struct redis_command *command,
                         const struct span *args, size_t count, bool is_kept) {
    assert(!conn->is_pubsub);
    size_t len = redis_command_bytes(args, count);
    command->kept = is_kept ? mem_try(len) : NULL;
    if (is_kept && !command->kept) return ERR_NOMEM;
    enum err e = queue(conn, command, len);
    if (e) {
        drop_kept(command);
        return e;
    }
    redis_write_command(&conn->out, args, count);
    if (is_kept) memcpy(command->kept, conn->out.at + conn->out.len - len, len);
    command->kept_len = is_kept ? len : 0;
    return ERR_OK;
}

enum err redis_command_keep(struct redis_command *command, const struct span *args, size_t count) {
    struct buf bytes;
    buf_init(&bytes, redis_command_bytes(args, count));
    redis_write_command(&bytes, args, count);
    if (buf_err(&bytes)) {
        buf_finish(&bytes);
        return ERR_NOMEM;
    }
    command->kept = bytes.at;
    command->kept_len = bytes.len;
    return ERR_OK;
}

enum err redis_conn_send_kept(struct redis_conn *conn, struct redis_command *command) {
    assert(!conn->is_pubsub && command->kept);
    enum err e = queue(conn, command, command->kept_len);
    if (!e) buf_append(&conn->out, command->kept, command->kept_len);
    return e;
}

enum err redis_conn_send_script(struct redis_conn *conn, struct redis_command *command) {
    assert(!conn->is_pubsub && command->kept && command->script);
    /* *7 $7 EVALSHA $40 ... becomes *7 $4 EVAL $... ...: the rest is as it was kept. */
    static const char BY_DIGEST[] = "$7\r\nEVALSHA\r\n$40\r\n";
    enum { DIGEST_BYTES = sizeof BY_DIGEST - 1 + 40 + 2 };
    struct span kept = span_of(command->kept, command->kept_len);
    struct span head = span_of(kept.at, span_find(kept, '\n') + 1);
    struct span rest = span_skip(kept, head.len + DIGEST_BYTES);
    const struct span by_text[] = { SPAN("EVAL"), span_str(command->script->text) };
    /* The two arguments, without the head of a command of two. */
    size_t len = head.len + redis_command_bytes(by_text, 2) - sizeof "*2\r\n" + 1 + rest.len;
    enum err e = queue(conn, command, len);
    if (e) return e;
    buf_append_span(&conn->out, head);
    redis_write_argument(&conn->out, by_text[0]);
    redis_write_argument(&conn->out, by_text[1]);
    buf_append_span(&conn->out, rest);
    return ERR_OK;
}

struct buf *redis_conn_out(struct redis_conn *conn) {
    assert(conn->is_pubsub);
    return conn->state == CONN_READY ? &conn->out : NULL;
}

/* What is sent has gone, from the front of the buffer. */
static void cut(struct redis_conn *conn) {
    struct buf *out = &conn->out;
    if (conn->out_sent == out->len) {
        if (out->cap > OUT_KEPT_BYTES) buf_finish(out);
        buf_clear(out);
        conn->out_sent = 0;
    } else if (conn->out_sent > OUT_MOVED_BYTES && conn->out_sent > out->len / 2) {
        buf_consume(out, conn->out_sent);
        conn->out_sent = 0;
    }
}

/* The stream is over; TLS may know better why than `why`. */
static void fail_broken(struct redis_conn *conn, const char *why) {
    struct err_note note;
    stream_explain(&conn->stream, why, &note);
    redis_conn_fail(conn, "%s", note.text);
}

static void write_some(struct redis_conn *conn) {
    struct span rest = span_skip(buf_span(&conn->out), conn->out_sent);
    size_t sent;
    if (stream_push(&conn->stream, rest, &sent, &conn->is_blocked)) {
        fail_broken(conn, "the connection was lost");
        return;
    }
    conn->out_sent += sent;
    cut(conn);
    redis_conn_watch(conn);
}

void redis_conn_flush(struct redis_conn *conn) {
    if (conn->state != CONN_LOGIN && conn->state != CONN_READY) return;
    if (buf_err(&conn->out)) {
        redis_conn_fail(conn, "more waits to be sent than is kept");
    } else if (!conn->is_blocked) {
        write_some(conn);
    }
}

/* ---- in ---- */

void redis_command_answer(struct redis_command *command, const struct redis_reply *reply) {
    drop_kept(command);
    command->answered(command, reply);
}

/* The command that has waited longest, which counts no longer. */
static struct redis_command *take_first(struct redis_conn *conn) {
    struct redis_command *command = conn->first;
    conn->first = command->next;
    if (!conn->first) conn->last = NULL;
    command->next = NULL;
    conn->net->queued_bytes -= command->len;
    return command;
}

void redis_conn_abandon(struct redis_conn *conn) {
    while (conn->first)
        redis_command_answer(take_first(conn), NULL);
}

/* ["pong", ""] with subscriptions, PONG without. */
static bool is_pong(const struct redis_reply *reply) {
    const struct redis_reply *word = reply;
    if (reply->kind == REDIS_ARRAY && reply->count == 2) word = &reply->items[0];
    return span_eq_nocase(word->text, SPAN("pong"));
}

static void take(struct redis_conn *conn, const struct redis_reply *reply) {
    if (conn->state == CONN_LOGIN) {
        redis_conn_login(conn, reply);
    } else if (conn->is_pubsub) {
        if (!is_pong(reply)) conn->events->pushed(conn->owner, conn, reply);
    } else if (!conn->first) {
        redis_conn_fail(conn, "it answers what was not asked: %.*s", SPAN_ARG(reply->text));
    } else {
        conn->events->answered(conn->owner, conn, take_first(conn), reply);
    }
}

static void take_all(struct redis_conn *conn) {
    while (reads(conn)) {
        const struct redis_reply *reply;
        enum err e = redis_reader_next(conn->reader, &reply);
        if (e == ERR_AGAIN) break;
        if (e) {
            redis_conn_fail(conn, "%s", redis_reader_failure(conn->reader));
            break;
        }
        take(conn, reply);
    }
}

static const char *closed_why(const struct redis_conn *conn) {
    bool is_mute = conn->state == CONN_LOGIN && conn->step_next == 0 && !conn->net->tls;
    return is_mute ? "the server closed the connection unanswered, as one does that speaks TLS "
                     "(rediss://)"
                   : "the server closed the connection";
}

static void read_some(struct redis_conn *conn) {
    char piece[REDIS_PIECE_BYTES];
    for (int i = 0; i < PIECES_A_TURN && reads(conn); i++) {
        size_t len;
        enum err e = stream_read(&conn->stream, piece, sizeof piece, &len);
        if (e == ERR_AGAIN) return;
        if (e) {
            fail_broken(conn, closed_why(conn));
            return;
        }
        conn->heard_ms = redis_now_ms();
        conn->is_pinged = false;
        if (redis_reader_feed(conn->reader, span_of(piece, len))) {
            redis_conn_fail(conn, "%s", redis_reader_failure(conn->reader));
            return;
        }
        take_all(conn);
        if (len < sizeof piece) return;
    }
}

void redis_conn_event(struct redis_conn *conn, uint32_t events) {
    if (conn->state == CONN_CONNECTING) {
        redis_conn_connected(conn);
        return;
    }
    if (reads(conn)) {
        read_some(conn);
    } else if (events & (EPOLLHUP | EPOLLERR)) {
        /* Said again and again, whether it is read or not. */
        redis_conn_fail(conn, "the connection was lost");
    }
    if (conn->stream.fd >= 0 && (events & EPOLLOUT)) {
        conn->is_blocked = false;
        redis_conn_flush(conn);
    }
    redis_conn_watch(conn);
}

void redis_conn_resume(struct redis_conn *conn) {
    if (conn->state != CONN_READY || !conn->is_pubsub) return;
    /* The silence was ours. */
    conn->heard_ms = redis_now_ms();
    conn->is_pinged = false;
    take_all(conn);
}

/* ---- silence ---- */

static void on_ping(struct redis_command *ping, const struct redis_reply *reply) {
    (void)ping; /* any answer has been heard by now; its absence is seen as with any command */
    (void)reply;
}

static void ping(struct redis_conn *conn, uint64_t now_ms) {
    const struct span word = SPAN("PING");
    conn->is_pinged = true;
    conn->pinged_ms = now_ms;
    if (conn->is_pubsub) {
        redis_write_command(&conn->out, &word, 1);
    } else {
        conn->ping.answered = on_ping;
        if (redis_conn_send(conn, &conn->ping, &word, 1, false)) {
            conn->is_pinged = false; /* too much waits; the next tick tries again */
        }
    }
}

void redis_conn_probe(struct redis_conn *conn, uint64_t now_ms) {
    uint32_t timeout_ms = conn->net->reply_timeout_ms;
    bool is_owing = conn->first && now_ms > conn->first->sent_ms + timeout_ms;
    bool is_silent = conn->is_pubsub && reads(conn) && conn->is_pinged &&
                     now_ms > conn->pinged_ms + timeout_ms / 2;
    if (is_owing || is_silent) {
        redis_conn_fail(conn, "it has owed an answer for more than %u ms",
                        is_owing ? timeout_ms : timeout_ms / 2);
    } else if (reads(conn) && !conn->first && !conn->is_pinged &&
               now_ms > conn->heard_ms + timeout_ms / 2) {
        ping(conn, now_ms);
    }
}
