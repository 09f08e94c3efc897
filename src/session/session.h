/* SPDX-License-Identifier: MIT */
/*
 * session/session.h: the connections of a worker, each from its accept to its end.
 *
 * `struct session_shared` is shared by the sessions of all workers: limits and the budgets of the
 * process. `struct session_rules` are the endpoints and their limits; a reload gives each session
 * new ones. `struct session` belongs to one worker and is touched by no other.
 */
#ifndef TIDINGS_SESSION_SESSION_H
#define TIDINGS_SESSION_SESSION_H

#include "auth/jwt.h"
#include "http/pattern.h"
#include "http/router.h"
#include "hub/hub.h"
#include "session/endpoint.h"
#include "session/limits.h"
#include "ws/message.h"

/* The configuration of sessions. Everything is borrowed. */
struct session_options {
    const struct endpoint_options *endpoints;
    size_t endpoint_count; /* at most COUNT_ENDPOINTS_MAX */

    const struct auth_keys *keys;
    struct span audience, issuer; /* empty: not checked */
    uint32_t leeway_seconds;

    uint64_t max_connections; /* WebSocket connections of the process */
    uint32_t handshake_seconds;
    uint32_t http_idle_seconds; /* between two requests on a connection */
    size_t max_header_bytes;
    size_t max_body_bytes;
    uint64_t queue_bytes_max; /* what all clients together have not taken yet */

    const struct cidr *trusted_proxies;
    size_t trusted_proxy_count;
    bool speaks_proxy_protocol; /* these begin with its header, on SESSION_DOOR_PUBLIC */
    const char *const *origins; /* none: any origin */
    size_t origin_count;
    bool only_loopback;      /* a Host or an Origin that is not this machine is refused */
    struct tls_context *tls; /* for sockets that speak TLS; NULL: there are none */
};

struct session_rules;

/* Immutable, so that threads can share it. Compiles the endpoints' paths, which config/ has
 * checked. What `options` borrows must outlive it. Never NULL. */
struct session_rules *session_rules_new(const struct session_options *options);
/* When no session uses them any more. NULL is fine. */
void session_rules_free(struct session_rules *rules);

struct session_shared;

/* Remembers `addresses_max` addresses and users. Never NULL. */
struct session_shared *session_shared_new(uint32_t addresses_max, uint64_t unfinished_bytes_max);
/* The most that unfinished messages of all clients may take together. Any thread. */
void session_shared_set_unfinished_max(struct session_shared *shared, uint64_t bytes);
/* NULL is fine. */
void session_shared_free(struct session_shared *shared);

/* From now on handshakes are answered with 503. Any thread. */
void session_shared_refuse_new(struct session_shared *shared);
/* WebSocket connections right now. Any thread. */
uint64_t session_shared_connections(const struct session_shared *shared);
/* Addresses and users that the limits remember. Any thread. */
uint64_t session_shared_addresses(const struct session_shared *shared);
/* Bytes held for unfinished messages, and bytes that clients have not taken yet. Any thread. */
uint64_t session_shared_unfinished_bytes(const struct session_shared *shared);
uint64_t session_shared_queued_bytes(const struct session_shared *shared);

struct session;

/* What a session is made of; all borrowed. */
struct session_parts {
    struct session_shared *shared;
    const struct session_rules *rules;
    struct hub_shared *hub_shared;
    struct loop *loop;
    struct counts *counts;
};

/* Makes the worker's hub too. Never NULL. */
struct session *session_new(const struct session_parts *parts);
/* After the loop ended: whoever is still connected is cut off. NULL is fine. */
void session_free(struct session *session);

struct hub *session_hub(struct session *session);

/* Replaces the rules, for open connections too: each endpoint must keep its number. On the
 * session's thread. */
void session_set_rules(struct session *session, const struct session_rules *rules);

/* What a listening socket is for. */
enum session_door {
    SESSION_DOOR_PUBLIC,  /* endpoints, and the routes of that router */
    SESSION_DOOR_METRICS, /* the routes of that router alone */
    SESSION_DOORS
};

/* Sets the router that answers plain HTTP requests on sockets of that `door`. */
void session_set_router(struct session *session, enum session_door door,
                        const struct http_router *router);
/* False: so many new connections are waiting in line that further ones should stay in the kernel's
 * queue. */
bool session_wants_more(const struct session *session);
/* Takes over an accepted socket. `is_tls`: its peer begins with a TLS handshake. */
void session_accept(struct session *session, enum session_door door, bool is_tls, int own_fd,
                    const struct address *peer);

/* Whether notifications may currently fail to reach this server. Every client is told of each
 * change, and clients that connect while it is degraded are told at once. On the session's thread.
 */
void session_set_degraded(struct session *session, bool is_degraded);

/* Closes connections with 1012, until `fraction` (0 to 1) of those that were open when the drain
 * began are closed; connections that only speak HTTP end after their answer. */
void session_drain(struct session *session, double fraction);
/* Whether no connections are left. */
bool session_is_empty(const struct session *session);

#endif
