/* SPDX-License-Identifier: MIT */
/*
 * redis/conn.c: the life of a connection: name, address, login, and its end.
 */
#include "redis/conn_own_priv.h"

#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Beyond what commands may have, for login, subscriptions and what the kernel already took. */
enum { OUT_SLACK_BYTES = 4 << 20 };

struct redis_conn *redis_conn_new(struct redis_net *net, const struct redis_conn_events *events,
                                  void *owner, bool is_pubsub) {
    uint32_t index = 0;
    while (index < REDIS_CONNS_MAX && net->conns[index])
        index++;
    if (index == REDIS_CONNS_MAX) return NULL;
    if (index == net->conn_count) net->conn_count++;
    struct redis_conn *conn = mem_new(sizeof *conn);
    conn->net = net;
    conn->events = events;
    conn->owner = owner;
    conn->index = index;
    conn->is_pubsub = is_pubsub;
    conn->stream.fd = -1;
    buf_init(&conn->out, 2 * net->queued_bytes_max + OUT_SLACK_BYTES);
    net->conns[index] = conn;
    return conn;
}

static void destroy(struct redis_conn *conn) {
    conn->net->conns[conn->index] = NULL;
    buf_finish(&conn->out);
    mem_free(conn);
}

void redis_conn_free(struct redis_conn *conn) {
    if (!conn) return;
    conn->is_dropped = true;
    redis_conn_fail(conn, "no longer needed");
    if (conn->state == CONN_IDLE) destroy(conn);
}

void redis_conn_fail(struct redis_conn *conn, const char *why, ...) {
    if (redis_conn_is_idle(conn) || conn->state == CONN_FAILED) return;
    va_list args;
    va_start(args, why);
    (void)vsnprintf(conn->why.text, sizeof conn->why.text, why, args);
    va_end(args);
    conn->state = CONN_FAILED;
    redis_resolve_cancel(conn->resolving);
    conn->resolving = NULL;
    stream_close(&conn->stream);
    /* Perhaps outside a turn, or behind the link's part of its end. */
    loop_wake(conn->net->loop);
}

void redis_conn_end(struct redis_conn *conn) {
    redis_conn_abandon(conn);
    redis_reader_free(conn->reader);
    conn->reader = NULL;
    buf_finish(&conn->out);
    conn->out_sent = 0;
    conn->is_blocked = conn->is_pinged = false;
    conn->state = CONN_IDLE;
    if (conn->is_dropped) {
        destroy(conn);
    } else {
        struct err_note why = conn->why;
        conn->events->lost(conn->owner, conn, why.text);
    }
}

static enum err begin_tls(struct redis_conn *conn, struct err_note *note) {
    const struct redis_net *net = conn->net;
    if (!net->tls) return ERR_OK;
    const char *name = *net->tls_name ? net->tls_name : conn->server.host;
    enum err e = stream_begin_tls_client(&conn->stream, net->tls, name);
    if (!e) return ERR_OK;
    stream_close(&conn->stream);
    return err_note(note, e, "TLS: %s", err_text(e));
}

static enum err connect_to(struct redis_conn *conn, const struct address *address,
                           struct err_note *note) {
    enum err e = stream_connect(address, &conn->stream, note);
    if (!e) e = begin_tls(conn, note);
    if (e) return e;
    conn->watched = EPOLLOUT;
    e = loop_watch(conn->net->loop, conn->stream.fd, conn->net->kind, conn->index, EPOLLOUT);
    if (e) {
        stream_close(&conn->stream);
        return err_note(note, e, "epoll: %s", err_text(e));
    }
    return ERR_OK;
}

/* Begins with the next address that can be tried at all. */
static void connect_next(struct redis_conn *conn) {
    struct err_note note = { "" };
    conn->state = CONN_CONNECTING;
    conn->tried_ms = redis_now_ms();
    while (conn->address_next < conn->address_count) {
        if (connect_to(conn, &conn->addresses[conn->address_next++], &note) == ERR_OK) return;
    }
    redis_conn_fail(conn, "no connection: %s", note.text);
}

