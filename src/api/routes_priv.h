/* SPDX-License-Identifier: MIT */
/*
 * api/routes_priv.h: the routes, for the router and for tools/write_http_api.c, which generates
 * docs/http-api.md and docs/openapi.json. The schemas are those of src/api/schemas.json.
 */
#ifndef TIDINGS_API_ROUTES_PRIV_H
#define TIDINGS_API_ROUTES_PRIV_H

/* Routes that pages of other origins may read also answer preflight requests. */
#define API_METHODS_GET      HTTP_BIT(GET)
#define API_METHODS_GET_CORS (HTTP_BIT(GET) | HTTP_BIT(OPTIONS))
#define API_METHODS_POST     HTTP_BIT(POST)
#define API_METHODS_DELETE   HTTP_BIT(DELETE)

#define API_METRICS_PATTERN  "/metrics"
/* Like those below, except for its handler, which depends on the address of the request. */
#define API_METRICS_ROUTE(X)                                                                       \
    X(0, GET, API_METRICS_PATTERN, "anyone", "", "200 text", "404",                                \
      "The metrics, for Prometheus. 404 through a trusted proxy, and on `listen` if "              \
      "`metrics.listen` is set.")

#define PUBLISH_FAILS "400 401 403 404 409 413 422 503"

/* X(handler, methods, pattern, who may call, schema of the body, each success status with its
 * schema, error statuses, what it does) */
#define API_ROUTE_MAP(X)                                                                           \
    X(publish_post, POST, "/api/v1/publish", "key with `publish`", "Publish", "200 Published",     \
      PUBLISH_FAILS, "Delivers `data` to users or to channels.")                                   \
    X(publish_broadcast_post, POST, "/api/v1/broadcast", "key with `publish`", "Broadcast",        \
      "200 Published", "400 401 403 409 413 422 503", "Delivers `data` to everybody.")             \
    X(batch_post, POST, "/api/v1/batch", "key with `publish`", "Batch", "200 BatchResults",        \
      "400 401 403 413 503", "Several publishes and broadcasts, each with its own result.")        \
    X(stats_get, GET_CORS, "/api/v1/ws/stats",                                                     \
      "anyone; if `api.public_stats` is false, key with `read`", "", "200 Stats", "401 403",       \
      "How many users and connections there are, on all nodes.")                                   \
    X(submissions_post, POST, "/api/v1/submissions", "key with `publish`", "Declaration",          \
      "200 Declared, 201 Declared", "400 401 403 409 413 503",                                     \
      "Declares a submission, so that it can be watched. 200: it was declared already.")           \
    X(submissions_get, GET_CORS, "/api/v1/submissions/{id}",                                       \
      "its owner's token, or key with "                                                            \
      "`read`",                                                                                    \
      "", "200 Submission", "401 403 404 503", "The state of a submission.")                       \
    X(batches_get, GET_CORS, "/api/v1/batches/{id}/status", "a token, or key with `read`", "",     \
      "200 BatchStatus", "401 403 404 503",                                                        \
      "The state of a batch, as notified to the token's user or, with a key, to anybody.")         \
    X(batches_internal_get, GET, "/internal/v1/batches/{id}/status", "key with `read`", "",        \
      "200 BatchStatus", "401 403 404 503", "The state of a batch, as notified to anybody.")       \
    X(users_connections_get, GET, "/api/v1/users/{id}/connections", "key with `read` or `admin`",  \
      "", "200 Connections", "400 401 403 503", "A user's connections, on all nodes.")             \
    X(users_connections_delete, DELETE, "/api/v1/users/{id}/connections", "key with `admin`",      \
      "Disconnect", "200 Disconnected", "400 401 403 413 503",                                     \
      "Closes a user's connections, or one of them, and can block the user for a while.")          \
    X(overview_get, GET, "/api/v1/admin/overview", "key with `read`", "", "200 Overview",          \
      "401 403 503",                                                                               \
      "What the operator page shows: rates, latencies, the busiest users and channels.")           \
    X(health_get, GET, "/healthz", "anyone", "", "200 Health", "", "Whether the process answers.") \
    X(health_redis_get, GET, "/healthz/redis", "anyone", "", "200 Health, 503 Health", "",         \
      "Whether messages published in Redis arrive here.")                                          \
    X(health_websocket_get, GET, "/healthz/websocket", "anyone", "", "200 Health", "",             \
      "The same as `/healthz`, with the number of connections.")                                   \
    X(health_ready_get, GET, "/readyz", "anyone", "", "200 Health, 503 Health", "",                \
      "Whether new clients should be sent here.")

#endif
