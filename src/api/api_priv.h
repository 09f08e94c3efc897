/* SPDX-License-Identifier: MIT */
/*
 * api/api_priv.h: what the handlers share: who may call, how a refusal looks, where answers are
 * built.
 */
#ifndef TIDINGS_API_API_PRIV_H
#define TIDINGS_API_API_PRIV_H

#include "api/api.h"
#include "api/idempotency_priv.h"
#include "api/samples_priv.h"
#include "base/json.h"

struct store;
struct publish_spare;
struct stats_asking;

/* What all other nodes have together, when it was last asked. */
struct api_others {
    _Atomic uint64_t asked_ns; /* on the clock of loops; 0: never */
    _Atomic uint64_t connections, users;
};

struct api_shared {
    struct api_options options;
    _Atomic size_t endpoint_count;
    struct idempotency *idempotency;
    _Atomic bool is_ready;
    _Atomic uint64_t later_bytes;     /* see `api_later_take` */
    _Atomic uint64_t next_submission; /* the number to try next when none is asked for */
    int64_t started_ms;               /* wall clock */
    uint64_t started_ns;              /* the same moment on the clock of loops */
    struct samples samples;
    struct api_others others;
};

struct api {
    struct api_shared *shared;
    const struct api_rules *rules;
    struct hub *hub;
    const struct loop *loop;
    const struct http_router *router; /* whose routes label the request counters */
    struct buf name;                  /* a target name that was written with escapes */
    struct buf key;                   /* an idempotency key that was */
    struct buf answer;                /* a remembered answer */
    struct buf cors;                  /* the header lines of the answer being written */
    struct publish_spare *spare_jobs; /* see publish_later.c */
    size_t spare_job_count;
    struct stats_asking *stats_asking; /* who waits for the figures of other nodes; NULL: nobody */
};

/* Why a call is refused, as it goes into `{"error":{"code","message"}}`. */
struct api_problem {
    int status;
    const char *code; /* snake_case, a constant */
    struct err_note message;
};

/* Fills `*ret` and returns false, so that a reader can `return api_problem(...)`. */
bool api_problem(struct api_problem *ret, int status, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* 400 for a body that was refused by the scanner; `what` is what it should have been ("an object").
 */
bool api_problem_json(struct api_problem *ret, struct span body, const struct json_error *error);
/* A broker that nodes share did not do it: 503; `err` as broker/broker.h says. ERR_IO: it is not
 * known whether it did, of which `unknown` tells, else `undone`. */
bool api_problem_broker(struct api_problem *ret, enum err err, const char *undone,
                        const char *unknown);
/* `{"error":{…}}` alone, for an answer that holds several. */
void api_problem_write(const struct api_problem *problem, struct buf *out);
/* The whole answer. */
void api_problem_answer(const struct api_problem *problem, struct http_response *response);

/* Does the call come as a backend's: with X-API-Key, or with a bearer token that is one of our
 * keys?
 */
bool api_has_key(struct api *api, struct http_call *call);

/* Whether calls with a key can be made here at all; else false and the call is answered. */
MUST_USE bool api_is_on(struct api *api, struct http_call *call);

/* Whether the caller's key has one of `scopes` (bits of enum api_scope); else false and the call is
 * answered. */
MUST_USE bool api_authorize(struct api *api, struct http_call *call, uint32_t scopes,
                            const struct api_key **ret);

/* Prepares CORS headers for the answer; true when the call was a preflight and is answered. */
MUST_USE bool api_cors(struct api *api, struct http_call *call);

/* Counts memory of calls that wait for a broker that nodes share, those of all workers together.
 * False: that would be more than may wait for all clients (`queue_bytes_max`), and is not counted.
 */
MUST_USE bool api_later_take(struct api_shared *shared, size_t bytes);
void api_later_give(struct api_shared *shared, size_t bytes);

/* The handlers; `api` is a struct api. */
void publish_post(void *api, struct http_call *call);
void publish_broadcast_post(void *api, struct http_call *call);
void batch_post(void *api, struct http_call *call);
void stats_get(void *api, struct http_call *call);
void submissions_post(void *api, struct http_call *call);
void submissions_get(void *api, struct http_call *call);
void batches_get(void *api, struct http_call *call);
void batches_internal_get(void *api, struct http_call *call);
void users_connections_get(void *api, struct http_call *call);
void users_connections_delete(void *api, struct http_call *call);
void overview_get(void *api, struct http_call *call);
void health_get(void *api, struct http_call *call);
void health_redis_get(void *api, struct http_call *call);
void health_websocket_get(void *api, struct http_call *call);
void health_ready_get(void *api, struct http_call *call);
void metrics_get(void *api, struct http_call *call);
void metrics_direct_get(void *api, struct http_call *call);
void metrics_elsewhere_get(void *api, struct http_call *call);

/* Before any request: the numbers given to submissions go on behind those that `store` (NULL: none)
 * has already. */
void submissions_go_on(struct api_shared *shared, struct store *store);

/* Whether /readyz answers 200. */
bool health_is_ready(const struct api *api);

/* WebSocket connections of this node, and users that have one. */
uint64_t stats_connections(const struct api_shared *shared);
uint64_t stats_users(const struct api_shared *shared);

#endif