static void on_resolved(void *owner, const struct address *addresses, size_t count,
                        const char *why) {
    struct redis_conn *conn = owner;
    conn->resolving = NULL;
    if (count == 0) {
        redis_conn_fail(conn, "its name leads to no address: %s", why);
        return;
    }
    memcpy(conn->addresses, addresses, count * sizeof *addresses);
    conn->address_count = count;
    connect_next(conn);
}

void redis_conn_open(struct redis_conn *conn, const struct redis_server *server,
                     const struct redis_login *login) {
    assert(redis_conn_is_idle(conn));
    conn->server = *server;
    conn->login = *login;
    conn->opened_ms = redis_now_ms();
    conn->address_count = conn->address_next = 0;
    conn->state = CONN_RESOLVING;
    struct address address;
    if (address_parse(span_str(server->host), &address) && address.port == 0) {
        address.port = server->port;
        on_resolved(conn, &address, 1, "");
        return;
    }
    conn->resolving = redis_resolve(conn->net->loop, server->host, server->port, on_resolved, conn);
    if (!conn->resolving) redis_conn_fail(conn, "its name cannot be looked up");
}

/* Goes on to the next address, if there is one. */
static bool try_another(struct redis_conn *conn) {
    if (conn->address_next == conn->address_count) return false;
    stream_close(&conn->stream);
    connect_next(conn);
    return true;
}

void redis_conn_connected(struct redis_conn *conn) {
    int fault = 0;
    socklen_t len = sizeof fault;
    if (getsockopt(conn->stream.fd, SOL_SOCKET, SO_ERROR, &fault, &len) != 0) fault = errno;
    if (fault && try_another(conn)) return;
    if (!fault) conn->reader = redis_reader_new(REDIS_REPLY_BYTES_MAX);
    if (!conn->reader) {
        redis_conn_fail(conn, "no connection: %s", fault ? strerror(fault) : "out of memory");
        return;
    }
    conn->state = CONN_LOGIN;
    conn->step_next = 0;
    conn->step_count = redis_login_write(&conn->login, &conn->out, conn->steps);
    redis_conn_watch(conn);
}

void redis_conn_login(struct redis_conn *conn, const struct redis_reply *reply) {
    struct err_note why;
    if (!redis_login_judge(conn->steps[conn->step_next++], reply, &why)) {
        redis_conn_fail(conn, "%s", why.text);
    } else if (conn->step_next == conn->step_count) {
        conn->state = CONN_READY;
        conn->heard_ms = redis_now_ms();
        conn->events->ready(conn->owner, conn);
    }
}

void redis_conn_tick(struct redis_conn *conn, uint64_t now_ms) {
    uint32_t timeout_ms = conn->net->connect_timeout_ms;
    bool is_late = now_ms > conn->opened_ms + timeout_ms;
    switch (conn->state) {
    case CONN_RESOLVING:
        if (is_late) redis_conn_fail(conn, "no address for its name within %u ms", timeout_ms);
        break;
    case CONN_CONNECTING:
        /* Each address has its share of the time. */
        if (now_ms <= conn->tried_ms + timeout_ms / conn->address_count) break;
        if (!try_another(conn)) redis_conn_fail(conn, "no connection within %u ms", timeout_ms);
        break;
    case CONN_LOGIN:
        if (!is_late) break;
        redis_conn_fail(conn, "it takes connections but does not answer within %u ms%s", timeout_ms,
                        stream_is_shaking(&conn->stream) ? ", or does not speak TLS" : "");
        break;
    case CONN_READY: redis_conn_probe(conn, now_ms); break;
    case CONN_IDLE:
    case CONN_FAILED: break;
    }
}

bool redis_conn_is_ready(const struct redis_conn *conn) {
    return conn->state == CONN_READY;
}

bool redis_conn_is_idle(const struct redis_conn *conn) {
    return conn->state == CONN_IDLE;
}

const struct redis_server *redis_conn_server(const struct redis_conn *conn) {
    return &conn->server;
}
