/* SPDX-License-Identifier: MIT */
/*
 * load/clients.h: many WebSocket clients on one loop: they connect, shake hands, hand over what
 * comes, answer pings and say how they ended.
 *
 * A quiet client costs about a hundred bytes: reading goes through one buffer for all.
 */
#ifndef TIDINGS_LOAD_CLIENTS_H
#define TIDINGS_LOAD_CLIENTS_H

#include "base/err.h"
#include "base/span.h"
#include "net/loop.h"
#include "ws/frame.h"

struct load_clients;
struct load_server;

/* How a client ended. */
struct load_ending {
    bool was_open;      /* after the handshake */
    int status;         /* the HTTP status of a refused handshake, else 0 */
    uint16_t code;      /* from the server's close frame; WS_CLOSE_ABNORMAL when none came */
    struct span reason; /* of the close frame, or the body of the refusal */
    const char *why;    /* a sentence when no close frame and no refusal came, else NULL */
};

struct load_clients_hooks {
    void (*opened)(void *owner, uint32_t index);
    /* A text or binary message; `at_ns` is when the kernel gave it (CLOCK_MONOTONIC). */
    void (*message)(void *owner, uint32_t index, struct span payload, uint64_t at_ns);
    /* Comes once for each client that was begun, unless it was dropped. */
    void (*ended)(void *owner, uint32_t index, const struct load_ending *ending);
    void *owner;
    /* The server sent a ping, which is answered. May be NULL. */
    void (*pinged)(void *owner, uint32_t index);
};

/* At most `max` clients in the life of it. At most one for each loop. */
struct load_clients *load_clients_new(struct loop *loop, uint32_t max,
                                      const struct load_clients_hooks *hooks);
/* Drops those that are left. NULL is fine. */
void load_clients_free(struct load_clients *clients);

/* What a client asks for; free of line breaks. */
struct load_dial {
    const struct load_server *server;
    struct span host; /* for the Host header */
    struct span target;
    struct span authorization; /* may be empty */
    struct span protocols;     /* offered; may be empty; must outlive the handshake */
};

/* Begins one. Indexes count from 1 in the order of opening and are never given again.
 * ERR_LIMIT (of `max`, or of descriptors), ERR_IO; with a note. */
MUST_USE enum err load_clients_open(struct load_clients *clients, const struct load_dial *dial,
                                    uint32_t *ret_index, struct err_note *note);

/* Sends a frame on an open client; nothing happens on one that has ended. */
void load_clients_send(struct load_clients *clients, uint32_t index, enum ws_op op,
                       struct span payload);

#endif
