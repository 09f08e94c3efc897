/* SPDX-License-Identifier: MIT */
/*
 * redis/conn_own_priv.h: a connection from within, for conn.c (its life), conn_net.c (all of a
 * link's together) and conn_io.c (what goes in and out). Nobody else includes it.
 */
#ifndef TIDINGS_REDIS_CONN_OWN_PRIV_H
#define TIDINGS_REDIS_CONN_OWN_PRIV_H

#include "net/push.h"
#include "redis/conn_priv.h"
#include "redis/login_priv.h"
#include "redis/reader_priv.h"
#include "redis/resolve_priv.h"

enum conn_state {
    CONN_IDLE,
    CONN_RESOLVING,
    CONN_CONNECTING,
    CONN_LOGIN,
    CONN_READY,
    CONN_FAILED, /* until the end of the turn */
};

struct redis_conn {
    struct redis_net *net;
    const struct redis_conn_events *events;
    void *owner;
    uint32_t index; /* in the net */
    enum conn_state state;
    bool is_pubsub;
    bool is_dropped; /* its owner has forgotten it */
    struct redis_server server;
    struct redis_login login;
    struct err_note why; /* it failed */

    struct redis_resolving *resolving;
    struct address addresses[REDIS_ADDRESSES_MAX];
    size_t address_count, address_next;
    struct stream stream;
    uint32_t watched; /* events */
    uint8_t steps[REDIS_LOGIN_STEPS];
    size_t step_count, step_next;

    struct redis_reader *reader;
    struct buf out;
    size_t out_sent;                    /* the first bytes of it, which the kernel has taken */
    bool is_blocked;                    /* the kernel takes no more for now */
    struct redis_command *first, *last; /* sent or to be sent, not answered */
    struct redis_command ping;
    bool is_pinged; /* and not heard since */
    uint64_t opened_ms, tried_ms, heard_ms, pinged_ms;
};

/* Its socket has something. */
void redis_conn_event(struct redis_conn *conn, uint32_t events);
/* Handles what was read and held back. */
void redis_conn_resume(struct redis_conn *conn);
/* Watches for what it waits for now. */
void redis_conn_watch(struct redis_conn *conn);
/* Writes what the kernel takes. */
void redis_conn_flush(struct redis_conn *conn);
/* Answers all that waits with NULL. */
void redis_conn_abandon(struct redis_conn *conn);
/* Makes sure that something comes from the other side now and then. */
void redis_conn_probe(struct redis_conn *conn, uint64_t now_ms);

/* The kernel has an outcome for the connection attempt. */
void redis_conn_connected(struct redis_conn *conn);
/* An answer to what was said first. */
void redis_conn_login(struct redis_conn *conn, const struct redis_reply *reply);
/* The end of a turn for one that failed: tells everybody. It may be gone afterwards. */
void redis_conn_end(struct redis_conn *conn);
/* Fails it when it takes too long. */
void redis_conn_tick(struct redis_conn *conn, uint64_t now_ms);

#endif
