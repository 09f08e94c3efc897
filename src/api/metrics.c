/* SPDX-License-Identifier: MIT */
/*
 * api/metrics.c: GET /metrics: the counters of all workers, added up.
 *
 * Every label has a bounded set of values, and all of them are shown from the start, so that a rate
 * can be taken of the first event; only of the many pairs of route and status those that happened.
 */
#include "api/figures_priv.h"
#include "api/metrics_text_priv.h"
#include "api/process_priv.h"
#include "auth/verdict.h"
#include "base/clock.h"
#include "base/log.h"
#include "broker/redis/redis.h"
#include "net/tls.h"

#define METRICS_TYPE SPAN("text/plain; version=0.0.4; charset=utf-8")

static const char *const reload_results[] = {
#define ITEM(name, text) [COUNT_RELOAD_##name] = text,
    COUNT_RELOAD_MAP(ITEM)
#undef ITEM
};

static const char *const proxy_results[] = {
#define ITEM(name, text) [COUNT_PROXY_##name] = text,
    COUNT_PROXY_MAP(ITEM)
#undef ITEM
};

static const char *const fetch_results[] = {
#define ITEM(name, text) [COUNT_FETCH_##name] = text,
    COUNT_FETCH_MAP(ITEM)
#undef ITEM
};

static const char *const redis_results[] = {
#define ITEM(name, text) [COUNT_REDIS_##name] = text,
    COUNT_REDIS_MAP(ITEM)
#undef ITEM
};

static const char *const kafka_results[] = {
#define ITEM(name, text) [COUNT_KAFKA_##name] = text,
    COUNT_KAFKA_MAP(ITEM)
#undef ITEM
};

static const char *const statuses[] = {
#define ITEM(status) [COUNT_STATUS_##status] = #status,
    COUNT_STATUS_MAP(ITEM)
#undef ITEM
        [COUNT_STATUS_OTHER] = "other",
};

static const char *const verdicts[] = {
#define ITEM(name, text) [JWT_##name] = text,
    JWT_VERDICT_MAP(ITEM)
#undef ITEM
};
static_assert(countof(verdicts) <= COUNT_JWT_KINDS, "every verdict has a counter");

/* A counter for each value of one label: `count` counters from `offset` on. */
struct family {
    const char *name;
    const char *help;
    const char *label;
    const char *const *values;
    size_t count;
    size_t offset;
};

static void write_family(const struct api_shared *shared, const struct family *family,
                         struct buf *out) {
    metric_head(out, family->name, "counter", family->help);
    for (size_t i = 0; i < family->count; i++) {
        const struct metric_label label = { family->label, family->values[i] };
        metric_sample(out, family->name, &label, 1,
                      figures_sum_at(shared, family->offset + i * sizeof(struct counter)));
    }
}

static void write_families(const struct api_shared *shared, struct buf *out) {
    static const struct family families[] = {
        { "websocket_messages_dropped_total", "Notifications that did not reach a listener.",
          "reason", figures_dropped, countof(figures_dropped), offsetof(struct counts, dropped) },
        { "websocket_close_total", "Connections that ended, by close code.", "code", figures_closed,
          countof(figures_closed), offsetof(struct counts, closed) },
        { "jwt_validation_total", "Tokens that were judged.", "result", verdicts, countof(verdicts),
          offsetof(struct counts, jwt) },
        { "proxy_protocol_headers_total", "Connections of proxies, by what they began with.",
          "result", proxy_results, countof(proxy_results), offsetof(struct counts, proxy_headers) },
        { "config_reloads_total", "SIGHUPs, by what became of them.", "result", reload_results,
          countof(reload_results), offsetof(struct counts, reloads) },
        { "jwt_key_set_fetches_total", "Requests for the key set, by what became of them.",
          "result", fetch_results, countof(fetch_results), offsetof(struct counts, fetches) },
    };
    for (size_t i = 0; i < countof(families); i++) {
        write_family(shared, &families[i], out);
    }
}

static void write_endpoints(const struct api_shared *shared, struct buf *out) {
    const struct api_options *options = &shared->options;
    size_t endpoint_count = atomic_load(&shared->endpoint_count);
    static const char opened[] = "websocket_connections_opened_total";
    static const char sent[] = "websocket_messages_sent_total";
    metric_head(out, opened, "counter", "Attempts to connect, by what became of them.");
    for (size_t i = 0; i < endpoint_count; i++) {
        for (size_t result = 0; result < countof(figures_opened); result++) {
            const struct metric_label labels[] = { { "endpoint", options->endpoint_names[i] },
                                                   { "result", figures_opened[result] } };
            metric_sample(out, opened, labels, countof(labels),
                          FIGURES_SUM(shared, endpoints[i].opened[result]));
        }
    }
    metric_head(out, sent, "counter", "Messages written to clients.");
    for (size_t i = 0; i < endpoint_count; i++) {
        const struct metric_label label = { "endpoint", options->endpoint_names[i] };
        metric_sample(out, sent, &label, 1, FIGURES_SUM(shared, endpoints[i].sent));
    }
}

