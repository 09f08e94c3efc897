/* SPDX-License-Identifier: MIT */
/*
 * base/count.h: what the server counts. Each thread has a set of its own, writes it without a lock,
 * and whoever shows the metrics adds the sets up.
 *
 * The lists below are the bounded label values; their texts are what /metrics shows.
 */
#ifndef TIDINGS_BASE_COUNT_H
#define TIDINGS_BASE_COUNT_H

#include "base/base.h"

#include <stdatomic.h>

/* One writer, any reader. */
struct counter {
    _Atomic uint64_t value;
};

static inline void counter_add(struct counter *c, uint64_t n) {
    uint64_t was = atomic_load_explicit(&c->value, memory_order_relaxed);
    atomic_store_explicit(&c->value, was + n, memory_order_relaxed);
}

static inline void counter_sub(struct counter *c, uint64_t n) {
    counter_add(c, 0 - n);
}

static inline uint64_t counter_read(const struct counter *c) {
    return atomic_load_explicit(&c->value, memory_order_relaxed);
}

enum { HISTOGRAM_BOUNDS_MAX = 16 };

/* Upper bounds in the unit that is observed (ascending), and what one second or byte is in it. */
struct histogram_shape {
    uint64_t bounds[HISTOGRAM_BOUNDS_MAX];
    size_t count;
    uint64_t unit;
};

struct histogram {
    struct counter buckets[HISTOGRAM_BOUNDS_MAX + 1]; /* the last is what is past every bound */
    struct counter sum;
};

extern const struct histogram_shape histogram_latency;  /* nanoseconds, shown in seconds */
extern const struct histogram_shape histogram_duration; /* seconds */
extern const struct histogram_shape histogram_size;     /* bytes */

/* `value` was seen `times` times. */
static inline void histogram_add(struct histogram *h, const struct histogram_shape *shape,
                                 uint64_t value, uint64_t times) {
    size_t i = 0;
    while (i < shape->count && value > shape->bounds[i])
        i++;
    counter_add(&h->buckets[i], times);
    counter_add(&h->sum, value * times);
}

/* What the share `part` (0 to 1) of all values that `buckets` counts does not exceed, in the unit
 * that was observed: within a bucket they are taken to lie evenly. What is past every bound is
 * taken for the last bound; 0 when nothing was counted. */
double histogram_quantile(const struct histogram_shape *shape,
                          const uint64_t buckets[static HISTOGRAM_BOUNDS_MAX + 1], double part);

/* How a WebSocket attempt ended (websocket_connections_opened_total{result}). */
#define COUNT_OPENED_MAP(X)                                                                        \
    X(OK, "ok")                                                                                    \
    X(HANDSHAKE, "bad_handshake")                                                                  \
    X(FULL, "full")                                                                                \
    X(DRAINING, "draining")                                                                        \
    X(ORIGIN, "origin")                                                                            \
    X(ATTEMPTS, "too_many_attempts")                                                               \
    X(BLOCKED, "blocked")                                                                          \
    X(UNAUTHORIZED, "unauthorized")                                                                \
    X(NOT_FOUND, "not_found")                                                                      \
    X(CONNECTIONS, "too_many_connections")                                                         \
    X(FAULT, "fault")

enum count_opened {
#define ITEM(name, text) COUNT_OPENED_##name,
    COUNT_OPENED_MAP(ITEM)
#undef ITEM
        COUNT_OPENED_KINDS
};

/* Why a notification did not reach a listener or a publish was not taken
 * (websocket_messages_dropped_total{reason}). */
#define COUNT_DROP_MAP(X)                                                                          \
    X(TOO_BIG, "larger_than_endpoint_allows")                                                      \
    X(PUBLISHED_TOO_BIG, "larger_than_publish_allows")                                             \
    X(NOT_UTF8, "not_utf8")                                                                        \
    X(MALFORMED, "malformed")                                                                      \
    X(CLOSED, "connection_closed")                                                                 \
    X(SLOW, "slow_consumer")                                                                       \
    X(MEMORY, "out_of_memory")                                                                     \
    X(OVERLOAD, "overload")

enum count_drop {
#define ITEM(name, text) COUNT_DROP_##name,
    COUNT_DROP_MAP(ITEM)
#undef ITEM
        COUNT_DROP_KINDS
};

/* What became of a SIGHUP (config_reloads_total{result}). */
#define COUNT_RELOAD_MAP(X)                                                                        \
    X(OK, "ok")                                                                                    \
    X(REFUSED, "refused")

enum count_reload {
#define ITEM(name, text) COUNT_RELOAD_##name,
    COUNT_RELOAD_MAP(ITEM)
#undef ITEM
        COUNT_RELOAD_KINDS
};

/* What became of what a proxy says first (proxy_protocol_headers_total{result}). */
#define COUNT_PROXY_MAP(X)                                                                         \
    X(OK, "ok")                                                                                    \
    X(LOCAL, "local")                                                                              \
    X(MISSING, "missing")                                                                          \
    X(MALFORMED, "malformed")                                                                      \
    X(INCOMPLETE, "incomplete")                                                                    \
    X(LATE, "late")

enum count_proxy {
#define ITEM(name, text) COUNT_PROXY_##name,
    COUNT_PROXY_MAP(ITEM)
#undef ITEM
        COUNT_PROXY_KINDS
};

/* What became of a publish that went by Redis (redis_publish_total{result}). */
#define COUNT_REDIS_MAP(X)                                                                         \
    X(OK, "ok")                                                                                    \
    X(UNAVAILABLE, "unavailable")                                                                  \
    X(UNKNOWN, "unknown")

enum count_redis {
#define ITEM(name, text) COUNT_REDIS_##name,
    COUNT_REDIS_MAP(ITEM)
#undef ITEM
        COUNT_REDIS_KINDS
};

