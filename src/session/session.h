/* SPDX-License-Identifier: MIT */
/*
 * session/session.h: the connections of a worker, each from its accept to its end.
 *
 * `struct session_shared` is what the workers' sessions have in common: who is limited, and the
 * process's budgets. `struct session_rules` is what they go by: the endpoints and their limits; a
 * reload gives each session others. `struct session` belongs to one worker and only that one
 * touches it.
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

/* What the configuration comes to. Everything is borrowed. */
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

/* What sessions go by; never changes, so that threads can share it. Compiles the endpoints' paths
 * (config/ has checked them). What `options` borrows must outlive it. Never NULL. */
struct session_rules *session_rules_new(const struct session_options *options);
/* After every session has others. NULL is fine. */
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

/* From now on `rules` hold, for those who are connected as well: each endpoint must have the number
 * that it had. On the session's thread. */
void session_set_rules(struct session *session, const struct session_rules *rules);

/* What a listening socket is for. */
enum session_door {
    SESSION_DOOR_PUBLIC,  /* endpoints, and the routes of that router */
    SESSION_DOOR_METRICS, /* the routes of that router alone */
    SESSION_DOORS
};

/* Sets what answers plain HTTP requests that come in by `door`. */
void session_set_router(struct session *session, enum session_door door,
                        const struct http_router *router);
/* No: so many newcomers wait for their turn that others had better wait with the kernel. */
bool session_wants_more(const struct session *session);
/* Takes an accepted socket over. `is_tls`: its peer begins with a TLS handshake. */
void session_accept(struct session *session, enum session_door door, bool is_tls, int own_fd,
                    const struct address *peer);

/* Notifications may fail to reach this server, or do again: every client hears of each change, and
 * who comes meanwhile does at once. On the session's thread. */
void session_set_degraded(struct session *session, bool is_degraded);

/* Closes, with 1012, the share of those connected when the drain began that brings the total to
 * `fraction` (0 to 1); connections that only speak HTTP end after their answer. */
void session_drain(struct session *session, double fraction);
/* Nobody is connected any more. */
bool session_is_empty(const struct session *session);

#endif