/* Requests are counted by the number of their route's pattern; the last place is for those without
 * a route. */
static void write_requests(const struct api *api, struct buf *out) {
    static const char name[] = "http_requests_total";
    metric_head(out, name, "counter", "HTTP requests answered.");
    for (size_t i = 0; i < COUNT_ROUTES_MAX; i++) {
        bool is_last = i == COUNT_ROUTES_MAX - 1;
        const char *route = is_last ? "other" : http_router_pattern(api->router, i);
        for (size_t status = 0; route && status < countof(statuses); status++) {
            uint64_t sum = FIGURES_SUM(api->shared, http[i][status]);
            const struct metric_label labels[] = { { "route", route },
                                                   { "status", statuses[status] } };
            if (sum > 0) metric_sample(out, name, labels, countof(labels), sum);
        }
    }
}

static void write_histogram(const struct api_shared *shared, const char *name, const char *help,
                            const struct histogram_shape *shape, size_t offset, struct buf *out) {
    uint64_t buckets[HISTOGRAM_BOUNDS_MAX + 1];
    size_t first = offset + offsetof(struct histogram, buckets);
    for (size_t i = 0; i < countof(buckets); i++) {
        buckets[i] = figures_sum_at(shared, first + i * sizeof(struct counter));
    }
    metric_histogram(out, name, help, shape, buckets,
                     figures_sum_at(shared, offset + offsetof(struct histogram, sum)));
}

static void write_histograms(const struct api_shared *shared, struct buf *out) {
    write_histogram(shared, "websocket_connection_duration_seconds", "How long connections lasted.",
                    &histogram_duration, offsetof(struct counts, duration), out);
    write_histogram(shared, "websocket_message_size_bytes", "Size of messages written to clients.",
                    &histogram_size, offsetof(struct counts, size), out);
    write_histogram(shared, "notification_latency_seconds",
                    "From the receipt of a publish to the socket write.", &histogram_latency,
                    offsetof(struct counts, latency), out);
    write_histogram(shared, "worker_turn_seconds",
                    "How long a turn of a worker's loop took, which is what others waited.",
                    &histogram_latency, offsetof(struct counts, turns), out);
}

static void write_singles(const struct api_shared *shared, struct buf *out) {
    const struct api_options *options = &shared->options;
    struct hub_shared *hub = options->hub_shared;
    metric_single(out, "websocket_messages_received_total", "counter", "Messages from clients.",
                  FIGURES_SUM(shared, received));
    metric_single(out, "input_portions_total", "counter",
                  "Times a client had said more than is looked at in one turn.",
                  FIGURES_SUM(shared, portions));
    metric_single(out, "websocket_channel_subscriptions", "gauge",
                  "Channels that somebody listens to, counted once a worker.",
                  figures_not_negative(FIGURES_SUM(shared, subscriptions)));
    metric_single(out, "websocket_users_connected", "gauge", "Users with a connection.",
                  stats_users(shared));
    metric_single(out, "http_connections", "gauge", "Connections that speak HTTP so far.",
                  figures_not_negative(FIGURES_SUM(shared, http_connections)));
    metric_single(out, "accept_failures_total", "counter", "Connections that could not be taken.",
                  FIGURES_SUM(shared, accept_failed));
    metric_single(out, "connections_pushed_out_total", "counter",
                  "Connections without a place that had to go for others.",
                  FIGURES_SUM(shared, pushed_out));
    metric_single(out, "mailbox_bytes", "gauge", "Bytes on their way between workers.",
                  atomic_load(&hub->mailed_bytes));
    metric_single(out, "idempotency_keys", "gauge", "Idempotency keys remembered.",
                  idempotency_count(shared->idempotency));
    metric_single(out, "idempotency_bytes", "gauge", "Bytes held for idempotency keys.",
                  idempotency_bytes(shared->idempotency));
    metric_single(out, "log_lines_dropped_total", "counter",
                  "Log lines lost because the log could not keep up.", log_dropped());
    for (size_t i = 0; i < options->gauge_count; i++) {
        const struct api_gauge *gauge = &options->gauges[i];
        metric_single(out, gauge->name, "gauge", gauge->help, gauge->read(gauge->owner));
    }
}

static void write_kafka(const struct api_shared *shared, struct buf *out) {
    static const struct family records = {
        "kafka_records_total",
        "Records from Kafka, by what became of them.",
        "result",
        kafka_results,
        countof(kafka_results),
        offsetof(struct counts, kafka),
    };
    write_family(shared, &records, out);
}