/* What became of a record from Kafka (kafka_records_total{result}). */
#define COUNT_KAFKA_MAP(X)                                                                         \
    X(RELAYED, "relayed")                                                                          \
    X(DUPLICATE, "duplicate")                                                                      \
    X(NO_USER, "no_user")                                                                          \
    X(POISON, "poison") /* could not be understood, or is larger than may be published */

enum count_kafka {
#define ITEM(name, text) COUNT_KAFKA_##name,
    COUNT_KAFKA_MAP(ITEM)
#undef ITEM
        COUNT_KAFKA_KINDS
};

/* What became of a request for the key set (jwt_key_set_fetches_total{result}). */
#define COUNT_FETCH_MAP(X)                                                                         \
    X(OK, "ok")                                                                                    \
    X(UNREACHABLE, "unreachable") /* no name, no connection, a certificate that is refused */      \
    X(TIMEOUT, "timeout")                                                                          \
    X(STATUS, "status")     /* another than 200 */                                                 \
    X(REDIRECT, "redirect") /* too many, or one to where it must not lead */                       \
    X(TOO_BIG, "too_big")                                                                          \
    X(UNUSABLE, "unusable") /* it came, and is no set of keys that could serve */

enum count_fetch {
#define ITEM(name, text) COUNT_FETCH_##name,
    COUNT_FETCH_MAP(ITEM)
#undef ITEM
        COUNT_FETCH_KINDS
};

/* Close codes and HTTP statuses that have a label of their own; any other is `other`. */
#define COUNT_CLOSE_MAP(X)                                                                         \
    X(1000)                                                                                        \
    X(1001)                                                                                        \
    X(1002)                                                                                        \
    X(1003)                                                                                        \
    X(1005)                                                                                        \
    X(1006)                                                                                        \
    X(1007)                                                                                        \
    X(1008)                                                                                        \
    X(1009)                                                                                        \
    X(1011)                                                                                        \
    X(1012)                                                                                        \
    X(1013)                                                                                        \
    X(4000)                                                                                        \
    X(4001)                                                                                        \
    X(4003)                                                                                        \
    X(4004)                                                                                        \
    X(4008)                                                                                        \
    X(4013)                                                                                        \
    X(4029)
#define COUNT_STATUS_MAP(X)                                                                        \
    X(200)                                                                                         \
    X(201)                                                                                         \
    X(204)                                                                                         \
    X(400)                                                                                         \
    X(401)                                                                                         \
    X(403)                                                                                         \
    X(404)                                                                                         \
    X(405)                                                                                         \
    X(408)                                                                                         \
    X(409)                                                                                         \
    X(413)                                                                                         \
    X(414)                                                                                         \
    X(422)                                                                                         \
    X(426)                                                                                         \
    X(429)                                                                                         \
    X(431)                                                                                         \
    X(500)                                                                                         \
    X(501)                                                                                         \
    X(503)                                                                                         \
    X(505)

enum {
#define ITEM(code) COUNT_CLOSE_##code,
    COUNT_CLOSE_MAP(ITEM)
#undef ITEM
        COUNT_CLOSE_OTHER,
    COUNT_CLOSE_KINDS
};
enum {
#define ITEM(status) COUNT_STATUS_##status,
    COUNT_STATUS_MAP(ITEM)
#undef ITEM
        COUNT_STATUS_OTHER,
    COUNT_STATUS_KINDS
};

/* The label of a result. */
const char *count_opened_text(enum count_opened result);
/* The place of `code` or `status` in its list. */
unsigned count_close_kind(unsigned code);
unsigned count_status_kind(unsigned status);

enum {
    COUNT_ENDPOINTS_MAX = 64, /* endpoints that a configuration may have */
    COUNT_ROUTES_MAX = 96,    /* HTTP routes, the last one for paths that have none */
    COUNT_JWT_KINDS = 32,     /* verdicts of auth/jwt.h */
    COUNT_TLS_LATE = 12,      /* behind the problems of net/tls.h, of which none is one too */
};

struct count_endpoint {
    struct counter opened[COUNT_OPENED_KINDS];
    struct counter active; /* a gauge */
    struct counter sent;
};

/* One thread's set. Zeroed is ready. */
struct counts {
    struct count_endpoint endpoints[COUNT_ENDPOINTS_MAX];
    struct counter received;
    struct counter portions;  /* inputs that were more than a portion */
    struct counter published; /* messages taken, once for each channel */
    struct counter queued;    /* and how many connections they were queued for */
    struct counter dropped[COUNT_DROP_KINDS];
    struct counter closed[COUNT_CLOSE_KINDS];
    struct counter jwt[COUNT_JWT_KINDS];
    struct counter http[COUNT_ROUTES_MAX][COUNT_STATUS_KINDS];
    struct counter http_connections; /* a gauge: connections that speak HTTP so far */
    struct counter subscriptions;    /* a gauge: channels this worker listens to */
    struct counter accept_failed;
    struct counter pushed_out; /* by newcomers */
    struct counter proxy_headers[COUNT_PROXY_KINDS];
    struct counter tls_handshakes[COUNT_TLS_LATE + 1]; /* the last place: they took too long */
    struct counter tls_resumed;                        /* of those without a problem */
    struct counter reloads[COUNT_RELOAD_KINDS];        /* the control thread's */
    struct counter fetches[COUNT_FETCH_KINDS];         /* the control thread's */
    struct counter redis_published[COUNT_REDIS_KINDS]; /* the broker's thread's */
    struct counter kafka[COUNT_KAFKA_KINDS];           /* the intake's thread's */
    struct histogram duration, size, latency, turns;
};

#endif
