/* SPDX-License-Identifier: MIT */
/*
 * redis/conn_net.c: all connections of a link, which share a kind of the loop's sockets.
 */
#include "base/clock.h"
#include "net/tls.h"
#include "redis/conn_own_priv.h"

uint64_t redis_now_ms(void) {
    return clock_now_ns() / NS_PER_MS;
}

static void on_event(void *owner, uint32_t index, uint32_t events) {
    struct redis_net *net = owner;
    struct redis_conn *conn = net->conns[index];
    /* It may have ended earlier in the same batch. */
    if (conn && conn->stream.fd >= 0) redis_conn_event(conn, events);
}

void redis_net_init(struct redis_net *net, struct loop *loop, const struct redis_options *options) {
    *net = (struct redis_net){
        .loop = loop,
        .tls = options->tls ? tls_context_ref(options->tls) : NULL,
        .tls_name = options->tls_name ? options->tls_name : "",
        .connect_timeout_ms = options->connect_timeout_ms,
        .reply_timeout_ms = options->reply_timeout_ms,
        .queued_bytes_max = options->queued_bytes_max,
    };
    net->kind = loop_add_kind(loop, on_event, net);
}

void redis_net_finish(struct redis_net *net) {
    for (uint32_t i = 0; i < net->conn_count; i++)
        redis_conn_free(net->conns[i]);
    redis_net_reap(net);
    tls_context_unref(net->tls);
    net->tls = NULL;
}

void redis_net_tick(struct redis_net *net) {
    uint64_t now_ms = redis_now_ms();
    for (uint32_t i = 0; i < net->conn_count; i++) {
        if (net->conns[i]) redis_conn_tick(net->conns[i], now_ms);
    }
}

void redis_net_reap(struct redis_net *net) {
    for (uint32_t i = 0; i < net->conn_count; i++) {
        struct redis_conn *conn = net->conns[i];
        if (conn && net->is_resumed) redis_conn_resume(conn);
        if (conn && conn->state == CONN_FAILED) redis_conn_end(conn);
    }
    net->is_resumed = false;
}

void redis_net_flush(struct redis_net *net) {
    for (uint32_t i = 0; i < net->conn_count; i++) {
        if (net->conns[i]) redis_conn_flush(net->conns[i]);
    }
}

void redis_net_pause(struct redis_net *net, bool is_paused) {
    if (net->is_paused == is_paused) return;
    net->is_paused = is_paused;
    net->is_resumed = !is_paused;
    for (uint32_t i = 0; i < net->conn_count; i++) {
        if (net->conns[i]) redis_conn_watch(net->conns[i]);
    }
    loop_wake(net->loop);
}
