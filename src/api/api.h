/* SPDX-License-Identifier: MIT */
/*
 * api/api.h: what the server answers over plain HTTP: publishing, health, figures.
 *
 * `struct api_shared` is what all workers have in common, `struct api` is one worker's and is what
 * its handlers get. Each worker has a router of its own, filled by `api_add_routes`, so that a
 * handler reaches the hub of the worker that the request came in on.
 */
#ifndef TIDINGS_API_API_H
#define TIDINGS_API_API_H

#include "auth/api_key.h"
#include "auth/keys.h"
#include "base/count.h"
#include "http/router.h"
#include "hub/hub.h"

/* A figure of another part that /metrics shows as a gauge; `read` is called from any thread. */
struct api_gauge {
    const char *name;
    const char *help;
    uint64_t (*read)(const void *owner);
    const void *owner;
};

struct broker_redis;

/* What the configuration comes to and a reload may change. Everything is borrowed; it never
 * changes, so that threads can share it. */
struct api_rules {
    const struct api_keys *keys;      /* none in the set: the calls that need a key answer 403 */
    size_t publish_max_bytes;         /* of one notification; more is 413 */
    const struct auth_keys *jwt_keys; /* for the calls that clients make, with these rules */
    bool awaits_keys;             /* there is none so far, so that no token is good: not ready */
    struct span audience, issuer; /* empty: not checked */
    uint32_t leeway_seconds;
    bool has_public_stats;      /* /api/v1/ws/stats for anyone, else for keys with scope read */
    const char *const *origins; /* for CORS; none: any */
    size_t origin_count;
};

/* Everything is borrowed and outlives the api. */
struct api_options {
    size_t idempotency_entries; /* remembered keys, at least 1 */
    bool is_demo;               /* no call needs a key, anyone gets a token, and there is a page */
    struct hub_shared *hub_shared;
    struct broker_redis *broker; /* that the hubs share with other nodes; NULL: they do not */
    const struct counts *const *counts; /* one set a worker */
    size_t counts_count;
    const _Atomic uint64_t *max_connections; /* WebSockets that the process may hold */
    /* When the first certificate expires, in seconds since 1970; NULL: nothing speaks TLS. */
    const _Atomic uint64_t *tls_expires_s;
    /* In the order of `counts->endpoints`; see `api_shared_set_endpoints`. */
    const char *const *endpoint_names;
    const struct api_gauge *gauges;
    size_t gauge_count;
};

struct api_shared;

/* Never NULL. `/readyz` answers 503 until `api_shared_set_ready` says otherwise, while the
 * broker is down, and while keys are awaited. */
struct api_shared *api_shared_new(const struct api_options *options);
/* NULL is fine. */
void api_shared_free(struct api_shared *shared);
/* Any thread. False: `/readyz` answers 503. */
void api_shared_set_ready(struct api_shared *shared, bool is_ready);

/* How many of the endpoints' names are there; never less than before. Any one thread. */
void api_shared_set_endpoints(struct api_shared *shared, size_t count);

/* Notes what the counters stand at, for the rates of the overview; to be called once a second by
 * one thread. `now_ns` as of `clock_now_ns`. */
void api_shared_sample(struct api_shared *shared, uint64_t now_ns);

struct api;

/* A worker's. Never NULL. */
struct api *api_new(struct api_shared *shared, const struct api_rules *rules, struct hub *hub,
                    const struct loop *loop);
/* From now on `rules` hold. On the worker's thread. */
void api_set_rules(struct api *api, const struct api_rules *rules);
/* NULL is fine. Before or after the hub, which gives up what waits for the broker. */
void api_free(struct api *api);

/* Answers what a node, this one too, asks of all (BROKER_ASK_NODES). On the worker's thread.
 * `answered` is called once on the same, maybe before this returns, and at the end of the server
 * too; `answer` is lent: JSON, empty when there is nothing to say, `null` when it could not be
 * answered. */
typedef void (*api_answered)(void *owner, struct span answer);
void api_question(struct api *api, struct span text, api_answered answered, void *owner);

/* Adds every route to `router`, whose patterns become the labels of http_requests_total; /metrics
 * is the first and has number 0. With `serves_metrics` false it answers 404 here, since it has an
 * address of its own; else it does so only to what came through a trusted proxy. */
void api_add_routes(struct api *api, struct http_router *router, bool serves_metrics);
/* Adds only GET /metrics, for an address of its own; for everybody there. After `api_add_routes`.
 */
void api_add_metrics(struct api *api, struct http_router *router);

/* The pattern of a route that `api_add_routes` adds, a constant; NULL past the last. Those of demo
 * mode come last. */
const char *api_route(size_t number, bool is_demo);

#endif