/* Only where there is one. */
static void write_redis(const struct api_shared *shared, struct buf *out) {
    static const struct family published = {
        "redis_publish_total",
        "Publishes to Redis, by what became of them.",
        "result",
        redis_results,
        countof(redis_results),
        offsetof(struct counts, redis_published),
    };
    static const char ping[] = "redis_ping_seconds";
    struct broker_redis_state state;
    if (!shared->options.broker) return;
    broker_redis_state(shared->options.broker, &state);
    metric_single(out, "redis_connected", "gauge",
                  "Whether what is published in Redis arrives here.", state.is_up);
    write_family(shared, &published, out);
    metric_single(out, "redis_reconnects_total", "counter", "Outages of Redis that are over.",
                  state.reconnects);
    metric_single(out, "redis_subscribed_channels", "gauge",
                  "Channels that this node listens to in Redis.", state.channels);
    metric_head(out, ping, "gauge",
                "How long the node's last message to itself through Redis took; 0 for none yet.");
    buf_printf(out, "%s %.6f\n", ping, (double)state.ping_ns / (double)NS_PER_S);
    metric_single(out, "tidings_nodes", "gauge",
                  "Nodes that share the Redis and were seen lately, this one too.", state.nodes);
}

/* Only where it is spoken. */
static void write_tls(const struct api_shared *shared, struct buf *out) {
    const char *results[TLS_PROBLEM_KINDS + 1];
    const struct family handshakes = {
        "tls_handshakes_total",
        "TLS handshakes of clients, by what became of them.",
        "result",
        results,
        countof(results),
        offsetof(struct counts, tls_handshakes),
    };
    if (!shared->options.tls_expires_s) return;
    for (int i = 0; i < TLS_PROBLEM_KINDS; i++)
        results[i] = tls_problem_label((enum tls_problem)i);
    results[COUNT_TLS_LATE] = "too_late";
    write_family(shared, &handshakes, out);
    metric_single(out, "tls_resumptions_total", "counter",
                  "Of these, the good ones that went on where an earlier connection had left off.",
                  FIGURES_SUM(shared, tls_resumed));
    metric_single(out, "tls_kernel_connections", "gauge",
                  "Connections whose outgoing records are encrypted by the kernel.",
                  tls_kernel_streams());
    metric_single(out, "tls_certificate_expires_timestamp_seconds", "gauge",
                  "When the first of the certificates expires, in seconds since 1970.",
                  atomic_load(shared->options.tls_expires_s));
}

static void write_process(const struct api_shared *shared, struct buf *out) {
    struct process_usage usage = process_usage();
    static const char cpu[] = "process_cpu_seconds_total";
    static const char start[] = "process_start_time_seconds";
    metric_head(out, cpu, "counter", "CPU time used, of user and system.");
    buf_printf(out, "%s %.6f\n", cpu, usage.cpu_s);
    metric_single(out, "process_resident_memory_bytes", "gauge", "Memory in use.",
                  usage.resident_bytes);
    metric_single(out, "process_virtual_memory_bytes", "gauge", "Address space in use.",
                  usage.virtual_bytes);
    metric_single(out, "process_open_fds", "gauge", "Descriptors in use.", usage.open_descriptors);
    metric_single(out, "process_max_fds", "gauge", "Descriptors that may be in use.",
                  usage.max_descriptors);
    metric_head(out, start, "gauge", "When the server started, in seconds since 1970.");
    buf_printf(out, "%s %.3f\n", start, (double)shared->started_ms / 1000);
}

static void answer(const struct api *api, struct http_call *call) {
    http_response_start(call->response, 200);
    struct buf *out = http_response_open(call->response, METRICS_TYPE);
    metric_single(out, "tidings_ready", "gauge", "Whether /readyz answers 200.",
                  health_is_ready(api));
    /* A gauge in spite of its name, which is the one that clients of this metric know. */
    metric_single(out, "websocket_connections_total", "gauge", "Active connections.",
                  stats_connections(api->shared));
    write_endpoints(api->shared, out);
    write_families(api->shared, out);
    write_histograms(api->shared, out);
    write_singles(api->shared, out);
    write_redis(api->shared, out);
    write_kafka(api->shared, out);
    write_tls(api->shared, out);
    write_requests(api, out);
    write_process(api->shared, out);
    http_response_close(call->response);
}

static void answer_nothing(struct http_call *call) {
    http_response_error(call->response, 404, "not_found", "There is nothing at this path");
}

void metrics_direct_get(void *api, struct http_call *call) {
    answer(api, call);
}

void metrics_get(void *api, struct http_call *call) {
    /* What came through the proxy came from outside. */
    if (call->peer->is_proxied) {
        answer_nothing(call);
    } else {
        answer(api, call);
    }
}

void metrics_elsewhere_get(void *api, struct http_call *call) {
    (void)api;
    answer_nothing(call);
}
